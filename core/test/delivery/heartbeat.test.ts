import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { TestAuthority } from '../../../tests/support/certificates.ts'
import { ok, Receiver, startProxy } from '../../../tests/support/http-receiver.ts'
import type { AgentStatus } from '../../src/agent/status.ts'
import { heartbeatSchema } from '../../src/config/heartbeat.ts'
import { audit, type Standing } from '../../src/delivery/heartbeat/audit.ts'
import { Heartbeat, type HeartbeatOptions } from '../../src/delivery/heartbeat/heartbeat.ts'
import { cleanText } from '../../src/delivery/log.ts'
import type { DeliveryCounters } from '../../src/delivery/protocol.ts'
import { Secrets } from '../../src/delivery/secrets/secrets.ts'
import { clean, memoryLog, signalOf, temporaryFolder, until } from '../fixtures/delivery.ts'
import { DeliveryProcess, destination, optionsIn } from '../fixtures/delivery-harness.ts'
import { fatal } from '../fixtures/fatal-notifier.ts'
import { file } from '../fixtures/notifiers.ts'
import { Watcher } from '../fixtures/watcher.ts'

// Those with a process of their own take their time on a loaded machine.
vi.setConfig({ testTimeout: 60_000 })

const EVERY_MS = 1_000
const settingsFor = (url: string, more: object = {}) => heartbeatSchema.parse({ url, every: '1s', ...more })
const status = { state: 'ready', sensors: [], plugins: [], delivery: null } as unknown as AgentStatus
const well: Standing = { name: 'siem', state: 'ok', lastError: undefined, unwellMs: 0, stalledMs: 0, forgotten: 0 }
const terms = { tolerateMs: 900_000, overdueMs: 30_000 }

describe('the auditor', () => {
  it('finds nothing where the agent sees, keeps and tells', () => {
    expect(audit({ status, storeError: undefined, standings: [well] }, terms)).toEqual({ findings: [], notes: [] })
  })

  const silent = {
    ...status,
    sensors: [{ sensor: 'process', running: 'tp_btf', selfTest: 'silent', flavours: [] }],
  } as unknown as AgentStatus
  it.each<[string, Partial<Parameters<typeof audit>[0]>, string]>([
    ['a sensor that does not see', { status: silent }, 'sensor process is silent: it did not see its self-test'],
    ['an agent that starts', { status: { ...status, state: 'starting' } }, 'the agent is starting'],
    [
      'a store that takes nothing',
      { status: { ...status, delivery: { destinations: {} } } as unknown as AgentStatus, storeError: 'disk full' },
      'the store refuses signals: disk full',
    ],
    [
      'a destination that has failed for too long',
      { standings: [{ ...well, state: 'failing', unwellMs: 900_001, lastError: 'ECONNREFUSED' }] },
      'destination siem is failing for 900 s: ECONNREFUSED',
    ],
    ['a destination that is left out', { standings: [{ ...well, state: 'failed' }] }, 'destination siem is failed for 0 s'],
    [
      'a set-up that does not end',
      { standings: [{ ...well, state: 'starting', unwellMs: 31_000 }] },
      'destination siem is starting for 31 s',
    ],
    [
      'what nothing tries',
      { standings: [{ ...well, stalledMs: 31_000 }] },
      'what destination siem is owed is overdue for 31 s, and nothing tries',
    ],
    [
      'what nothing waits for',
      { standings: [{ ...well, forgotten: 2 }] },
      'of 2 signals destination siem should have heard, and nothing waits to tell it',
    ],
  ])('finds %s', (_, changes, finding) => {
    expect(audit({ status, storeError: undefined, standings: [well], ...changes }, terms).findings).toEqual([finding])
  })

  it('only notes a destination that has failed for less, whose reason is known', () => {
    const standings = [{ ...well, state: 'broken' as const, unwellMs: 899_000, lastError: 'HTTP 401' }]
    expect(audit({ status, storeError: undefined, standings }, terms)).toEqual({
      findings: [],
      notes: ['destination siem is broken for 899 s: HTTP 401'],
    })
  })
})

function heartbeatWith(changes: Partial<HeartbeatOptions> = {}) {
  const log = memoryLog()
  const heartbeat = new Heartbeat({
    log,
    clean,
    secret: (ref) => ('literal' in ref ? ref.literal : ''),
    pulse: async () => status,
    touchStore: () => undefined,
    standings: () => [well],
    ...changes,
  })
  return { heartbeat, log }
}

describe('a beat', () => {
  it('says what is less than it could be, and is counted', async () => {
    await using watcher = await Watcher.start()
    const standings = () => [{ ...well, state: 'failing' as const, unwellMs: 60_000, lastError: 'HTTP 500' }]
    const { heartbeat, log } = heartbeatWith({ standings })
    using _ = heartbeat
    heartbeat.compose(settingsFor(watcher.url, { every: '1h' }))
    await heartbeat.beat()
    expect(watcher.beats.map(({ method, body }) => [method, JSON.parse(body)])).toEqual([
      ['POST', { host: expect.any(String), state: 'ok', notes: ['destination siem is failing for 60 s: HTTP 500'] }],
    ])
    expect(heartbeat.counters).toEqual({ sent: 1, withheld: 0, failed: 0, last: 'sent', reasons: [] })
    expect(log.lines).toEqual(['info: the first heartbeat has arrived'])
  })

  it('is a GET without a body where the watcher wants that', async () => {
    await using watcher = await Watcher.start()
    const { heartbeat } = heartbeatWith()
    using _ = heartbeat
    heartbeat.compose(settingsFor(watcher.url, { every: '1h', method: 'GET' }))
    await heartbeat.beat()
    expect(watcher.beats).toMatchObject([{ method: 'GET', body: '' }])
  })

  it('is withheld while the auditor finds something, which is logged once, and comes again afterwards', async () => {
    await using watcher = await Watcher.start()
    let wrong: string | undefined
    const store = { ...status, delivery: { destinations: {} } } as unknown as AgentStatus
    const { heartbeat, log } = heartbeatWith({ pulse: async () => store, touchStore: () => wrong })
    using _ = heartbeat
    heartbeat.compose(settingsFor(watcher.url, { every: '1h' }))
    await heartbeat.beat()
    wrong = 'database or disk is full'
    await heartbeat.beat()
    await heartbeat.beat()
    expect(watcher.beats).toHaveLength(1)
    const reasons = ['the store refuses signals: database or disk is full']
    expect(heartbeat.counters).toEqual({ sent: 1, withheld: 2, failed: 0, last: 'withheld', reasons })
    wrong = undefined
    await heartbeat.beat()
    expect(watcher.beats).toHaveLength(2)
    expect(log.lines).toEqual([
      'info: the first heartbeat has arrived',
      `error: the heartbeat is withheld: ${reasons[0]}`,
      'info: the heartbeat arrives again',
    ])
  })

  it('is withheld by an engine that does not answer', async () => {
    await using watcher = await Watcher.start()
    const { heartbeat } = heartbeatWith({ pulse: () => new Promise(() => {}), pulseMs: 20 })
    using _ = heartbeat
    heartbeat.compose(settingsFor(watcher.url, { every: '1h' }))
    await heartbeat.beat()
    expect(watcher.beats).toEqual([])
    expect(heartbeat.counters?.reasons).toEqual(['the engine does not answer: no answer within 20 ms'])
  })

  it.each([
    [{ status: 404 }, 'HTTP 404'],
    [{ status: 302, headers: { location: 'https://elsewhere.example.com/' } }, 'HTTP 302: redirects are not followed'],
  ])('that is answered with %o has not arrived, and no word of it names the address', async (answer, reason) => {
    await using watcher = await Watcher.start()
    watcher.answer = answer
    const { heartbeat, log } = heartbeatWith()
    using _ = heartbeat
    heartbeat.compose(settingsFor(watcher.url, { every: '1h' }))
    await heartbeat.beat()
    expect(watcher.beats).toHaveLength(1)
    expect(heartbeat.counters).toMatchObject({ failed: 1, last: 'failed', reasons: [reason] })
    expect(log.lines.join()).not.toContain('0f5bc2d1')
  })

  it('that a watcher answers with the address it was sent to is told without what is secret in it [case 64]', async () => {
    await using watcher = await Watcher.start()
    watcher.answer = { status: 404, page: true }
    const secrets = new Secrets({ BEAT: watcher.url })
    const { heartbeat, log } = heartbeatWith({ secret: (ref) => secrets.resolve(ref), clean: (text) => cleanText(text, secrets) })
    using _ = heartbeat
    heartbeat.compose(heartbeatSchema.parse({ url: { env: 'BEAT' }, every: '1h' }))
    await heartbeat.beat()
    expect(heartbeat.counters).toMatchObject({ last: 'failed', reasons: ['HTTP 404: <pre>Cannot POST [secret]</pre>'] })
    expect(log.lines.join()).not.toContain('0f5bc2d1')
  })

  it('goes through a proxy, whose password nobody hears of', async () => {
    using folder = temporaryFolder()
    const authority = new TestAuthority(folder.path)
    await using watcher = await Receiver.start(ok, authority.identity('watcher', 'DNS:localhost'))
    await using proxy = await startProxy()
    const values: Record<string, string> = { BEAT: watcher.url, PROXY: proxy.url.replace('http://', 'http://ada:s3same@') }
    const { heartbeat, log } = heartbeatWith({ secret: (ref) => ('env' in ref ? (values[ref.env] ?? '') : '') })
    using _ = heartbeat
    heartbeat.compose(heartbeatSchema.parse({ url: { env: 'BEAT' }, every: '1h', proxy: { env: 'PROXY' }, ca: authority.caFile }))
    expect(await heartbeat.beat()).toEqual({ result: 'sent', reasons: [] })
    expect(proxy.tunnels).toEqual([`localhost:${watcher.port}`])
    expect(proxy.credentials).toEqual([`Basic ${Buffer.from('ada:s3same').toString('base64')}`])
    await using closed = await startProxy(407)
    values['PROXY'] = closed.url
    expect(await heartbeat.beat()).toEqual({ result: 'failed', reasons: [expect.stringMatching(/^Proxy response/)] })
    expect(watcher.got).toHaveLength(1)
    expect(log.lines.join()).not.toMatch(/hook\?a|s3same/)
  })

  it('that is asked for while one is under way is that one', async () => {
    await using watcher = await Watcher.start()
    const { heartbeat } = heartbeatWith()
    using _ = heartbeat
    expect(await heartbeat.beat()).toBeUndefined()
    heartbeat.compose(settingsFor(watcher.url, { every: '1h' }))
    const beats = await Promise.all([heartbeat.beat(), heartbeat.beat()])
    expect(beats).toEqual([
      { result: 'sent', reasons: [] },
      { result: 'sent', reasons: [] },
    ])
    expect(watcher.beats).toHaveLength(1)
    const overtaken = heartbeat.beat()
    heartbeat.compose(undefined)
    expect(await overtaken).toBeUndefined()
  })

  it('whose authorities cannot be read has not arrived, and says why', async () => {
    await using watcher = await Watcher.start()
    const { heartbeat } = heartbeatWith()
    using _ = heartbeat
    heartbeat.compose(settingsFor(watcher.url, { every: '1h', ca: '/nonexistent/ca.pem' }))
    expect(await heartbeat.beat()).toEqual({ result: 'failed', reasons: [expect.stringContaining('/nonexistent/ca.pem')] })
  })

  it('goes to no address that a secret leads to by mistake', async () => {
    const { heartbeat } = heartbeatWith({ secret: () => 'http://169.254.169.254/latest/meta-data' })
    using _ = heartbeat
    heartbeat.compose(heartbeatSchema.parse({ url: { env: 'BEAT' }, every: '1h' }))
    await heartbeat.beat()
    expect(heartbeat.counters).toMatchObject({ sent: 0, failed: 1, reasons: [expect.stringContaining('metadata address')] })
  })
})

/** Ways in which an agent ends to be one. Each settles when it has. */
const ends: Readonly<Record<string, (process: DeliveryProcess, armed: string) => unknown>> = {
  'is killed': (process) => process.child.kill('SIGKILL'),
  'is stopped': (process) => process.child.kill('SIGSTOP'),
  'has an engine that hangs alone': async (process) => {
    process.tell({ loop: true })
    await process.hears('looping')
  },
  'has a delivery thread that hangs alone': async (process, armed) => {
    writeFileSync(armed, '')
    process.tell({ signal: signalOf() })
    await until(() => !existsSync(armed), 'the loop')
  },
}

it.concurrent.each(Object.keys(ends))('a watcher alarms within two intervals when the agent %s [case 68]', async (end) => {
  using folder = temporaryFolder()
  await using watcher = await Watcher.start()
  const [path, armed] = [join(folder.path, 'out'), join(folder.path, 'armed')]
  const destinations = [destination(fatal({ path, armed, way: 'loop', once: true }))]
  const process = new DeliveryProcess(optionsIn(folder.path, { destinations, heartbeat: settingsFor(watcher.url) }))
  try {
    await process.hears('started')
    await watcher.hears(2)
    await ends[end]?.(process, armed)
    const before = watcher.beats.length
    expect(before).toBeGreaterThanOrEqual(2)
    await watcher.alarms(2 * EVERY_MS)
    // What was on its way when that happened may still have arrived, and nothing after it.
    expect(watcher.beats.length - before).toBeLessThanOrEqual(1)
    if (end === 'is stopped') {
      process.child.kill('SIGCONT')
      await watcher.hears(1)
    }
  } finally {
    await process[Symbol.asyncDispose]()
  }
})

it('a destination that fails is told in the beat, and after a time nothing is, which the counters say', async () => {
  using folder = temporaryFolder()
  await using watcher = await Watcher.start()
  const [path, down] = [join(folder.path, 'out'), join(folder.path, 'down')]
  writeFileSync(down, '')
  const heartbeat = settingsFor(watcher.url, { tolerate: '3s' })
  await using process = new DeliveryProcess(optionsIn(folder.path, { destinations: [destination(file({ path, down }))], heartbeat }))
  await process.hears('started')
  process.tell({ signal: signalOf({ severity: 'critical' }) })
  await until(() => watcher.beats.some(({ body }) => /destination file is failing for \d s: down/.test(body)), 'the note', 30_000)
  const counters = async (): Promise<DeliveryCounters> => {
    process.tell({ counters: true })
    return await process.hears<DeliveryCounters>('counters')
  }
  await until(async () => (await counters()).heartbeat?.last === 'withheld', 'the end of patience', 30_000)
  expect((await counters()).heartbeat).toMatchObject({ reasons: [expect.stringMatching(/^destination file is failing for \d+ s: down$/)] })
  expect(process.logs.filter((line) => line.includes('the heartbeat is withheld'))).toHaveLength(1)
  rmSync(down)
  await watcher.hears(1)
})
