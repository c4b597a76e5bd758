import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { env, type Outcome } from '@cws/core'
import { TestNotifier } from '@cws/core/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import webhook from '../src/index.ts'

const SECRET = env('WEBHOOK_SECRET')
/** What one try may hold beside the heap, bytes. */
const MAX_GROWTH = 2 * 1024 * 1024

/** Beginnings of answers by their path, then what comes without end: at once, or a bit of it every few milliseconds. */
const ANSWERS = {
  '/body': { begin: 'HTTP/1.1 503 No\r\n\r\n', more: 'x'.repeat(65_536), everyMs: 0 },
  '/slow-body': { begin: 'HTTP/1.1 500 No\r\n\r\n', more: 'x', everyMs: 5 },
  '/chunk': { begin: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=', more: 'x'.repeat(65_536), everyMs: 0 },
  '/headers': { begin: 'HTTP/1.1 200 OK\r\n', more: 'X-A: b\r\n'.repeat(10_000), everyMs: 0 },
  '/header': { begin: 'HTTP/1.1 200 OK\r\nX-A: ', more: 'x'.repeat(65_536), everyMs: 0 },
  '/slow-header': { begin: 'HTTP/1.1 200 OK\r\nX-A: ', more: 'x', everyMs: 5 },
  '/hints': { begin: '', more: 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'.repeat(100), everyMs: 5 },
  '/nothing': { begin: '', more: '', everyMs: 5 },
} as const

/** In a thread of its own, whose memory counts there. */
const SERVER = `
const { createServer } = require('node:net')
const { parentPort, workerData: answers } = require('node:worker_threads')
const server = createServer((socket) => {
  socket.on('error', () => {})
  socket.once('data', (request) => {
    const { begin, more, everyMs } = answers[String(request).split(' ')[1]]
    socket.write(begin)
    const on = () => { while (!socket.destroyed && socket.write(more) && everyMs === 0); }
    if (everyMs === 0) socket.on('drain', on)
    const timer = everyMs === 0 ? undefined : setInterval(on, everyMs)
    socket.on('close', () => clearInterval(timer))
    on()
  })
})
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
`

let worker: Worker
let origin: string
let collect: () => void

beforeAll(async () => {
  setFlagsFromString('--expose-gc')
  collect = runInNewContext('gc') as () => void
  worker = new Worker(SERVER, { eval: true, workerData: ANSWERS })
  const [port] = (await once(worker, 'message')) as [number]
  origin = `http://127.0.0.1:${port}`
  // What the first call of all loads is no receiver's doing.
  await tried('/header', LONG)
})
afterAll(() => worker.terminate())

/** Most of a try that lasts as long as it may, ms; and of one that ends by itself, however busy the machine is. */
const SHORT = 1_000
const LONG = 15_000

async function tried(path: keyof typeof ANSWERS, timeout: number): Promise<{ readonly outcome: Outcome; readonly growth: number }> {
  await using notifier = await TestNotifier.of(webhook({ secret: SECRET, url: `${origin}${path}`, timeout }))
  const held = (): number => {
    // What the first has found is given back while the next begins.
    collect()
    collect()
    return process.memoryUsage().external
  }
  const before = held()
  let most = before
  const measure = (): void => {
    most = Math.max(most, held())
  }
  const timer = setInterval(measure, 100)
  const { outcome } = await notifier.deliver()
  clearInterval(timer)
  measure()
  return { outcome, growth: most - before }
}

const broken = { result: 'ambiguous', detail: expect.stringMatching(/^the exchange broke off \([A-Z_]+\)$/) }
const late = { result: 'ambiguous', detail: 'no answer in time' }

it.each([
  ['/body', LONG, { result: 'retry', detail: expect.stringMatching(/^HTTP 503: x{200,16384}$/) }],
  ['/slow-body', SHORT, { result: 'retry', detail: expect.stringMatching(/^HTTP 500/) }],
  ['/chunk', SHORT, { result: 'delivered' }],
  ['/headers', LONG, broken],
  ['/header', LONG, broken],
  ['/slow-header', SHORT, late],
  ['/hints', SHORT, late],
  ['/nothing', SHORT, late],
] as const)(
  'a receiver whose answer has no end (%s) takes little memory and no longer than our deadline [case 18]',
  async (path, timeout, expected) => {
    const { outcome, growth } = await tried(path, timeout)
    expect(outcome).toMatchObject(expected)
    expect(growth).toBeLessThan(MAX_GROWTH)
  },
)
