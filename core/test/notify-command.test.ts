import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { program } from '../src/cli/main.ts'
import type { NotificationRule } from '../src/config/define-config.ts'
import { startControl } from '../src/delivery/control.ts'
import type { DestinationQueue } from '../src/delivery/destination-queue.ts'
import { NotifyDesk } from '../src/delivery/notify-desk.ts'
import type { DestinationSpec } from '../src/delivery/protocol.ts'
import { routesOf } from '../src/delivery/routing.ts'
import type { SignalStore } from '../src/delivery/store.ts'
import { Telling } from '../src/delivery/telling.ts'
import type { Notification, Notifier, Outcome } from '../src/plugin/notifier.ts'
import type { Signal } from '../src/signals/signal.ts'
import { headOf } from '../src/signals/signal-line.ts'
import { bodyOf, clean, memoryLog, signalOf, storeIn, temporaryFolder, until } from './fixtures/delivery.ts'

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
async function cws(...args: string[]): Promise<string> {
  let out = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text
    return true
  })
  try {
    const distribution = { version: '0', installation: import.meta.url, preset: async () => ({ plugins: [] }), starter: '' }
    const config = ['list'].includes(args[1] ?? '') ? ['--config', configFile()] : []
    const folders = ['--state-dir', folder.path, '--run-dir', join(folder.path, 'run')]
    const isAsked = ['test', 'replay'].includes(args[1] ?? '')
    await program(distribution).parseAsync(['node', 'cws', ...args, ...config, ...(isAsked ? folders.slice(2) : folders)])
  } finally {
    write.mockRestore()
  }
  return out
}

const jsonOf = async (...args: string[]) => JSON.parse(await cws(...args, '--format', 'json'))

const rules: readonly NotificationRule[] = [
  { name: 'Tell the team', when: 'severity >= medium', to: 'team', repeat: '4h' },
  { name: 'Archive', to: ['siem'], enabled: false },
]

function configFile(): string {
  const path = join(folder.path, 'cws.config.mjs')
  writeFileSync(path, `export default { plugins: [], notifications: [] }\n`, { mode: 0o644 })
  return path
}

class Agent {
  readonly store: SignalStore & Disposable
  readonly telling: Telling
  readonly log = memoryLog()
  readonly queues: DestinationQueue[] = []
  readonly got: Notification[] = []
  readonly desk: NotifyDesk
  #control: AsyncDisposable | undefined

  constructor(names: readonly string[] = ['team', 'siem']) {
    this.store = storeIn(folder.path)
    const destinations = names.map((name) => ({ name }) as DestinationSpec)
    this.telling = new Telling(this.store, { destinations, routes: routesOf(rules, names) })
    for (const name of names) this.queues.push(this.telling.add(name, { log: this.log, clean, deadlineMs: 1_000 }))
    this.desk = new NotifyDesk({ store: this.store, telling: this.telling, log: this.log, clean, queues: () => this.queues, rules })
  }

  async listen(): Promise<void> {
    const handle = (what: string, args: unknown) => this.desk.answer(what, args as Readonly<Record<string, unknown>>)
    this.#control = await startControl({ runDir: join(folder.path, 'run'), log: this.log, handle })
  }

  begin(name: string, script: Outcome[] = [], more: Partial<Notifier> = {}): void {
    const deliver: Notifier['deliver'] = async (notification) => {
      this.got.push(notification)
      return script.shift() ?? { result: 'delivered' }
    }
    this.telling.queue(name)?.start({ deliver, ...more })
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

describe('notify list', () => {
  test('the rules of the agent that runs, its destinations and how they are', async () => {
    await using agent = new Agent()
    await agent.listen()
    agent.begin('team')
    agent.telling.queue('siem')?.broken('no such host \u001b[2J')
    const told = await cws('notify', 'list')
    expect(told).toContain('  Tell the team → team; repeat 4h\n      severity >= medium\n  Archive → siem disabled\n      all signals\n')
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

  test('without an agent: the configuration, and what is owed in the files', async () => {
    {
      await using agent = new Agent()
      agent.offer(signalOf())
    }
    expect(await jsonOf('notify', 'list')).toEqual({
      kind: 'notifications',
      rules: [],
      destinations: [{ name: 'team', state: 'stopped', delivered: null, failed: null, pending: 1, last_error: null }],
    })
    expect(await cws('notify', 'list')).toContain('an empty list: nobody is told')
  })
})

describe('notify outbox', () => {
  test('what is owed with its tries and errors, and the dead', async () => {
    await using agent = new Agent()
    await agent.listen()
    agent.begin('team', [
      { result: 'reject', detail: 'no' },
      { result: 'retry', detail: 'busy \u202e' },
    ])
    const [refused, tried] = [signalOf(), signalOf()]
    agent.offer(refused)
    await until(() => agent.store.dead(1).length === 1, 'the refusal')
    agent.offer(tried)
    await until(() => agent.store.message(`${tried.id}:1:team`)?.last_error, 'the first try')
    const body = await jsonOf('notify', 'outbox')
    expect(body.dead).toEqual([
      { key: `${refused.id}:1:team`, destination: 'team', signal: refused.id, revision: 1, reason: 'no', at: expect.any(Number) },
    ])
    expect(body.destinations[0].entries).toMatchObject([
      { key: `${tried.id}:1:team`, signal: tried.id, reason: 'opened', attempt: 1, state: 'failed', last_error: 'busy \\u{202e}' },
      { key: null, signal: refused.id, reason: 'repeat', due_in_ms: expect.closeTo(4 * 3600_000, -5) },
    ])
    const told = await cws('notify', 'outbox')
    expect(told).toMatch(new RegExp(`${tried.id}:1:team +opened +1 try +(now|in \\d+s) +busy`))
    expect(told).toMatch(new RegExp(`refused for good\\n .*${refused.id}:1:team +no\\n`))
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

  test('where no agent ever ran it says so', async () => {
    await expect(cws('notify', 'outbox')).rejects.toMatchObject({ code: 'CWS_ERR_NOT_RUNNING' })
  })
})

describe('notify replay', () => {
  test('tells once more under a new key, once however often it is asked for, and leaves a line in the log', async () => {
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
    agent.begin('team', [{ result: 'reject', detail: 'no' }], { mode: 'every' })
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
    expect(agent.store.messages('team')).toEqual([])
    expect(process.exitCode).toBeUndefined()
  })

  test('says what went wrong, and exits with 1', async () => {
    await using agent = new Agent()
    await agent.listen()
    agent.begin('team', [{ result: 'broken', detail: 'no such \u001b[2J channel' }])
    expect(await cws('notify', 'test', 'team')).toBe('the destination refuses everything no such \\u{1b}[2J channel\n')
    expect(process.exitCode).toBe(1)
    expect(agent.telling.queue('team')?.counters.state).toBe('ok')
    await expect(cws('notify', 'test', 'siem')).rejects.toMatchObject({ code: 'CWS_ERR_DELIVERY' })
    await expect(cws('notify', 'test', 'tem')).rejects.toMatchObject({ message: 'there is no notifier "tem"; did you mean "team"?' })
    await expect(cws('notify', 'test', 'team', '--rule', 'Tell')).rejects.toMatchObject({ code: 'CWS_ERR_USAGE' })
  })
})
