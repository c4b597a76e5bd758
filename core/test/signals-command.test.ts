import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { program } from '../src/cli/main.ts'
import { signalRows } from '../src/cli/signal-rows.ts'
import type { Asker } from '../src/delivery/control/administration.ts'
import { type ControlOptions, startControl } from '../src/delivery/control/control.ts'
import { acknowledgeSignals, archiveSignals, listSignals, showSignal } from '../src/delivery/control/signal-queries.ts'
import { logWhatWasDone } from '../src/delivery/store/unlogged.ts'
import type { EvidencePart } from '../src/recorder/evidence.ts'
import type { Signal } from '../src/signals/signal.ts'
import { bodyOf, memoryLog, owedIn, put, signalOf, storeIn, temporaryFolder } from './fixtures/delivery.ts'

let folder: ReturnType<typeof temporaryFolder>
let log: ReturnType<typeof memoryLog>
beforeEach(() => {
  folder = temporaryFolder()
  log = memoryLog()
  vi.stubEnv('NO_COLOR', '1')
})
afterEach(() => {
  folder[Symbol.dispose]()
  vi.unstubAllEnvs()
})

/** Runs the command line in this process; returns what it wrote. */
async function cws(...args: string[]): Promise<string> {
  let out = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text
    return true
  })
  try {
    const distribution = { version: '0', installation: import.meta.url, preset: async () => ({ plugins: [] }), starter: '' }
    await program(distribution).parseAsync(['node', 'cws', ...args, '--state-dir', folder.path, '--run-dir', join(folder.path, 'run')])
  } finally {
    write.mockRestore()
  }
  return out
}

const medium = signalOf({
  id: '01KB6QRD4V5N0ZK3W8F2T9XHMA',
  severity: 'medium',
  rule: { id: 'log-cleared', name: 'Log' },
  title: 'A log was cleared',
})
const high = signalOf({
  id: '01KB6QRD4V5N0ZK3W8F2T9XHMC',
  revision: 4,
  count: 12,
  title: 'A web\u001b[2J server started a shell',
  group: { 'process.file.path': '/usr/bin/bash', 'exec.file.inode': 42 },
})
const evidence: EvidencePart = {
  from: medium.first_seen,
  until: medium.first_seen,
  processes: [{ process: 9, pid: 4711, parent: null, ppid: 1203, file: { path: 'bash' } }],
  events: [{ timestamp: medium.first_seen, type: 'exec', process: 9, found: true, file: { path: 'bash' } }],
  left_out: 0,
}
const newestFirst = [high, medium]

const askers: Asker[] = []

/** Both where an agent answers and where its files alone are left. */
describe.each(['agent', 'files'] as const)('from the %s', (from) => {
  let agent: AsyncDisposable | undefined
  beforeEach(async () => {
    const store = storeIn(folder.path)
    for (const signal of [medium, high]) put(store, signal)
    store.write({ op: 'evidence', evidence: { signal: medium.id, body: JSON.stringify(evidence) } })
    if (from === 'files') {
      store.close()
      return
    }
    const runDir = join(folder.path, 'run')
    const answers = {
      'signals.list': listSignals,
      'signals.show': showSignal,
      'signals.ack': acknowledgeSignals,
      'signals.archive': archiveSignals,
    } as const
    const handle: ControlOptions['handle'] = (what, args, asker) => {
      askers.push(asker)
      return answers[what as keyof typeof answers](store, args as Readonly<Record<string, unknown>>, log)
    }
    const control = await startControl({ runDir, log: memoryLog(), handle })
    agent = {
      [Symbol.asyncDispose]: async () => {
        await control[Symbol.asyncDispose]()
        store.close()
      },
    }
  })
  afterEach(async () => {
    askers.length = 0
    await agent?.[Symbol.asyncDispose]()
    agent = undefined
  })

  test('a table for people, newest first', async () => {
    const rows = (await cws('signals', 'list')).split('\n')
    expect(rows[0]).toMatch(/^time +severity +rule +count +title +id$/)
    expect(rows[1]).toMatch(
      /^[\d:]+ +high +shell-from-web-server +12 +A web\\u\{1b\}\[2J server started a shell +01KB6QRD4V5N0ZK3W8F2T9XHMC$/,
    )
    expect(rows[2]).toMatch(/ medium +log-cleared +1 +A log was cleared +01KB6QRD4V5N0ZK3W8F2T9XHMA$/)
  })

  test('chosen by severity, rule and number; says so when there are none', async () => {
    const titles = async (...args: string[]) =>
      (await cws('signals', 'list', ...args, '--format', 'json'))
        .split('\n')
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as Signal).title)
    expect(await titles('--severity', 'high')).toEqual([high.title])
    expect(await titles('--rule', 'log-cleared')).toEqual([medium.title])
    expect(await titles('--limit', '1')).toEqual([high.title])
    expect(await titles('--severity', 'critical')).toEqual([])
    expect(await cws('signals', 'list', '--severity', 'critical')).toBe('no signals of severity critical and above\n')
    expect(await cws('signals', 'list', '--rule', 'log-')).toContain('did you mean "log-cleared"?')
    expect(await cws('signals', 'list', '--rule', 'log-claered')).toBe('no signals of rule "log-claered"; did you mean "log-cleared"?\n')
  })

  test('one signal as the console tells it, with its group and times', async () => {
    const shown = await cws('signals', 'show', high.id.toLowerCase())
    expect(shown).toContain('HIGH      A web\\u{1b}[2J server started a shell  ×12')
    expect(shown).toContain(
      '          systemd 1 › php-fpm 1203\n          └ bash -c id  pid 4711, www-data\n          → Look at the access log.',
    )
    expect(shown).toContain('shell-from-web-server  mitre:T1505.003')
    expect(shown).toMatch(/ {2}process\.file\.path +\/usr\/bin\/bash\n {2}exec\.file\.inode +42\n$/)
    expect(shown).toContain(high.first_seen)
  })

  test('who judges as root is known as root, whoever else may', async () => {
    await cws('signals', 'ack', medium.id)
    if (from === 'files') return
    expect(askers.splice(0)).toEqual(['administrator'])
    await cws('signals', 'list')
    rmSync(join(folder.path, 'run/admin.sock'))
    await cws('signals', 'archive', medium.id)
    expect(askers.splice(0)).toEqual(['operator', 'operator'])
  })

  test('archived ones are listed only if asked for, and still shown', async () => {
    const ids = async (...args: string[]) =>
      (await cws('signals', 'list', ...args, '--format', 'json'))
        .split('\n')
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as Signal).id)
    await expect(cws('signals', 'archive', medium.id, '01KB6QRD4V5N0ZK3W8F2T9XHMX')).rejects.toMatchObject({ code: 'CWS_ERR_USAGE' })
    expect(await ids()).toEqual([high.id, medium.id])
    vi.stubEnv('SUDO_USER', 'ann')
    expect(await cws('signals', 'archive', medium.id.toLowerCase())).toBe(`archived ${medium.id}\n`)
    if (from === 'files') {
      using store = storeIn(folder.path)
      logWhatWasDone(store, log)
    }
    expect(log.lines.join()).toMatch(`archived, since somebody asked for it {"signals":["${medium.id}"],"by":"ann"`)
    expect(await ids()).toEqual([high.id])
    expect(await ids('--all')).toEqual([high.id, medium.id])
    expect(await ids('--status', 'archived')).toEqual([medium.id])
    expect(await cws('signals', 'show', medium.id)).toMatch(/status +archived, revision 1/)
  })

  test('acknowledged ones are listed still; who is told of them is to hear of it', async () => {
    expect(await cws('signals', 'ack', medium.id.toLowerCase(), medium.id, high.id)).toBe('acknowledged 2 signals\n')
    expect(await cws('signals', 'list', '--status', 'acknowledged', '--format', 'json')).toContain('"status":"acknowledged"')
    expect(await cws('signals', 'show', medium.id)).toMatch(/status +acknowledged, revision 1/)
    await cws('signals', 'archive', medium.id)
    await expect(cws('signals', 'ack', medium.id)).rejects.toMatchObject({ message: expect.stringContaining('is archived') })
    await agent?.[Symbol.asyncDispose]()
    agent = undefined
    using store = storeIn(folder.path)
    expect(owedIn(store)).toContain(high.id)
  })

  test('its evidence is drawn below it, and is data in JSON', async () => {
    const shown = await cws('signals', 'show', medium.id)
    expect(shown).toMatch(/\n\nprocesses\n(.*\n)*▶.*4711 bash\n\ntimeline\n▶ \+0\.000 s {2}4711 {2}exec {2}bash\n$/)
    const { evidence } = JSON.parse(await cws('signals', 'show', medium.id, '--format', 'json'))
    expect(evidence).toMatchObject({ events: [{ type: 'exec', found: true }], left_out: 0 })
  })

  test('an unknown id names the nearest', async () => {
    await expect(cws('signals', 'show', '01KB6QRD4V5N0ZK3W8F2T9XHMX')).rejects.toMatchObject({
      code: 'CWS_ERR_USAGE',
      message: 'there is no signal "01KB6QRD4V5N0ZK3W8F2T9XHMX"; did you mean 01KB6QRD4V5N0ZK3W8F2T9XHMC?',
      hint: expect.stringContaining('cws signals list'),
    })
    await expect(cws('signals', 'show', 'nothing-like-it')).rejects.toMatchObject({ message: 'there is no signal "nothing-like-it"' })
  })
})

test('JSON is what was stored: inodes of 64 bits, nothing that acts on a terminal', async () => {
  const store = storeIn(folder.path)
  const signal = signalOf({ title: 'a \u202eb' })
  const body = bodyOf(signal).replace('"inode":42', '"inode":18446744073709551615').replace('\u202e', '\\u202e')
  const { id, revision, first_seen, last_seen, count, status } = signal
  store.write({
    op: 'signal',
    signal: { id, rule: signal.rule.id, severity: 3, status, revision, first_seen, last_seen, count, body },
    conversations: [],
    steps: [],
  })
  const handle = (_: string, args: unknown) => showSignal(store, args as Readonly<Record<string, unknown>>)
  {
    await using _ = await startControl({ runDir: join(folder.path, 'run'), log: memoryLog(), handle })
    expect(await cws('signals', 'show', id, '--format', 'json')).toBe(`${body}\n`)
  }
  store.close()
  expect(await cws('signals', 'show', id, '--format', 'json')).toBe(`${body}\n`)
  expect(await cws('signals', 'list', '--format', 'json')).toBe(`${body}\n`)
})

test('what an agent that was killed had stored is read from its log', async () => {
  const killed = join(folder.path, 'killed')
  mkdirSync(killed)
  using store = storeIn(killed)
  put(store, high)
  // No close, no checkpoint: as a kill leaves them.
  for (const name of ['signals.db', 'signals.db-wal']) copyFileSync(join(killed, name), join(folder.path, name))
  expect(await cws('signals', 'show', high.id, '--format', 'json')).toContain(high.id)
})

test('without an agent and its files it says how to start one, and makes no file', async () => {
  await expect(cws('signals', 'list')).rejects.toMatchObject({ code: 'CWS_ERR_NOT_RUNNING' })
  rmSync(folder.path, { recursive: true })
  await expect(cws('signals', 'list')).rejects.toMatchObject({ code: 'CWS_ERR_NOT_RUNNING' })
  expect(existsSync(folder.path)).toBe(false)
})

describe('the table fits its width', () => {
  const widthOf = (rows: ReturnType<typeof signalRows>): number => {
    const texts = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? cell : cell.text)))
    const widths = (texts[0] as string[]).map((_, column) => Math.max(...texts.map((row) => (row[column] as string).length)))
    return widths.reduce((sum, width) => sum + width + 2, -2)
  }
  const yesterday = { ...high, title: `${'a long title '.repeat(8)}😀`, last_seen: '2026-01-02T03:04:05.678901234Z' }

  test.each([200, 140, 120, 100, 80, 72])('of %d', (width) => {
    const rows = signalRows([yesterday, ...newestFirst], width)
    expect(widthOf(rows)).toBeLessThanOrEqual(width)
    for (const row of rows.slice(1)) expect(JSON.stringify(row.at(-1))).toMatch(/"01KB6QRD4V5N0ZK3W8F2T9XHM[AC]"/)
  })

  test('and is whole where nobody reads on a terminal', () => {
    expect(signalRows([yesterday])[1]).toContain(yesterday.title)
    expect(signalRows([medium], 100)[1]).toContain(medium.title)
  })
})
