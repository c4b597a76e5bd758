import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { bodyOf, signalOf, temporaryFolder, until } from '../fixtures/delivery.ts'
import { DeliveryProcess, destination, optionsIn } from '../fixtures/delivery-harness.ts'
import { http } from '../fixtures/http-notifier.ts'

const ROUNDS = 10

it('delivers each signal across kill -9 while the receiver flaps, a repeated one with the same body', async () => {
  using folder = temporaryFolder()
  const got = new Map<string, Set<string>>()
  let flap = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const kind = flap++ % 5
      // Refused before it counts, taken without an answer, or taken.
      if (kind === 0) response.writeHead(503).end()
      else {
        const key = String(request.headers['x-key'])
        got.set(key, (got.get(key) ?? new Set()).add(Buffer.concat(chunks).toString()))
        if (kind === 1) request.socket.destroy()
        else response.writeHead(200).end('ok')
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const options = optionsIn(folder.path, { destinations: [destination(http({ url }))] })
  const sent: ReturnType<typeof signalOf>[] = []
  for (let round = 0; round < ROUNDS; round++) {
    await using process = new DeliveryProcess(options)
    await process.hears('started')
    for (let i = 0; i < 20; i++) {
      const signal = signalOf({ severity: i % 2 ? 'critical' : 'medium' })
      sent.push(signal)
      process.tell({ signal })
    }
    // Shown means stored: then the kill, at no particular moment of the deliveries.
    await until(() => process.lines.length === 20, 'twenty lines')
    await new Promise((resolve) => setTimeout(resolve, (round * 37) % 120))
    await process.kill()
  }
  await using last = new DeliveryProcess(options)
  await last.hears('started')
  await until(() => sent.every(({ id }) => got.has(`${id}:1:http`)), 'all signals', 90_000)
  for (const signal of sent) expect(got.get(`${signal.id}:1:http`)).toEqual(new Set([bodyOf(signal)]))
  expect(got.size).toBe(sent.length)
  last.tell({ stop: 5_000 })
  await last.exited
  server.close()
  server.closeAllConnections()
})
