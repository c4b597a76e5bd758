import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { program } from '../src/cli/main.ts'
import type { Config, NotificationRule } from '../src/config/define-config.ts'
import { type ControlOptions, startControl } from '../src/delivery/control/control.ts'
import { NotifyDesk } from '../src/delivery/control/notify-desk.ts'
import { compositionOf } from '../src/delivery/delivery.ts'
import type { Beat } from '../src/delivery/heartbeat/heartbeat.ts'
import type { DestinationSpec, HeartbeatCounters } from '../src/delivery/protocol.ts'
import type { DestinationQueue } from '../src/delivery/queue/destination-queue.ts'
import { Mutes } from '../src/delivery/rules/mutes.ts'
import { RuleBook } from '../src/delivery/rules/rule-book.ts'
import { openDatabase } from '../src/delivery/store/database.ts'
import { signalMigrations } from '../src/delivery/store/migrations.ts'
import type { SignalStore } from '../src/delivery/store/store.ts'
import { logWhatWasDone } from '../src/delivery/store/unlogged.ts'
import { Telling } from '../src/delivery/telling/telling.ts'
import { type Manner, usualManner } from '../src/plugin/manner.ts'
import type { Notification, Notifier, Outcome } from '../src/plugin/notifier.ts'
import type { Signal } from '../src/signals/signal.ts'
import { headOf } from '../src/signals/signal-line.ts'
import { bodyOf, clean, memoryLog, put, signalOf, storeIn, temporaryFolder, until } from './fixtures/delivery.ts'
import { file } from './fixtures/notifiers.ts'

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  folder = temporaryFolder()
  vi.stubEnv('NO_COLOR', '1')
  vi.stubEnv('SUDO_USER', 'ada')
})
afterEach(() => {
  process.exitCode = undefined
  folder[Symbol.dispose]()
  vi.unstubAllEnvs()
})

/** Runs the command line in this process; returns what it wrote. */
let preset: Config = { plugins: [] }

async function cws(...args: string[]): Promise<string> {
  let out = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text
    return true
  })
  try {
    const distribution = { version: '0', installation: import.meta.url, preset: async () => preset, starter: '' }
    const config = args[1] === 'list' && preset.plugins.length === 0 ? ['--config', configFile()] : []
    const folders = ['--state-dir', folder.path, '--run-dir', join(folder.path, 'run')]
    const isAsked = ['test', 'replay'].includes(args[1] ?? '')
    await program(distribution).parseAsync(['node', 'cws', ...args, ...config, ...(isAsked ? folders.slice(2) : folders)])
  } finally {
    write.mockRestore()
  }
  return out
}

const jsonOf = async (...args: string[]) => JSON.parse(await cws(...args, '--format', 'json'))

const EACH: Partial<Manner> = { mode: 'every', interrupts: false }
const RULES: readonly NotificationRule[] = [
  { name: 'Tell the team', when: 'severity >= medium', to: 'team', repeat: '4h' },
  { name: 'Archive', to: ['siem'], enabled: false },
]

function configFile(): string {
  const path = join(folder.path, 'cws.config.mjs')
  writeFileSync(path, `export default { plugins: [], notifications: [] }\n`, { mode: 0o644 })
  return path
}

/** Its messages call one person. */
const destinationOf = (name: string): DestinationSpec => ({
  name,
  site: { module: '', ordinal: 0 },
  options: {},
  manner: { ...usualManner, mentions: { channel: name, ids: ['ann'] } },
})

class Agent {
  readonly store: SignalStore & Disposable
  readonly telling: Telling
  readonly log = memoryLog()
  readonly queues: DestinationQueue[] = []
  readonly got: Notification[] = []
  /** What destinations heard of the notifications themselves. */
  readonly notices: string[] = []
  readonly desk: NotifyDesk
  readonly mutes: Mutes
  readonly rules: RuleBook
  /** What becomes of beats, one after the other; where none is left, no configuration asks for any. */
  readonly beats: Beat[] = []
  #control: AsyncDisposable | undefined

  constructor(names: readonly string[] = ['team', 'siem'], rules: readonly NotificationRule[] | undefined = RULES) {
    this.store = storeIn(folder.path)
    this.mutes = new Mutes(this.store, this.log)
    this.rules = new RuleBook(this.store, this.log, this.#plan(names, rules))
    const destinations = names.map(destinationOf)
    this.telling = new Telling(this.store, { destinations, routes: this.rules.routes }, this.mutes)
    for (const name of names) this.queues.push(this.telling.add(name, { log: this.log, clean, deadlineMs: 1_000 }))
    const { store, telling, mutes, log, rules: book } = this
    const apply = async () => {
      const { routes, edited } = book
      await telling.templates.load({ routes, edited, destinations, fields: new Map() }, log)
      telling.compose({ destinations, routes: book.routes })
    }
    this.desk = new NotifyDesk({ store, telling, mutes, log, queues: () => this.queues, rules: book, heartbeat: this, apply })
  }

  #plan(names: readonly string[], rules: readonly NotificationRule[] | undefined) {
    return compositionOf({ destinations: names.map(destinationOf), notifications: rules })
  }

  /** As a reload does. */
  reload(rules: readonly NotificationRule[] | undefined): void {
    const names = this.queues.map(({ name }) => name)
    this.rules.compose(this.#plan(names, rules))
    this.telling.compose({ destinations: names.map(destinationOf), routes: this.rules.routes })
  }

  get counters(): HeartbeatCounters | undefined {
    return this.beats.length > 0 ? { sent: 0, withheld: 0, failed: 0, last: null, reasons: [] } : undefined
  }

  async beat(): Promise<Beat | undefined> {
    return this.beats.shift()
  }

  async listen(): Promise<void> {
    const handle: ControlOptions['handle'] = (what, args, asker) => this.desk.answer(what, args as Readonly<Record<string, unknown>>, asker)
    this.#control = await startControl({ runDir: join(folder.path, 'run'), log: this.log, handle })
  }

  begin(name: string, script: Outcome[] = [], more: Partial<Notifier & { readonly manner: Partial<Manner> }> = {}): void {
    const deliver: Notifier['deliver'] = async (notification) => {
      const { reason, signal } = notification
      if (reason === 'notice') {
        this.notices.push(`${name}: ${signal.title}: ${signal.message}`)
        return { result: 'delivered' }
      }
      this.got.push(notification)
      return script.shift() ?? { result: 'delivered' }
    }
    const { manner, ...rest } = more
    if (manner) this.telling.queue(name)?.adopt(manner)
    this.telling.queue(name)?.start({ deliver, ...rest })
  }

  offer(signal: Signal): void {
    const { write, told } = this.telling.prepare(headOf(signal), bodyOf(signal))
    this.store.write(write)
    told()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#control?.[Symbol.asyncDispose]()
    await this.telling.stop(100)
    this.store.close()
  }
}

test('of mutes that ended a bounded number is kept', async () => {
  await using agent = new Agent()
  for (let i = 0; i < 130; i++) {
    const { mute } = agent.mutes.add({ when: `rule.id == "r${i}"`, duration: '1h', reason: 'x' }, 'ada')
    agent.mutes.remove({ id: mute.id }, 'ada')
  }
  expect(agent.mutes.list()).toHaveLength(100)
})

describe('notify list', () => {
  test('the rules of the agent that runs, its destinations and how they are', async () => {
    await using agent = new Agent()
    await agent.listen()
    agent.begin('team')
    agent.telling.queue('siem')?.broken('no such host \u001b[2J')
    const told = await cws('notify', 'list')
    expect(told).toContain('  Tell the team → team; repeat 4h\n      severity >= medium\n  Archive → siem (disabled)\n      all signals\n')
    expect(told).toMatch(/ {2}team +ok +0 delivered, 0 failed, 0 owed\n {2}siem +broken .*no such host \\u\{1b\}\[2J\n/)
    expect(await jsonOf('notify', 'list')).toMatchObject({
      kind: 'notifications',
      rules: [
        { name: 'Tell the team', when: 'severity >= medium', to: ['team'], repeat: '4h', wait: null, enabled: true },
        { name: 'Archive', when: null, to: ['siem'], enabled: false },
      ],
      destinations: [
        { name: 'team', state: 'ok', last_error: null },
        { name: 'siem', state: 'broken' },
      ],
    })
  })

  test('a destination that refused messages is not green, and says what it said and when', async () => {
    vi.stubEnv('NO_COLOR', '')
    vi.stubEnv('FORCE_COLOR', '1')
    await using agent = new Agent(['team'], [{ name: 'All', to: 'team' }])
    await agent.listen()
    agent.begin('team', [
      { result: 'reject', detail: 'HTTP 400: no' },
      { result: 'reject', detail: 'HTTP 400: no' },
    ])
    for (let i = 0; i < 3; i++) agent.offer(signalOf({ severity: 'medium' }))
    await until(() => agent.got.length === 3 && agent.queues[0]?.counters.pending === 0, 'the deliveries')
    const told = await cws('notify', 'list')
    expect(told).toMatch(
      /\u001b\[33mok, refused 2\u001b\[39m +1 delivered, 2 failed, 0 owed +last error \d\d:\d\d:\d\d, \ds ago: HTTP 400: no\n/,
    )
    const [view] = (await jsonOf('notify', 'list')).destinations
    expect(view).toMatchObject({ state: 'ok', failed: 2, refused: 2, last_error: 'HTTP 400: no' })
    expect(Math.abs(Date.now() - Date.parse(view.last_error_at))).toBeLessThan(60_000)
  })

  test('the watcher outside stands beside the destinations', async () => {
    await using agent = new Agent()
    await agent.listen()
    agent.beats.push({ result: 'sent', reasons: [] })
    expect(await cws('notify', 'list')).toMatch(/\n {2}heartbeat +no beat yet +0 sent, 0 withheld, 0 not heard\n/)
    expect((await jsonOf('notify', 'list')).heartbeat).toMatchObject({ last: null })
  })

  test('what quiet hours leave out', async () => {
    const quiet = { from: '22:00', to: '06:00', zone: 'Europe/Paris' }
    await using agent = new Agent(undefined, [
      { name: 'Night', to: 'team', quiet: { ...quiet, except: 'high' } },
      { name: 'Other', to: 'siem', quiet },
    ])
    await agent.listen()
    const told = await cws('notify', 'list')
    expect(told).toContain('Night → team; quiet from 22:00 to 06:00 Europe/Paris except high and above\n')
    expect(told).toContain('Other → siem; quiet from 22:00 to 06:00 Europe/Paris\n')
  })

  test('without an agent: the configuration, and what is owed in the files', async () => {
    {
      await using agent = new Agent()
      agent.offer(signalOf())
    }
    expect(await jsonOf('notify', 'list')).toEqual({
      kind: 'notifications',
      rules: [],
      destinations: [
        {
          name: 'team',
          state: 'stopped',
          delivered: null,
          failed: null,
          refused: null,
          pending: 1,
          held_back: 0,
          last_error: null,
          last_error_at: null,
          template_failures: null,
          template_error: null,
        },
      ],
      heartbeat: null,
      mutes: [],
    })
    expect(await cws('notify', 'list')).toContain('an empty list: nobody is told')
    const known = { name: 'team', failures: 5, probe_at: 0, backoff: 0, is_broken: 0, last_error: 'down' } as const
    const last_error_at = '2026-11-30T10:00:00.000Z'
    const keep = (opened_at: number | null): void => {
      using store = storeIn(folder.path)
      store.write({ op: 'destination', destination: { ...known, opened_at, last_error_at } })
    }
    keep(7)
    expect((await jsonOf('notify', 'list')).destinations).toMatchObject([{ last_error: 'down', last_error_at }])
    keep(null)
    expect((await jsonOf('notify', 'list')).destinations).toMatchObject([{ last_error: null, last_error_at: null }])
  })
})

test('files of an earlier version are not half understood: what to do is said in one sentence', async () => {
  for (const version of [2, 4, 5]) {
    rmSync(join(folder.path, 'signals.db'), { force: true })
    openDatabase(join(folder.path, 'signals.db'), signalMigrations.slice(0, version)).close()
    for (const command of ['list', 'outbox', 'preview', 'diff'])
      await expect(cws('notify', command)).rejects.toMatchObject({
        code: 'CWS_ERR_STATE_DIR',
        message: expect.stringMatching(
          /signals\.db was written by an earlier version of the agent: start this one once, which brings it up to date$/,
        ),
      })
  }
  storeIn(folder.path).close()
  expect(await cws('notify', 'outbox')).toBe('nothing is owed to anybody: there are no notifiers\n')
})

describe('notify outbox', () => {
  test('what is owed with its tries and errors, and the dead', async () => {
    await using agent = new Agent()
    await agent.listen()
    agent.begin('team', [
      { result: 'reject', detail: 'no' },
      { result: 'retry', detail: 'busy \u202e', retryAfterMs: 50_000 },
    ])
    const [refused, tried] = [signalOf(), signalOf()]
    agent.offer(refused)
    await until(() => agent.store.dead(1).length === 1, 'the refusal')
    agent.offer(tried)
    await until(() => agent.store.message(`${tried.id}:1:team`)?.last_error, 'the first try')
    const body = await jsonOf('notify', 'outbox')
    expect(body.dead).toEqual([
      {
        key: `${refused.id}:1:team`,
        destination: 'team',
        signal: refused.id,
        revision: 1,
        reason: 'no',
        at: expect.any(Number),
        followed_by: null,
        in_part: false,
      },
    ])
    expect(body.destinations[0].entries).toMatchObject([
      { key: `${tried.id}:1:team`, signal: tried.id, reason: 'opened', attempt: 1, state: 'failed', last_error: 'busy \\u{202e}' },
      { key: null, signal: refused.id, reason: 'repeat', due_in_ms: expect.closeTo(4 * 3600_000, -5) },
    ])
    const told = await cws('notify', 'outbox')
    expect(told).toMatch(new RegExp(`${tried.id}:1:team +opened +1 try +(now|in \\d+s) +busy`))
    expect(told).toMatch(new RegExp(`refused for good\\n .*${refused.id}:1:team +no\\n`))
    await cws('notify', 'replay', `${refused.id}:1:team`)
    expect(await cws('notify', 'outbox')).toContain(`no; followed by ${refused.id}:1:team:2\n`)
  })

  test('without an agent it is read from its files', async () => {
    const [made, waiting] = [signalOf(), signalOf()]
    {
      await using agent = new Agent()
      agent.begin('team', [{ result: 'retry', detail: 'busy' }])
      agent.offer(made)
      await until(() => agent.store.message(`${made.id}:1:team`)?.last_error, 'the try')
      await agent.telling.queue('team')?.retire(new AbortController())
      agent.offer(waiting)
    }
    const { destinations } = await jsonOf('notify', 'outbox')
    expect(destinations).toMatchObject([
      {
        name: 'team',
        state: 'stopped',
        pending: 2,
        entries: expect.arrayContaining([
          expect.objectContaining({ key: `${made.id}:1:team`, reason: 'opened', attempt: 1, last_error: 'busy' }),
          expect.objectContaining({ key: null, signal: waiting.id, due_in_ms: 0 }),
        ]),
      },
    ])
    expect(await cws('notify', 'outbox')).toContain(`${waiting.id}`)
  })

  test('what is told again some day, if nobody acknowledges it, is one line', async () => {
    await using agent = new Agent()
    await agent.listen()
    agent.begin('team')
    for (let i = 0; i < 3; i++) agent.offer(signalOf({ rule: { id: `rule-${i}`, name: 'x' } }))
    await until(() => agent.got.length === 3 && agent.queues[0]?.counters.pending === 0, 'the deliveries')
    expect(await cws('notify', 'outbox')).toMatch(
      /^team {2}ok {2}3 delivered, 0 failed, 0 owed\n {2}3 to be told again while nobody acknowledges, the first in (4h|3h 59m)\nsiem {2}starting {2}0 delivered, 0 failed, 0 owed\n$/,
    )
  })

  test('where no agent ever ran it says so', async () => {
    await expect(cws('notify', 'outbox')).rejects.toMatchObject({ code: 'CWS_ERR_NOT_RUNNING' })
  })
})

describe('notify replay', () => {
  test('tells once more under a new key, once however often it is asked for, and leaves a line in the log [case 67]', async () => {
    await using agent = new Agent()
    await agent.listen()
    agent.begin('team')
    const signal = signalOf()
    agent.offer(signal)
    const first = `${signal.id}:1:team`
    await until(() => agent.store.conversation(signal.id, 'team')?.tellings === 1, 'the delivery')
    expect(await jsonOf('notify', 'replay', first)).toEqual({ kind: 'notify_replay', key: `${first}:2`, replays: first })
    await until(() => agent.got.length === 2, 'the replay')
    expect(agent.got[1]).toMatchObject({ key: `${first}:2`, reason: 'replayed', signal: { id: signal.id, revision: 1 } })
    await expect(cws('notify', 'replay', first)).rejects.toMatchObject({
      code: 'CWS_ERR_USAGE',
      message: `${first} was followed by ${first}:2 since: replay that one`,
    })
    await until(() => agent.store.conversation(signal.id, 'team')?.tellings === 2, 'its end')
    expect(agent.got).toHaveLength(2)
    expect(agent.log.lines).toContainEqual(expect.stringMatching(/^info: told once more.*"replays":"[^"]+:1:team","by":"ada"/))
  })

  test('of what was refused for good; in the order of a destination that is told of each revision', async () => {
    await using agent = new Agent()
    await agent.listen()
    agent.begin('team', [{ result: 'reject', detail: 'no' }], { manner: EACH })
    const signal = signalOf()
    agent.offer(signal)
    await until(() => agent.store.dead(1).length === 1, 'the refusal')
    await cws('notify', 'replay', `${signal.id}:1:team`)
    await until(() => agent.got.length === 2, 'the replay')
    expect(agent.got[1]).toMatchObject({ key: `${signal.id}:1:team:2`, reason: 'replayed', body: bodyOf(signal) })
  })

  test('what is still owed, was never told, or is no key is refused by name', async () => {
    await using agent = new Agent()
    await agent.listen()
    const signal = signalOf()
    agent.offer(signal)
    const key = `${signal.id}:1:team`
    const refusal = async (given: string) =>
      await cws('notify', 'replay', given).then(
        () => '',
        (error: Error) => error.message,
      )
    expect(await refusal(key)).toContain('was never told of a signal')
    agent.begin('team', [{ result: 'retry', detail: 'busy' }])
    await until(() => agent.store.message(key)?.last_error, 'the try')
    expect(await refusal(key)).toBe(`${key} is still owed: it is tried until it arrives`)
    expect(await refusal(`${signal.id}:2:team`)).toBe(`there was no message ${signal.id}:2:team: the last one was ${key}`)
    expect(await refusal(`${signal.id}:1:taem`)).toBe('there is no notifier "taem"; did you mean "team"?')
    expect(await refusal(signal.id)).toContain('a key is <signal>:<revision>:<destination>')
  })
})

describe('notify test', () => {
  test('delivers a message for real, stores nothing, and tells the outcome', async () => {
    await using agent = new Agent()
    await agent.listen()
    const render: Notifier['render'] = ({ reason, title, rule }) => `${reason}: ${title} (${rule})`
    agent.begin('team', [], { render })
    expect(await cws('notify', 'test', 'team')).toBe('delivered\n')
    expect(agent.got).toMatchObject([{ reason: 'test', body: 'test: A test of this notification (undefined)', attempt: 1 }])
    await cws('notify', 'test', 'team', '--rule', 'Tell the team')
    expect(agent.got[1]?.body).toBe('test: A test of this notification (Tell the team)')
    expect(agent.store.signals(10)).toEqual([])
    expect([...agent.store.messages('team')]).toEqual([])
    expect(process.exitCode).toBeUndefined()
  })

  test('one that arrives ends the waiting of a destination that failed', async () => {
    await using agent = new Agent()
    await agent.listen()
    const hour = 3600_000
    agent.begin('team', [
      { result: 'broken', detail: 'no such channel', retryAfterMs: hour },
      { result: 'retry', detail: 'busy' },
    ])
    agent.offer(signalOf())
    const counters = () => agent.telling.queue('team')?.counters
    await until(() => counters()?.state === 'broken', 'the refusal')
    await cws('notify', 'test', 'team')
    expect(agent.got).toHaveLength(2)
    expect(counters()).toMatchObject({ state: 'broken', delivered: 0, pending: 1 })
    expect(await cws('notify', 'test', 'team')).toBe('delivered\n')
    await until(() => counters()?.delivered === 1, 'what is owed')
    expect(counters()).toMatchObject({ state: 'ok', pending: 0 })
  })

  test('says what went wrong, and exits with 1', async () => {
    await using agent = new Agent()
    await agent.listen()
    agent.begin('team', [{ result: 'broken', detail: 'no such \u001b[2J channel' }])
    expect(await cws('notify', 'test', 'team')).toBe('the destination refuses everything: no such \\u{1b}[2J channel\n')
    expect(process.exitCode).toBe(1)
    expect(agent.telling.queue('team')?.counters.state).toBe('ok')
    await expect(cws('notify', 'test', 'siem')).rejects.toMatchObject({ code: 'CWS_ERR_DELIVERY' })
    await expect(cws('notify', 'test', 'tem')).rejects.toMatchObject({ message: 'there is no notifier "tem"; did you mean "team"?' })
    await expect(cws('notify', 'test', 'team', '--rule', 'Tell')).rejects.toMatchObject({ code: 'CWS_ERR_USAGE' })
  })

  test('"heartbeat" is a beat to the watcher outside, at its own terms', async () => {
    await using agent = new Agent()
    await agent.listen()
    await expect(cws('notify', 'test', 'heartbeat')).rejects.toMatchObject({ hint: 'there are: team, siem' })
    const reasons = ['the store refuses signals: full', 'destination team is broken for 900 s']
    agent.beats.push({ result: 'sent', reasons: [] }, { result: 'withheld', reasons }, { result: 'failed', reasons: ['HTTP 404'] })
    expect(await cws('notify', 'test', 'heartbeat')).toBe('delivered\n')
    expect(process.exitCode).toBeUndefined()
    expect(await jsonOf('notify', 'test', 'heartbeat')).toEqual({
      kind: 'notify_test',
      destination: 'heartbeat',
      key: null,
      outcome: { result: 'withheld', detail: reasons.join('; ') },
    })
    expect(process.exitCode).toBe(1)
    await expect(cws('notify', 'test', 'heartbeat', '--rule', 'Archive')).rejects.toMatchObject({ code: 'CWS_ERR_USAGE' })
    await expect(cws('notify', 'test', 'hartbeat')).rejects.toMatchObject({ message: expect.stringContaining('did you mean "heartbeat"?') })
    expect(await cws('notify', 'test', 'heartbeat')).toBe('not delivered: HTTP 404\n')
    expect(agent.got).toEqual([])
  })

  test('"heartbeat" is the notifier of that name where there is one', async () => {
    await using agent = new Agent(['heartbeat'], [])
    await agent.listen()
    agent.begin('heartbeat')
    agent.beats.push({ result: 'withheld', reasons: ['no'] })
    expect(await cws('notify', 'test', 'heartbeat')).toBe('delivered\n')
    expect(agent.got).toHaveLength(1)
  })
})

test('tests and replays are paced for each destination; what is refused says when it may be tried again', async () => {
  await using agent = new Agent()
  await agent.listen()
  for (const name of ['team', 'siem']) agent.begin(name)
  const ask = (what: string, args: object) => agent.desk.answer(what, { by: 'eve', ...args }, 'administrator')
  // What was not tried does not count.
  agent.queues.push(agent.telling.add('late', { log: agent.log, clean, deadlineMs: 1_000 }))
  for (let i = 0; i < 6; i++) await expect(ask('notify.test', { destination: 'late' })).rejects.toMatchObject({ code: 'CWS_ERR_DELIVERY' })
  for (let i = 0; i < 5; i++) await ask('notify.test', { destination: 'team' })
  await expect(cws('notify', 'test', 'team')).rejects.toMatchObject({
    code: 'CWS_ERR_USAGE',
    message: expect.stringMatching(/^5 test messages to "team" were asked for at once: try again in (1m|\d\ds)$/),
  })
  await ask('notify.test', { destination: 'siem' })
  expect(agent.got).toHaveLength(6)
  const signal = signalOf()
  agent.offer(signal)
  let key = `${signal.id}:1:team`
  const again = async () => {
    const tellings = () => agent.store.conversation(signal.id, 'team')?.tellings ?? 0
    const before = tellings()
    key = ((await ask('notify.replay', { key })) as { key: string }).key
    await until(() => tellings() > before, 'the replay')
  }
  await until(() => agent.store.conversation(signal.id, 'team')?.tellings === 1, 'the delivery')
  for (let i = 0; i < 100; i++) await again()
  await expect(again()).rejects.toMatchObject({ message: expect.stringMatching(/^100 replays to "team" were .*: try again in \ds$/) })
})

describe('notify preview', () => {
  const shown: readonly NotificationRule[] = [
    { name: 'Web', when: 'rule.id == "shell-from-web-server" && severity >= high', to: 'file', message: '**{{rule_name}}**: {{title}}' },
    { name: 'Rest', when: 'severity >= medium', to: ['file', 'other'] },
  ]
  beforeEach(() => {
    preset = { plugins: [file({ path: join(folder.path, 'out') }), file({ path: '/dev/null', name: 'other' })], notifications: shown }
  })
  afterEach(() => {
    preset = { plugins: [] }
  })

  test('of what is in the files: which rule, to whom, in which words; nothing acts on a terminal [case 66]', async () => {
    const web = signalOf({ id: '01KB6QRD4V5N0ZK3W8F2T9XHMC', title: 'a \u001b[2J\u202e shell' })
    {
      using store = storeIn(folder.path)
      for (const signal of [web, signalOf({ id: '01KB6QRD4V5N0ZK3W8F2T9XHMA', severity: 'low' })]) put(store, signal, [])
    }
    const told = await cws('notify', 'preview')
    expect(told).toContain('a \\u{1b}[2J\\u{202e} shell 01KB6QRD4V5N0ZK3W8F2T9XHMC\n    Web → file\n    A web server started a shell: a ')
    expect(told).toContain('    Rest → other\n')
    expect(told).toMatch(/\n1 of the newest 2 signals would be told\n$/)
    expect(told).not.toMatch(/\u001b|\u202e/)
    const rows = (await cws('notify', 'preview', 'Web', '--last', '5', '--format', 'json')).split('\n').slice(0, -1)
    expect(rows.map((row) => JSON.parse(row))).toMatchObject([
      { kind: 'preview', rule: 'Web', to: ['file'], signal: { id: web.id }, problem: null },
    ])
    expect(existsSync(join(folder.path, 'out'))).toBe(false)
    await expect(cws('notify', 'preview', 'Wbe')).rejects.toMatchObject({
      message: 'there is no notification rule "Wbe"; did you mean "Web"?',
    })
  })

  test('the rules are those of the file that the agent has, unless another is named', async () => {
    const config = join(folder.path, 'other.config.mjs')
    writeFileSync(config, `export default { plugins: [], notifications: [{ name: 'Elsewhere', to: 'nobody' }] }\n`, { mode: 0o644 })
    const handle: ControlOptions['handle'] = async (what) =>
      what === 'status' ? { config } : what === 'notify.list' ? { rules: [], destinations: [], mutes: [] } : []
    await using _ = await startControl({ runDir: join(folder.path, 'run'), log: memoryLog(), handle })
    await expect(cws('notify', 'preview')).rejects.toMatchObject({
      message: expect.stringMatching(/^\S+other\.config\.mjs:.* no such notifier/),
    })
    expect(await cws('notify', 'preview', '-c', configFile())).toMatch(/^nobody would be told/)
  })

  test('a thousand signals match as the router of an agent has them [case 66]', async () => {
    const signals = Array.from({ length: 1_000 }, (_, i) =>
      signalOf({
        severity: (['low', 'medium', 'high', 'critical'] as const)[i % 4] as 'low',
        rule: { id: i % 3 ? 'a' : 'shell-from-web-server', name: 'x' },
      }),
    )
    const expected = new Map<string, string>()
    {
      await using agent = new Agent(['file', 'other'], shown)
      for (const signal of signals) agent.offer(signal)
      for (const { id } of signals)
        for (const { destination, rule } of agent.store.conversations(id)) expected.set(`${id} ${destination}`, String(rule))
    }
    const rows = (await cws('notify', 'preview', '--last', '1000', '--format', 'json')).split('\n').slice(0, -1)
    const found = new Map<string, string>()
    for (const { signal, rule, to } of rows.map((row) => JSON.parse(row))) for (const name of to) found.set(`${signal.id} ${name}`, rule)
    expect(found).toEqual(expected)
    expect(found.size).toBeGreaterThan(1_000)
  })
})

describe('notify mute', () => {
  const low = () => signalOf({ severity: 'medium', rule: { id: 'noisy', name: 'Noisy' } })
  const mute = (...more: string[]) => cws('notify', 'mute', '--rule', 'noisy', '--reason', 'deploying', ...more)

  test('nobody is told of it, and it is counted; critical ones and archives are told all the same', async () => {
    await using agent = new Agent()
    await agent.listen()
    agent.begin('team')
    expect(await mute('--for', '2h')).toMatch(
      /^ {2}1 rule\.id == "noisy" until .* (2h|1h 59m) left; 0 signals muted\n {6}ada: deploying\n$/,
    )
    const [one, other, critical] = [low(), low(), { ...low(), severity: 'critical' } as const]
    for (const signal of [signalOf(), one, { ...one, revision: 2, count: 2 }, other, critical]) agent.offer(signal)
    await until(() => agent.got.length === 2, 'what is not muted')
    expect(agent.got.map(({ signal }) => [signal.severity, signal.rule.id])).toEqual([
      ['high', 'shell-from-web-server'],
      ['critical', 'noisy'],
    ])
    expect(agent.store.signals(10).filter(({ rule }) => rule !== 'notifications-changed')).toHaveLength(4)
    expect((await jsonOf('notify', 'list')).mutes).toMatchObject([
      { id: 1, when: 'rule.id == "noisy"', reason: 'deploying', by: 'ada', critical: false, muted: 2, ended: null, problem: null },
    ])
    agent.begin('team', [], { manner: EACH })
    const archived = low()
    agent.offer(archived)
    await until(() => agent.got.some(({ signal }) => signal.id === archived.id), 'the archive')
    await mute('--for', '1h', '--include-critical')
    expect((await jsonOf('notify', 'list')).mutes).toHaveLength(2)
  })

  test('what was told before is told no further until the mute ends, then how it is by then', async () => {
    await using agent = new Agent()
    await agent.listen()
    agent.begin('team')
    const signal = low()
    agent.offer(signal)
    await until(() => agent.got.length === 1, 'the first word')
    await mute('--for', '2h')
    agent.offer({ ...signal, revision: 2, severity: 'high', count: 7 })
    const [repeat] = [...(agent.telling.queue('team') as DestinationQueue).items]
    expect(agent.telling.untilMs(repeat?.due ?? 0)).toBeGreaterThan(3600_000)
    await cws('notify', 'unmute', '1')
    await until(() => agent.got.length === 2, 'the rise')
    expect(agent.got[1]).toMatchObject({ reason: 'raised', signal: { revision: 2, count: 7 } })
  })

  test('is there after a restart, says at 80 % and at its end how many were muted, and is shown for a week [case 33]', async () => {
    {
      await using agent = new Agent()
      await agent.listen()
      await mute('--for', '10h')
      agent.offer(low())
    }
    await using agent = new Agent()
    await agent.listen()
    agent.begin('team')
    agent.offer(low())
    const said = () => agent.log.lines.filter((line) => line.startsWith('warn: mute 1'))
    const hour = 3600_000
    expect(agent.mutes.tick(Date.now() + 7.9 * hour)).toBe(false)
    expect(said()).toEqual([])
    agent.mutes.tick(Date.now() + 8.1 * hour)
    agent.mutes.tick(Date.now() + 9 * hour)
    expect(said()).toEqual([expect.stringMatching(/^warn: mute 1 ends at .*: nobody was told of 2 signals so far/)])
    expect(agent.mutes.tick(Date.now() + 10 * hour)).toBe(true)
    expect(said()[1]).toMatch(/^warn: mute 1 has ended: nobody was told of 2 signals/)
    expect((await jsonOf('notify', 'list')).mutes).toMatchObject([{ id: 1, muted: 2, ended: expect.any(String) }])
    agent.offer(low())
    await until(() => agent.got.length === 1, 'what is muted no more')
  })

  test('has an end and a reason, unless it is said that it has none [case 33]', async () => {
    await using agent = new Agent()
    await agent.listen()
    await expect(mute()).rejects.toMatchObject({ code: 'CWS_ERR_USAGE', message: expect.stringContaining('--for 2h') })
    await expect(mute('--for', '31d')).rejects.toMatchObject({ message: expect.stringContaining('at most 30d') })
    await expect(mute('--for', 'soon')).rejects.toMatchObject({ message: expect.stringContaining('"soon"') })
    await expect(cws('notify', 'mute', '--when', 'sevrity > 1', '--for', '1h', '--reason', 'x')).rejects.toMatchObject({
      code: 'CWS_ERR_CONDITION',
    })
    await expect(cws('notify', 'mute', '--for', '1h', '--reason', 'x')).rejects.toMatchObject({
      message: expect.stringContaining('--when'),
    })
    await expect(cws('notify', 'unmute', '7')).rejects.toMatchObject({ message: 'there is no mute 7; there is none' })
    expect((await jsonOf('notify', 'list')).mutes).toEqual([])
    expect(await mute('--forever')).toContain('without an end')
    agent.mutes.tick(Date.now() + 31 * 24 * 3600_000)
    expect(agent.log.lines.at(-1)).toContain('mute 1 has no end')
  })

  test('warns when it hangs on what an attacker chooses', async () => {
    await using agent = new Agent()
    await agent.listen()
    const warn = async (when: string) => (await jsonOf('notify', 'mute', '--when', when, '--for', '1h', '--reason', 'x')).warnings.join()
    expect(await warn('process.file.path == "/usr/bin/apt" && severity < high')).toMatch(
      /who attacks this host chooses process\.file\.path,/,
    )
    expect(await warn('process.ancestors.file.name == "ansible"')).toContain('process.ancestors')
    expect(await warn('"pci" in tags && rule.id == "x" && host.name == "web1"')).toBe('')
  })

  test('of a rule that nobody knows is taken with a warning and the nearest one', async () => {
    await using agent = new Agent()
    await agent.listen()
    const warn = async (when: string) => (await jsonOf('notify', 'mute', '--when', when, '--for', '1h', '--reason', 'x')).warnings
    expect(await warn('rule.id == "nobody-says-what-is-at-work"')).toEqual([])
    const makeup = { plugins: {}, rules: { 'package-changed': '1', 'log-cleared': '2' }, notifications: {} }
    agent.store.write({ op: 'makeup', makeup: JSON.stringify(makeup), steps: [] })
    agent.offer(low())
    expect(await warn('rule.id in ["noisy", "log-cleared"]')).toEqual([])
    expect(await warn('severity < high && rule.id == "package-chnged"')).toEqual([
      'no rule "package-chnged" is at work, and no signal of one is stored; did you mean "package-changed"?',
    ])
    expect(await warn('rule.id == "elsewhere"')).toEqual([expect.stringContaining('`cws rules list` shows those')])
    expect((await jsonOf('notify', 'list')).mutes).toHaveLength(4)
  })

  test('without an agent its files are changed', async () => {
    await expect(mute('--for', '1h')).rejects.toMatchObject({ code: 'CWS_ERR_NOT_RUNNING' })
    storeIn(folder.path).close()
    await mute('--for', '1h')
    expect((await jsonOf('notify', 'list')).mutes).toMatchObject([{ id: 1, muted: 0 }])
    await using agent = new Agent()
    agent.begin('team')
    agent.offer(low())
    agent.offer(signalOf())
    await until(() => agent.got.length === 1, 'what is not muted')
    expect(agent.got[0]?.signal.rule.id).toBe('shell-from-web-server')
    await agent[Symbol.asyncDispose]()
    expect(await cws('notify', 'unmute', '1')).toContain('ended')
  })
})

test('who may use the control socket alone changes no rules, mutes nothing critical or for ever, and sends nothing', async () => {
  await using agent = new Agent()
  agent.begin('team')
  const refusal = async (what: string, args: object = {}) =>
    await agent.desk.answer(what, { by: 'eve', ...args }, 'operator').then(
      () => '',
      ({ code, message }) => `${code}: ${message}`,
    )
  const rule = 'Tell the team'
  const muting = { when: 'rule.id == "x"', reason: 'x', duration: '1h' }
  expect(await refusal('notify.change', { rule, set: { wait: '1m' } })).toBe(
    'CWS_ERR_NOT_ALLOWED: changing notification rules needs root: sudo cws notify edit …',
  )
  expect(await refusal('notify.change', { rule, set: { enabled: false } })).toContain('sudo cws notify disable …')
  expect(await refusal('notify.change', { rule, delete: true })).toContain('sudo cws notify delete …')
  expect(await refusal('notify.change', { rule, reset: true })).toContain('sudo cws notify edit …')
  expect(await refusal('notify.change', { rule: 'New', add: true, set: { to: 'team' } })).toContain('sudo cws notify add …')
  expect(await refusal('notify.mute', { ...muting, critical: true })).toContain('muting critical signals needs root')
  expect(await refusal('notify.mute', { ...muting, duration: undefined, forever: true })).toContain('a mute without an end needs root')
  expect(await refusal('notify.replay', { key: 'x' })).toContain('telling something once more needs root')
  expect(await refusal('notify.test', { destination: 'team' })).toContain('sending a test message needs root')
  expect(agent.got).toEqual([])
  expect(agent.rules.views()?.flatMap(({ edits }) => edits)).toEqual([])
  expect(await refusal('notify.mute', { ...muting, duration: '31d' })).toContain('a mute lasts at most 30d')
  expect(await refusal('notify.mute', muting)).toBe('')
  expect(await refusal('notify.unmute', { id: 1 })).toBe('')
  expect(await refusal('notify.list')).toBe('')
})

describe('what is told of mutes and changes to those from whom they take something', () => {
  const noisy = (severity: Signal['severity'] = 'high') => signalOf({ severity, rule: { id: 'noisy', name: 'Noisy' } })
  const mute = (...more: string[]) => cws('notify', 'mute', '--reason', 'deploying', ...more)
  const hour = 3600_000

  test('a mute of a week reminds at 80 % and ends with the exact number, in messages [case 33]', async () => {
    await using agent = new Agent()
    await agent.listen()
    agent.begin('team')
    agent.begin('siem')
    await expect(mute('--rule', 'noisy')).rejects.toMatchObject({ message: expect.stringContaining('a mute ends') })
    await mute('--rule', 'noisy', '--for', '7d')
    await until(() => agent.notices.length === 1, 'the beginning')
    expect(agent.notices[0]).toMatch(
      /^team: Some signals are muted: Since .*Z mute 1 of ada keeps `rule\.id == "noisy"` from you until .*Z\. The reason that was given: deploying\.$/,
    )
    for (let i = 0; i < 17; i++) agent.offer(noisy())
    const time = vi.spyOn(Date, 'now')
    const begun = Date.now()
    const pass = (ms: number) => {
      time.mockReturnValue(begun + ms)
      agent.mutes.tick()
      agent.telling.announce()
    }
    // Four fifths of it are 5.6 days.
    pass(5.59 * 24 * hour)
    expect([...(agent.telling.queue('team') as DestinationQueue).items]).toEqual([])
    expect(agent.notices).toHaveLength(1)
    pass(5.61 * 24 * hour)
    expect([...(agent.telling.queue('team') as DestinationQueue).items]).toMatchObject([{ reason: 'notice' }])
    pass(6 * 24 * hour)
    time.mockRestore()
    await until(() => agent.notices.length === 2, 'the reminder')
    expect(agent.notices[1]).toMatch(/^team: Mute 1 ends at .*Z: Mute 1, of .*: you were not told of 17 signals so far\./)
    agent.offer(noisy())
    const end = vi.spyOn(Date, 'now').mockReturnValue(begun + 7 * 24 * hour + 1)
    agent.mutes.tick()
    agent.telling.announce()
    end.mockRestore()
    await until(() => agent.notices.length === 3, 'the end')
    expect(agent.notices[2]).toMatch(
      /^team: Mute 1 has ended: 18 signals muted: Mute 1, of .*, has ended at .*: you were not told of 18 signals\./,
    )
    expect(agent.got).toEqual([])
  })

  test('a harmless mute holds up no notice of a worse one', async () => {
    await using agent = new Agent()
    await agent.listen()
    agent.begin('team')
    await mute('--rule', 'noisy', '--for', '1h')
    await mute('--rule', 'other', '--for', '1h')
    await until(() => agent.notices.length === 1, 'the first mute')
    await mute('--when', 'severity <= high', '--for', '1h')
    await until(() => agent.notices.length === 2, 'a mute of all rules')
    expect(agent.notices[1]).toMatch(/^team: Some signals are muted, and 1 more change: .*"other".* mute 3 of ada keeps `severity <= high`/)
    await mute('--rule', 'noisy', '--for', '1h', '--include-critical')
    await until(() => agent.notices.length === 3, 'a mute of what is critical')
    expect(agent.notices[2]).toMatch(/ mute 4 of ada .*, critical ones too\./)
  })

  test('a mute of what is not severe is told at its end, to whom it kept something from', async () => {
    await using agent = new Agent()
    await agent.listen()
    agent.begin('team')
    await mute('--when', 'severity <= medium', '--for', '1h')
    agent.offer(noisy('medium'))
    expect(agent.notices).toEqual([])
    await cws('notify', 'unmute', '1')
    await until(() => agent.notices.length === 1, 'the end')
    expect(agent.notices[0]).toMatch(
      /^team: Mute 1 has ended: one signal muted: .* was ended by ada at .*: you were not told of one signal\./,
    )
  })

  test('a mute that hangs on what an attacker chooses warns, and critical signals are told [case 34]', async () => {
    await using agent = new Agent()
    await agent.listen()
    agent.begin('team')
    expect(await mute('--when', 'process.file.path == "/usr/bin/bash"', '--for', '1h')).toMatch(
      /^warning who attacks this host chooses process\.file\.path, and with it whether this mute holds/,
    )
    for (const severity of ['medium', 'high', 'critical'] as const) agent.offer(noisy(severity))
    await until(() => agent.got.length === 1, 'the critical one')
    expect(agent.got[0]?.signal.severity).toBe('critical')
    expect((await jsonOf('notify', 'list')).mutes).toMatchObject([{ muted: 2, critical: false }])
  })

  test('a rule that is disabled, narrowed or deleted: who heard by it hears of that; what follows at once is one more notice', async () => {
    await using agent = new Agent()
    await agent.listen()
    agent.begin('team')
    agent.begin('siem')
    await cws('notify', 'enable', 'Archive')
    await cws('notify', 'edit', 'Tell the team', '--repeat', '8h')
    expect(agent.notices).toEqual([])
    await cws('notify', 'disable', 'Tell the team')
    await until(() => agent.notices.length === 1, 'the first change')
    expect(agent.notices[0]).toMatch(
      /^team: The notification rule "Tell the team" was changed: 20.*Z, ada: the notification rule "Tell the team" was disabled\.$/,
    )
    await cws('notify', 'enable', 'Tell the team')
    await cws('notify', 'edit', 'Tell the team', '--when', 'severity == critical')
    await cws('notify', 'delete', 'Tell the team')
    await cws('notify', 'delete', 'Archive')
    await until(() => agent.notices.length === 2, 'the other destination')
    expect(agent.notices[1]).toMatch(/^siem: .*"Archive" was deleted\.$/)
    const later = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + hour + 1)
    agent.telling.announce()
    later.mockRestore()
    await until(() => agent.notices.length === 3, 'what was folded')
    expect(agent.notices[2]).toMatch(/, and 1 more change: .* holds for `severity == critical` now, .*"Tell the team" was deleted\.$/)
  })

  test('what was done while no agent ran is logged and told by the next one', async () => {
    preset = {
      plugins: [file({ path: '/dev/null', name: 'team' })],
      notifications: [{ name: 'Tell the team', when: 'severity >= medium', to: 'team' }],
    }
    storeIn(folder.path).close()
    await mute('--rule', 'noisy', '--for', '7d')
    await cws('notify', 'disable', 'Tell the team')
    await cws('notify', 'enable', 'Tell the team')
    preset = { plugins: [] }
    {
      await using agent = new Agent()
      logWhatWasDone(agent.store, agent.log)
      expect(agent.log.lines).toEqual([
        expect.stringMatching(/^warn: while no agent ran: signals are muted.*"reason":"deploying","by":"ada","at":"20/),
        expect.stringMatching(/^warn: while no agent ran: a notification rule was changed.*"by":"ada".*enabled: false/),
        expect.stringMatching(/^warn: while no agent ran: a notification rule was changed.*enabled: true/),
      ])
      agent.telling.announce()
      agent.begin('team')
      await until(() => agent.notices.length === 2, 'both notices')
      expect(agent.notices.join('\n')).toMatch(/"Tell the team" was disabled.*Some signals are muted|Some signals are muted.*was disabled/s)
    }
    await using next = new Agent()
    logWhatWasDone(next.store, next.log)
    next.telling.announce()
    next.begin('team')
    expect(next.log.lines).toEqual([])
    expect(next.notices).toEqual([])
  })
})

describe('notify edit, add, delete, diff', () => {
  test('the log says each field that was changed, whatever stands before it', async () => {
    await using agent = new Agent()
    const message = 'x'.repeat(5_000)
    await agent.desk.answer(
      'notify.change',
      { pad: message, rule: 'Tell the team', set: { message, enabled: false }, by: 'eve' },
      'administrator',
    )
    expect(agent.log.lines).toContainEqual(
      expect.stringMatching(/^warn: a notification rule was changed.*"by":"eve".*edited, .*enabled: false/),
    )
  })

  const listed = async (name = 'Tell the team') =>
    (await jsonOf('notify', 'list')).rules.find((rule: { name: string }) => rule.name === name)
  const edit = (...args: string[]) => cws('notify', 'edit', 'Tell the team', ...args)
  const tells = async (agent: Agent, signal: Signal): Promise<boolean> => {
    agent.offer(signal)
    return agent.store.conversations(signal.id).some(({ destination }) => destination === 'team')
  }
  const low = () => signalOf({ severity: 'low', event: { type: 'exec' } })
  const medium = () => signalOf({ severity: 'medium', event: { type: 'exec' } })

  test('a change decides at once, after a reload and after a restart; --reset forgets it', async () => {
    {
      await using agent = new Agent()
      await agent.listen()
      expect(await tells(agent, low())).toBe(false)
      expect(await edit('--when', 'severity >= low', '--unset', 'repeat')).toContain(
        'Tell the team → team (edited)\n      severity >= low\n',
      )
      expect(await tells(agent, low())).toBe(true)
      agent.reload(RULES)
      expect(await tells(agent, low())).toBe(true)
      expect(agent.log.lines).toContainEqual(expect.stringMatching(/^warn: a notification rule was changed.*"by":"ada"/))
    }
    await using agent = new Agent()
    await agent.listen()
    expect(await tells(agent, low())).toBe(true)
    expect(await listed()).toMatchObject({
      origin: 'edited',
      when: 'severity >= low',
      repeat: null,
      edits: [
        { field: 'repeat', value: null, base: '4h', config: '4h', is_conflict: false, by: 'ada' },
        { field: 'when', value: 'severity >= low', base: 'severity >= medium', config: 'severity >= medium', is_conflict: false },
      ],
    })
    expect(await cws('notify', 'diff')).toMatch(
      /^Tell the team changed\n {2}- +repeat +4h\n {2}\+ +repeat +\(absent\) +ada, .*\n {2}- +when +severity >= medium\n/,
    )
    await edit('--reset')
    expect(await tells(agent, low())).toBe(false)
    expect(await listed()).toMatchObject({ origin: 'config', edits: [] })
    expect(await cws('notify', 'diff')).toBe('rules are as the configuration has them\n')
  })

  test('a configuration that says something else by then is in conflict; the change holds on [case 65]', async () => {
    await using agent = new Agent()
    await agent.listen()
    await edit('--when', 'severity >= low')
    agent.reload([{ name: 'Tell the team', when: 'severity >= high', to: 'team' }])
    expect(await listed()).toMatchObject({ when: 'severity >= low', edits: [{ is_conflict: true, config: 'severity >= high' }] })
    expect(await cws('notify', 'list')).toContain('in conflict with the configuration')
    expect(await cws('notify', 'diff')).toMatch(/- +when +severity >= high +conflict: it was severity >= medium\n/)
    expect(await tells(agent, low())).toBe(true)
    agent.reload([{ name: 'Tell the team', when: 'severity >= low', to: 'team' }])
    expect((await listed()).edits[0].is_conflict).toBe(false)
  })

  test('what the configuration has no more is kept as an orphan, told, and does not fire [case 65]', async () => {
    await using agent = new Agent()
    await agent.listen()
    await edit('--when', 'severity >= low')
    agent.reload([])
    expect(await tells(agent, medium())).toBe(false)
    expect(await listed()).toMatchObject({ origin: 'orphaned', enabled: false })
    expect(await cws('notify', 'diff')).toContain('Tell the team orphaned: the configuration has no such rule; it does not fire')
    expect(agent.log.lines.join('\n')).toContain('the configuration has no notification rule "Tell the team" any more')
    await expect(edit('--wait', '1m')).rejects.toMatchObject({ message: expect.stringContaining('is orphaned') })
    agent.reload(RULES)
    expect(await tells(agent, low())).toBe(true)
    agent.reload([])
    expect(await cws('notify', 'delete', 'Tell the team')).toContain('there is no notification rule "Tell the team" any more')
  })

  test('rules are disabled and enabled, added and deleted', async () => {
    await using agent = new Agent()
    await agent.listen()
    await cws('notify', 'disable', 'Tell the team')
    expect(await tells(agent, medium())).toBe(false)
    expect(await cws('notify', 'list')).toContain('Tell the team → team; repeat 4h (edited, disabled)')
    await cws('notify', 'enable', 'Tell the team')
    expect(await listed()).toMatchObject({ origin: 'config', edits: [] })
    expect(
      await jsonOf('notify', 'add', 'Low ones', '--when', 'severity == low', '--to', 'siem', 'team', '--message', '{{title}}'),
    ).toMatchObject({
      kind: 'notification_rule',
      rule: { name: 'Low ones', origin: 'added', to: ['siem', 'team'], enabled: true },
    })
    expect(await tells(agent, low())).toBe(true)
    await cws('notify', 'edit', 'Low ones', '--to', 'siem')
    expect(await tells(agent, low())).toBe(false)
    expect(await listed('Low ones')).toMatchObject({ origin: 'added', to: ['siem'], message: '{{title}}' })
    await cws('notify', 'delete', 'Low ones')
    expect(await listed('Low ones')).toBeUndefined()
    await cws('notify', 'delete', 'Tell the team')
    expect(await tells(agent, medium())).toBe(false)
    expect(await listed()).toMatchObject({ origin: 'deleted', enabled: false })
    await edit('--reset')
    expect(await tells(agent, medium())).toBe(true)
  })

  test('quiet hours and escalation are given and left out as other fields are', async () => {
    await using agent = new Agent()
    await agent.listen()
    const quiet = { from: '22:00', to: '06:00', zone: 'Europe/Paris', except: 'high' }
    await edit('--quiet', '22:00-06:00 Europe/Paris', '--quiet-except', 'high', '--escalate', '10m:siem', '20m:team,siem')
    const escalate = [
      { after: '10m', to: 'siem' },
      { after: '20m', to: ['team', 'siem'] },
    ]
    expect(await listed()).toMatchObject({ quiet, escalate })
    expect(agent.rules.routes?.[0]).toMatchObject({
      quiet: { from: 1_320, to: 360, except: 3 },
      escalate: [
        { after: 600_000, to: ['siem'] },
        { after: 1_200_000, to: ['team', 'siem'] },
      ],
    })
    const { except: _, ...hours } = quiet
    await cws('notify', 'add', 'Night', '--to', 'siem', '--quiet', '22:00 - 06:00 Europe/Paris')
    expect((await listed('Night')).quiet).toEqual(hours)
    await edit('--unset', 'quiet', 'escalate')
    expect(await listed()).toMatchObject({ quiet: null, escalate: null })
    const refusal = async (...args: string[]) =>
      await edit(...args).then(
        () => '',
        ({ code, message }) => `${code} ${message}`,
      )
    expect(await refusal('--quiet', '22:00-06:00 Europe/Pari')).toMatch(
      /^CWS_ERR_USAGE .*there is no time zone "Europe\/Pari"; did you mean/,
    )
    expect(await refusal('--quiet', '22:00-26:00 UTC')).toContain('`to` must be a time of the day such as 22:00')
    expect(await refusal('--escalate', 'soon:siem')).toContain('must be a duration such as 30m')
    expect(await refusal('--escalate', '10m:siem,taem')).toMatch(/^CWS_ERR_DESTINATION_UNKNOWN .*did you mean "team"/)
    for (const args of [
      ['--quiet', '22:00-06:00'],
      ['--escalate', 'siem'],
      ['--quiet-except', 'high'],
      ['--quiet-except', 'huge'],
    ])
      expect(await refusal(...args), args.join(' ')).not.toBe('')
  })

  test('what goes wrong with a template at signals of some kind is told, by the agent and without one', async () => {
    const loops = `{{#each tags}}${'{{#each tags}}'.repeat(2)}x${'{{/each}}'.repeat(2)}{{/each}}`
    {
      await using agent = new Agent()
      await agent.listen()
      expect(await edit('--message', loops)).toMatch(/^warning `message`: .*loops more than 1000 times/)
      expect((await jsonOf('notify', 'edit', 'Tell the team', '--message', '{{title}}')).warnings).toEqual([])
    }
    preset = { plugins: [file({ path: '/dev/null', name: 'team' })], notifications: [{ name: 'Tell the team', to: 'team' }] }
    expect(await edit('--message', loops)).toMatch(/^warning `message`: .*loops more than 1000 times/)
    preset = { plugins: [] }
  })

  test('a template that mentions somebody whom no destination calls is told, with the nearest id', async () => {
    await using agent = new Agent()
    await agent.listen()
    expect((await jsonOf('notify', 'edit', 'Tell the team', '--message', '{{mention "team" "ann"}}')).warnings).toEqual([])
    expect(await edit('--message', '{{mention "team" "anne"}}')).toMatch(
      /^warning `message`: .*"team" do not allow it; did you mean "ann"\?/,
    )
    expect(await edit('--to', 'siem')).toMatch(/^warning `message`: .*no destination of the kind "team"/)
    // And by each agent that begins with it: another configuration may call others.
    expect(agent.log.lines.filter((line) => line.includes('calls nobody'))).toEqual([
      expect.stringMatching(/^warn: the message of the notification rule "Tell the team", as it was changed: .*did you mean "ann"/),
      expect.stringMatching(/no destination of the kind "team"/),
    ])
  })

  test('what is wrong is refused, and changes nothing', async () => {
    await using agent = new Agent()
    await agent.listen()
    const refused = async (code: string, ...args: string[]) => await expect(cws('notify', ...args)).rejects.toMatchObject({ code })
    await refused('CWS_ERR_CONDITION', 'edit', 'Tell the team', '--when', 'severty > 1')
    await refused('CWS_ERR_DESTINATION_UNKNOWN', 'edit', 'Tell the team', '--to', 'taem')
    await refused('CWS_ERR_TEMPLATE', 'edit', 'Tell the team', '--message', '{{nothing.such}}')
    await refused('CWS_ERR_USAGE', 'edit', 'Tell the team', '--repeat', 'soon')
    await refused('CWS_ERR_USAGE', 'edit', 'Tell the team', '--unset', 'to')
    await refused('CWS_ERR_USAGE', 'edit', 'Tell the team', '--unset', 'nme')
    await refused('CWS_ERR_USAGE', 'edit', 'Tell the team')
    await refused('CWS_ERR_USAGE', 'edit', 'Tell the taem', '--wait', '1m')
    await refused('CWS_ERR_USAGE', 'add', 'Archive', '--to', 'siem')
    expect((await jsonOf('notify', 'diff')).rules).toEqual([])
    agent.reload(undefined)
    await refused('CWS_ERR_USAGE', 'add', 'One', '--to', 'siem')
  })

  test('a change that is wrong under another configuration costs itself alone', async () => {
    await using agent = new Agent()
    await agent.listen()
    await edit('--to', 'siem')
    agent.rules.compose(compositionOf({ destinations: [destinationOf('team')], notifications: RULES.slice(0, 1) }))
    expect(agent.rules.routes).toMatchObject([{ name: 'Tell the team', to: ['team'] }])
    expect(agent.rules.views()).toMatchObject([{ to: ['team'], problem: expect.stringContaining('"siem"') }])
  })

  test('without an agent its files are changed, and preview goes by them', async () => {
    preset = { plugins: [file({ path: '/dev/null' })], notifications: [{ name: 'High', when: 'severity >= high', to: 'file' }] }
    {
      using store = storeIn(folder.path)
      put(store, signalOf({ severity: 'low' }), [])
    }
    expect(await cws('notify', 'preview')).toBe('0 of the newest 1 signal would be told\n')
    await cws('notify', 'edit', 'High', '--when', 'severity >= low')
    expect(await cws('notify', 'preview', 'High')).toContain('1 of the newest 1 signal would be told by "High"\n')
    expect((await jsonOf('notify', 'diff')).rules).toMatchObject([{ name: 'High', origin: 'edited' }])
    preset = { plugins: [] }
  })
})
