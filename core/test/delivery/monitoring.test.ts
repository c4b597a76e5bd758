import { type IncomingHttpHeaders, request } from 'node:http'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { AgentStatus } from '../../src/agent/status.ts'
import { parseListen } from '../../src/config/monitoring.ts'
import { cleanText } from '../../src/delivery/log.ts'
import { Connections } from '../../src/delivery/monitoring/connections.ts'
import { healthOf } from '../../src/delivery/monitoring/health.ts'
import { metricsText } from '../../src/delivery/monitoring/metrics.ts'
import { type MonitoringOptions, startMonitoring } from '../../src/delivery/monitoring/server.ts'
import { Secrets } from '../../src/delivery/secrets/secrets.ts'
import { clean, memoryLog, until } from '../fixtures/delivery.ts'

const sensor: AgentStatus['sensors'][number] = {
  sensor: 'process',
  plugin: 'process-exec',
  feeds: ['exec'],
  running: 'tp_btf',
  pinned: undefined,
  flavours: [],
  selfTest: 'alive',
  figures: { table_bytes: 4096, table_evicted_exited_total: 3, 'not a name': 1 },
}
const plugin: AgentStatus['plugins'][number] = {
  name: 'rules',
  kind: 'plugin',
  package: '@cws/plugin-rules',
  version: '1.0.0',
  state: 'ok',
  detail: undefined,
}
const destination = {
  state: 'ok',
  delivered: 7,
  failed: 1,
  refused: 1,
  pending: 2,
  heldBack: 1,
  lastError: undefined,
  lastErrorAt: undefined,
  templateFailures: 3,
  templateError: undefined,
} as const
const delivery: NonNullable<AgentStatus['delivery']> = {
  signals: 9,
  signalsDropped: 0,
  evidenceRemoved: 4,
  evidenceDropped: 0,
  signalsWaiting: 0,
  restarts: 1,
  restartReason: 'out of memory',
  opened: [0, 1, 2, 3, 4],
  stored: 9,
  storeError: undefined,
  signalsRemoved: 0,
  eventsDropped: 5,
  bufferBytes: 4096,
  outputBytes: 1234,
  heartbeat: { sent: 11, withheld: 2, failed: 1, last: 'sent', reasons: [] },
  destinations: { siem: destination },
}

function statusOf(changes: Partial<AgentStatus> = {}): AgentStatus {
  return {
    state: 'ready',
    pid: 1,
    version: '1.2.3',
    config: null,
    uptime_s: 60,
    reloads: { done: 0, rejected: 0, last_error: null, last_error_at: null },
    rss_mb: 100,
    sensors: [sensor],
    plugins: [plugin],
    recorder: { bytes: 8192, used_bytes: 4096, sessions: 2, noted: 70, pushed_out_bytes: 2048, signals_skipped: 1 },
    events: { exec: { seen: 10, filtered: 1, coalesced: 2, lost: 3, undecided: 4, parked: 5 } },
    stages: { findings: 6, suppressed: 1, signals: 9, open_signals: 2, faults: 8 },
    faults: { 'a"b\\c\nd': 8 },
    delivery,
    ...changes,
  }
}

describe('metrics', () => {
  const text = metricsText(statusOf(), { rssBytes: 5e6, cpuSeconds: 1.25, startedAt: 1_790_000_000 })
  const lines = text.split('\n').slice(0, -1)

  it('are of the text format: each family with its help and type, each sample under its family', () => {
    expect(text.endsWith('\n')).toBe(true)
    let family = ''
    const families = new Set<string>()
    for (const line of lines) {
      const [, help] = /^# HELP (\S+) \S.*$/.exec(line) ?? []
      const [, type, kind] = /^# TYPE (\S+) (counter|gauge)$/.exec(line) ?? []
      if (help !== undefined) {
        expect(families.has(help)).toBe(false)
        families.add(help)
        family = help
      } else if (type !== undefined) expect([type, kind]).toEqual([family, family.endsWith('_total') ? 'counter' : 'gauge'])
      else
        expect(line).toMatch(
          new RegExp(String.raw`^${family}(\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"(,[a-z]+="(?:[^"\\\n]|\\["\\n])*")*\})? -?\d+(\.\d+)?$`),
        )
    }
  })

  it.each([
    'cws_events_total{type="exec",stage="seen"} 10',
    'cws_events_total{type="exec",stage="filtered"} 1',
    'cws_events_total{type="exec",stage="coalesced"} 2',
    'cws_events_total{type="exec",stage="lost"} 3',
    'cws_events_total{type="exec",stage="undecided"} 4',
    'cws_findings_total 6',
    'cws_signals_total{severity="critical"} 4',
    'cws_signals_open 2',
    'cws_plugin_faults_total{plugin="a\\"b\\\\c\\nd"} 8',
    'cws_plugin_state{plugin="rules",state="ok"} 1',
    'cws_plugin_state{plugin="rules",state="failed"} 0',
    'cws_sensor_up{sensor="process",plugin="process-exec",flavour="tp_btf"} 1',
    'cws_process_table_bytes{plugin="process-exec"} 4096',
    'cws_process_table_evicted_exited_total{plugin="process-exec"} 3',
    'cws_deliveries_total{destination="siem",result="delivered"} 7',
    'cws_deliveries_total{destination="siem",result="failed"} 1',
    'cws_deliveries_pending{destination="siem"} 2',
    'cws_deliveries_held_back{destination="siem"} 1',
    'cws_template_failures_total{destination="siem"} 3',
    'cws_delivery_restarts_total 1',
    'cws_signals_dropped_total 0',
    'cws_store_up 1',
    'cws_heartbeats_total{result="sent"} 11',
    'cws_heartbeats_total{result="withheld"} 2',
    'cws_heartbeat_up 1',
    'cws_evidence_removed_total 4',
    'cws_output_events_dropped_total 5',
    'cws_healthy 1',
    'process_resident_memory_bytes 5000000',
    'process_cpu_seconds_total 1.25',
    'process_start_time_seconds 1790000000',
  ])('have %s', (line) => {
    expect(lines).toContain(line)
  })

  it('name nothing that is no name', () => expect(text).not.toContain('not a name'))
})

describe('health', () => {
  it('is well where all sensors are alive, the store takes signals and no plugin failed', () => {
    expect(healthOf(statusOf())).toEqual({ ok: true, state: 'ready', reasons: [], notes: [] })
  })

  const unavailable = { name: 'tp_btf', state: 'unavailable', reason: 'no BTF', gaps: [] } as const
  it.each<[string, Partial<AgentStatus>, string]>([
    ['a silent sensor', { sensors: [{ ...sensor, selfTest: 'silent' }] }, 'sensor process is silent: it did not see its self-test'],
    [
      'a sensor that does not run',
      { sensors: [{ ...sensor, running: undefined, flavours: [unavailable] }] },
      'sensor process does not run (tp_btf: no BTF)',
    ],
    ['a plugin that failed', { plugins: [{ ...plugin, state: 'failed', detail: 'no setup' }] }, 'plugin rules has failed: no setup'],
    ['a store that refuses', { delivery: { ...delivery, storeError: 'disk full' } }, 'the store refuses signals: disk full'],
    [
      'a destination that is broken',
      { delivery: { ...delivery, destinations: { siem: { ...destination, state: 'broken', lastError: '401' } } } },
      'destination siem is broken: 401',
    ],
    ['a start that is not over', { state: 'starting', sensors: [{ ...sensor, running: undefined }] }, 'the agent is starting'],
    ['a stop', { state: 'stopping' }, 'the agent is stopping'],
  ])('is not well with %s', (_, changes, reason) => {
    expect(healthOf(statusOf(changes))).toMatchObject({ ok: false, reasons: [reason] })
  })

  it('notes what is less than it could be', () => {
    const destinations = { siem: { ...destination, state: 'failing', lastError: 'ECONNREFUSED' } as const }
    const heartbeat = { sent: 0, withheld: 0, failed: 1, last: 'failed', reasons: ['HTTP 404'] } as const
    expect(
      healthOf(
        statusOf({ plugins: [{ ...plugin, state: 'degraded', detail: 'slow' }], delivery: { ...delivery, destinations, heartbeat } }),
      ),
    ).toEqual({
      ok: true,
      state: 'ready',
      reasons: [],
      notes: ['plugin rules is degraded: slow', 'destination siem is failing: ECONNREFUSED', 'the heartbeat did not arrive: HTTP 404'],
    })
  })
})

interface Got {
  readonly code: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

function get(port: number, path: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, agent: false, ...options }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      response.on('end', () => resolve({ code: response.statusCode, headers: response.headers, body }))
    })
    asked.on('error', reject).end()
  })
}

async function serving(options: Partial<MonitoringOptions> = {}) {
  const log = memoryLog()
  const monitoring = await startMonitoring({
    listen: { host: '127.0.0.1', port: 0, loopback: true },
    log,
    status: async () => statusOf(),
    clean,
    ...options,
  })
  const { port } = monitoring.server.address() as AddressInfo
  const connections = () =>
    new Promise<number>((resolve, reject) => monitoring.server.getConnections((error, count) => (error ? reject(error) : resolve(count))))
  return { port, log, connections, [Symbol.asyncDispose]: () => monitoring[Symbol.asyncDispose]() }
}

const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()))

/** Connects and says something; resolves with what came when the other side ends. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1', () => socket.write(text))
  let got = ''
  socket.setEncoding('utf8').on('data', (part: string) => {
    got += part
  })
  socket.on('error', () => {})
  await closed(socket)
  return got
}

describe('the server', () => {
  it('answers /healthz and /metrics, and nothing else', async () => {
    await using server = await serving()
    const health = await get(server.port, '/healthz')
    expect([health.code, JSON.parse(health.body)]).toEqual([200, { ok: true, state: 'ready', reasons: [], notes: [] }])
    const metrics = await get(server.port, '/metrics?x=1')
    expect([metrics.code, metrics.headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
    expect(metrics.body).toContain('cws_events_total{type="exec",stage="seen"} 10\n')
    expect(metrics.body).toMatch(/^process_resident_memory_bytes [1-9]\d{6,}$/m)
    expect((await get(server.port, '/metrics', { method: 'HEAD' })).body).toBe('')
    expect((await get(server.port, '/')).code).toBe(404)
    expect((await get(server.port, '/metrics', { method: 'POST' })).code).toBe(405)
  })

  it('says 503 and why when all is not well, without secrets or what acts on a terminal', async () => {
    const failed = { ...plugin, state: 'failed', detail: `https://user:hunter2@host/\u009b2J${'x'.repeat(10_000)}` } as const
    const secrets = new Secrets({ PASSWORD: 'hunter2' })
    secrets.resolve({ env: 'PASSWORD' })
    await using server = await serving({
      status: async () => statusOf({ plugins: [failed] }),
      clean: (text) => cleanText(text, secrets),
    })
    const { code, body } = await get(server.port, '/healthz')
    expect(code).toBe(503)
    expect(JSON.parse(body)).toMatchObject({ ok: false, reasons: [expect.stringContaining('plugin rules has failed')] })
    expect(body).not.toMatch(/hunter2|\u009b/)
    expect(body.length).toBeLessThan(400)
  })

  it('says 503 when the engine does not answer', async () => {
    await using server = await serving({ status: () => new Promise(() => {}), statusMs: 20 })
    const health = await get(server.port, '/healthz')
    expect(health.code).toBe(503)
    expect(JSON.parse(health.body)).toMatchObject({ ok: false, reasons: ['the engine does not answer: no answer within 20 ms'] })
    expect((await get(server.port, '/metrics')).code).toBe(503)
  })

  it('lets no page of a browser read it by a name that leads to loopback', async () => {
    await using server = await serving()
    expect((await get(server.port, '/metrics', { headers: { host: `evil.example:${server.port}` } })).code).toBe(403)
    for (const host of ['localhost', `127.0.0.1:${server.port}`, '[::1]:9797'])
      expect((await get(server.port, '/metrics', { headers: { host } })).code).toBe(200)
  })

  it('asks the engine once for all who ask at a time', async () => {
    let asked = 0
    const status = async () => {
      asked++
      return statusOf()
    }
    await using server = await serving({ status })
    for (let round = 0; round < 3; round++) await Promise.all(Array.from({ length: 8 }, () => get(server.port, '/metrics')))
    expect(asked).toBeLessThanOrEqual(3)
  })

  it('ends with who sends too much, or no request at all', async () => {
    await using server = await serving({ connectionMs: 100 })
    expect(await raw(server.port, `GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ${'y'.repeat(64 * 1024)}\r\n\r\n`)).toMatch(
      /^(HTTP\/1\.1 431 |$)/,
    )
    expect(await raw(server.port, '\u0000\u0001nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
    expect(await raw(server.port, 'GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\n')).toBe('')
    expect((await get(server.port, '/healthz')).code).toBe(200)
  })

  it('holds few connections, none for long', async () => {
    await using server = await serving({ connectionMs: 300 })
    const silent: Socket[] = []
    for (let i = 0; i < 40; i++) silent.push(connect(server.port, '127.0.0.1').on('error', () => {}))
    await Promise.all(silent.map((socket) => closed(socket.resume())))
    expect((await get(server.port, '/healthz')).code).toBe(200)
  })

  it('is not held by who opens all the connections that he can, says nothing, or says it slowly', async () => {
    await using server = await serving()
    const held = new Set<Socket>()
    let ended = 0
    let over = false
    const hold = (): void => {
      if (over) return
      const socket = connect({ port: server.port, host: `127.0.0.${1 + (held.size % 200)}` }, () =>
        socket.write(held.size % 2 ? 'GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ' : ''),
      )
      held.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        held.delete(socket)
        ended++
        setImmediate(hold)
      })
    }
    for (let i = 0; i < 300; i++) hold()
    try {
      await until(() => ended > 100, 'the first to be driven out')
      for (let i = 0; i < 30; i++) expect((await get(server.port, i % 2 ? '/healthz' : '/metrics')).code).toBe(200)
      expect(await server.connections()).toBeLessThanOrEqual(128)
    } finally {
      over = true
      for (const socket of held) socket.destroy()
    }
  })

  it('drives out who has most, and first who has not asked', () => {
    const open = (connections: Connections, remoteAddress: string, name: string) => {
      const socket = Object.assign(new Socket(), { name })
      Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress })
      connections.add(socket)
      return socket
    }
    const connections = new Connections(4, 60_000)
    const [probe, asked, silent, network] = [
      open(connections, '10.0.0.1', 'probe'),
      open(connections, '2001:db8::1', 'asked'),
      open(connections, '2001:db8::2', 'silent'),
      open(connections, '2001:db8:0:1::1', 'of another network'),
    ]
    connections.asked(asked)
    open(connections, '2001:db8:0:0:9::3', 'one more')
    expect([probe, asked, silent, network].map(({ destroyed }) => destroyed)).toEqual([false, false, true, false])
    expect(connections.size).toBe(4)
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.2']) open(connections, address, 'of this host')
    expect(connections.size).toBe(4)
    expect(probe.destroyed).toBe(false)
  })

  it('waits for a port that is taken', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const log = memoryLog()
    const listen = { host: '127.0.0.1', port, loopback: true }
    await using monitoring = await startMonitoring({ listen, log, status: async () => statusOf(), clean, retryMs: 10 })
    expect(log.lines).toEqual([expect.stringMatching(/^warn: monitoring cannot listen on 127\.0\.0\.1:\d+ \(.*EADDRINUSE/)])
    await new Promise((resolve) => other.close(resolve))
    await until(() => monitoring.server.listening, 'the port')
    expect((await get(port, '/healthz')).code).toBe(200)
    expect(log.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1)
  })

  it('warns where others can reach it', async () => {
    await using server = await serving({ listen: { host: '0.0.0.0', port: 0, loopback: false } })
    expect(server.log.lines).toContainEqual(expect.stringContaining('open to others than this host'))
    expect((await get(server.port, '/metrics', { headers: { host: 'web1.example' } })).code).toBe(200)
  })
})

it.each([
  ['127.0.0.1:9797', { host: '127.0.0.1', port: 9797, loopback: true }],
  ['[::1]:1', { host: '::1', port: 1, loopback: true }],
  ['0.0.0.0:65535', { host: '0.0.0.0', port: 65_535, loopback: false }],
  ['[::]:80', { host: '::', port: 80, loopback: false }],
  ['127.0.0.1:65536', undefined],
  ['256.0.0.1:80', undefined],
  ['localhost:80', undefined],
])('reads %s', (text, address) => {
  expect(parseListen(text)).toEqual(address)
})
