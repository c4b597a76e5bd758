import { existsSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { Receiver } from '../../../tests/support/http-receiver.ts'
import type { NotificationRule } from '../../src/config/define-config.ts'
import { ask } from '../../src/delivery/control/control-client.ts'
import type { DeliveryOptions, Supervision } from '../../src/delivery/protocol.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { chat } from '../fixtures/chat-notifier.ts'
import { signalOf, temporaryFolder, until } from '../fixtures/delivery.ts'
import { DeliveryProcess, destination, optionsIn } from '../fixtures/delivery-harness.ts'
import { hasStored, type StoredRows, storedRows } from '../fixtures/stored-rows.ts'

// Each test starts processes of its own; on a loaded machine that takes its time.
vi.setConfig({ testTimeout: 90_000 })

/** All states a message can be in are gone through in `kill-points.test.ts` as well, without processes. */
const long = it.skipIf(!process.env['CWS_TEST_LONG'])

/** Longer than a thread may be silent; in the long run also longer than a try may take. */
const STOPPED_MS = process.env['CWS_TEST_LONG'] ? 20_000 : 2_000

const NAME = 'chat'
type Answer = 'hold' | 'take' | 'drop' | number

/** A receiver, an agent that is killed at will, and the folder that outlives both. */
class House implements AsyncDisposable {
  readonly #folder = temporaryFolder()
  readonly #receiver: Receiver
  readonly #stack = new AsyncDisposableStack()
  /** What the receiver does with what comes. */
  answer: Answer = 'take'
  readonly #held: ServerResponse[] = []
  mode: 'latest' | 'every' = 'latest'
  rules: readonly NotificationRule[] = [{ name: 'All', to: NAME, update: '1s' }]
  #process: DeliveryProcess | undefined

  private constructor(receiver: Receiver) {
    this.#receiver = receiver
  }

  static async open(set: Partial<Pick<House, 'answer' | 'mode' | 'rules'>> = {}): Promise<House> {
    const house: House = Object.assign(new House(await Receiver.start((response) => house.#respond(response))), set)
    house.#stack.use(house.#receiver)
    return house
  }

  #respond(response: ServerResponse): void {
    if (this.answer === 'hold') {
      this.#held.push(response)
      return
    }
    if (this.answer === 'drop') response.socket?.destroy()
    else response.writeHead(this.answer === 'take' ? 200 : this.answer).end()
  }

  file(name: string): string {
    return join(this.#folder.path, name)
  }

  get options(): DeliveryOptions {
    const [held, fatal] = [this.file('held'), this.file('fatal')]
    const destinations = [destination(chat({ url: this.#receiver.url, mode: this.mode, held, fatal }))]
    return optionsIn(this.#folder.path, { destinations, notifications: this.rules })
  }

  get stored(): StoredRows {
    return storedRows(this.options.stateDir)
  }

  /** What came to the receiver, as it came. */
  get got(): { readonly key: string; readonly body: string; readonly reason: string; readonly revision: number }[] {
    return this.#receiver.got.map(({ headers, body }) => ({ key: String(headers['x-key']), body, ...JSON.parse(body) }))
  }

  get keys(): string[] {
    return this.got.map(({ key }) => key)
  }

  /** Answers what was held. */
  release(): void {
    for (const response of this.#held.splice(0)) this.#respond(response)
  }

  async start(supervision: Partial<Supervision> = {}): Promise<DeliveryProcess> {
    const process = this.#stack.use(new DeliveryProcess({ ...this.options, supervision }))
    this.#process = process
    await process.hears('started')
    return process
  }

  async tell(...signals: readonly Signal[]): Promise<void> {
    for (const signal of signals) this.#process?.tell({ signal })
    await until(() => hasStored(this.options.stateDir, signals), 'the signals in the store')
  }

  async archive({ id }: Signal): Promise<void> {
    await ask(this.options.runDir, 'signals.archive', { ids: [id] })
  }

  /** kill -9 once the store holds this. */
  async killedWhen(condition: (stored: StoredRows) => boolean, what: string): Promise<StoredRows> {
    await until(() => condition(this.stored), what, 30_000)
    await this.#process?.kill()
    const { stored } = this
    // It is as it was seen.
    expect(condition(stored), what).toBe(true)
    return stored
  }

  /** Another agent tells all that is owed, to a receiver that is well; then it ends. */
  async isToldAll(): Promise<void> {
    this.answer = 'take'
    const process = await this.start()
    await until(() => everythingIsTold(this.stored), 'all to be told', 60_000)
    process.tell({ stop: 5_000 })
    expect(await process.hears('stopped')).toEqual({ pending: 0 })
    await process.exited
    expect(everythingIsTold(this.stored)).toBe(true)
    const bodies = new Map<string, string>()
    for (const { key, body } of this.got) {
      expect(bodies.get(key) ?? body, key).toBe(body)
      bodies.set(key, body)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
    this.#folder[Symbol.dispose]()
  }
}

/** No message is left, and each conversation is about the newest that there is. */
function everythingIsTold({ conversations, messages, signals }: StoredRows): boolean {
  const newest = new Map(signals.map(({ id, revision, status }) => [id, { revision, status }]))
  return (
    messages.length === 0 &&
    conversations.every(({ signal, told_revision, told_status }) => {
      const row = newest.get(signal)
      return row?.revision === told_revision && row.status === told_status
    })
  )
}

const states = ({ messages }: StoredRows): string[] => messages.map(({ state }) => state).sort()
const isIn =
  (...wanted: string[]) =>
  (stored: StoredRows): boolean =>
    states(stored).join() === wanted.join()
const grown = (signal: Signal, revision: number): Signal => ({ ...signal, revision, count: revision })

describe('killed while a message is', () => {
  long('waiting for its turn: each revision comes, in order [case 11]', async () => {
    await using house = await House.open({ answer: 'hold', mode: 'every' })
    await house.start()
    const signal = signalOf()
    await house.tell(signal, grown(signal, 2), grown(signal, 3))
    await until(() => house.keys.length === 1, 'the first')
    await house.killedWhen(isIn('sending', 'waiting', 'waiting'), 'two that wait')
    await house.isToldAll()
    expect(house.keys).toEqual([1, 1, 2, 3].map((revision) => `${signal.id}:${revision}:${NAME}`))
  })

  it('being made: it is made and comes [case 11]', async () => {
    await using house = await House.open()
    writeFileSync(house.file('held'), '')
    const process = await house.start()
    const signal = signalOf()
    process.tell({ signal })
    await house.killedWhen(isIn('making'), 'one that is made')
    expect(house.got).toEqual([])
    rmSync(house.file('held'))
    await house.isToldAll()
    expect(house.keys).toEqual([`${signal.id}:1:${NAME}`])
  })

  long('on its way: it comes again, the same, before what is newer [case 11]', async () => {
    await using house = await House.open({ answer: 'hold' })
    await house.start()
    const signal = signalOf()
    await house.tell(signal)
    await until(() => house.keys.length === 1, 'the first try')
    await house.tell(grown(signal, 2))
    await house.killedWhen(isIn('sending'), 'one on its way')
    await house.isToldAll()
    expect(house.keys).toEqual([1, 1, 2].map((revision) => `${signal.id}:${revision}:${NAME}`))
  })

  long('failed, and not taken: the newest comes, once [case 11]', async () => {
    await using house = await House.open({ answer: 503 })
    await house.start()
    const signal = signalOf()
    await house.tell(signal)
    await until(() => isIn('failed')(house.stored), 'the failure')
    await house.tell(grown(signal, 2))
    await house.killedWhen(isIn('failed'), 'one that failed')
    const refused = house.got.length
    await house.isToldAll()
    expect(house.got.slice(refused)).toMatchObject([{ reason: 'opened', revision: 2 }])
  })

  it('perhaps there, and its signal archived: it comes again, the same, and then the end [case 26]', async () => {
    await using house = await House.open({ answer: 'drop' })
    await house.start()
    const signal = signalOf()
    await house.tell(signal)
    await until(() => isIn('ambiguous')(house.stored), 'the doubt')
    await house.archive(signal)
    await house.killedWhen(isIn('ambiguous'), 'one in doubt')
    await house.isToldAll()
    expect(new Set(house.keys)).toEqual(new Set([`${signal.id}:1:${NAME}`, `${signal.id}:1:${NAME}:2`]))
    expect(house.got.slice(-2).map(({ reason }) => reason)).toEqual(['opened', 'archived'])
  })

  long('refused for good: it does not come again, what is newer does [case 11]', async () => {
    await using house = await House.open({ answer: 400 })
    await house.start()
    // What is graver is told of to others besides.
    const signal = signalOf({ severity: 'medium' })
    await house.tell(signal)
    const { dead } = await house.killedWhen(({ dead }) => dead.length === 1, 'a dead one')
    const refused = house.keys.length
    house.answer = 'take'
    await house.start()
    await house.tell(grown(signal, 2))
    await house.killedWhen(everythingIsTold, 'what is newer')
    expect(house.got.slice(refused)).toMatchObject([{ reason: 'updated', revision: 2 }])
    expect(house.stored.dead).toEqual(dead)
  })
})

describe('killed while a signal', () => {
  long('waits for more before its first word: it is told [case 11]', async () => {
    await using house = await House.open({ rules: [{ name: 'All', to: NAME, wait: '3s' }] })
    await house.start()
    const signal = signalOf()
    await house.tell(signal)
    const { conversations, messages } = await house.killedWhen(({ messages }) => messages.length === 0, 'no message')
    expect(conversations).toMatchObject([{ told_revision: 0, due: expect.any(Number) }])
    expect(messages).toEqual([])
    await house.isToldAll()
    expect(house.keys).toEqual([`${signal.id}:1:${NAME}`])
  })

  long('is held by quiet hours: it is held on, and told when there are none any more [case 11]', async () => {
    const hour = (offset: number) => `${String((new Date().getUTCHours() + 24 + offset) % 24).padStart(2, '0')}:00`
    const quiet = { from: hour(-1), to: hour(3), zone: 'UTC', except: 'critical' } as const
    await using house = await House.open({ rules: [{ name: 'All', to: NAME, quiet }] })
    const [high, critical] = [signalOf(), signalOf({ severity: 'critical', event: { type: 'exec' } })]
    await house.start()
    await house.tell(high)
    await house.killedWhen(({ conversations }) => conversations[0]?.due != null, 'one that is held')
    await house.start()
    await house.tell(critical)
    await until(() => house.keys.length === 1, 'what no hours hold')
    await house.killedWhen(({ messages }) => messages.length === 0, 'that to be told')
    expect(house.keys).toEqual([`${critical.id}:1:${NAME}`])
    house.rules = [{ name: 'All', to: NAME }]
    await house.isToldAll()
    expect(house.keys).toEqual([critical, high].map(({ id }) => `${id}:1:${NAME}`))
  })

  long('is held since its destination refuses everything: that is known on, and all is told when it is well [case 11]', async () => {
    await using house = await House.open({ answer: 401 })
    await house.start()
    const signals = Array.from({ length: 12 }, () => signalOf())
    await house.tell(...signals)
    await until(() => house.stored.destinations[0]?.opened_at != null, 'the breaker')
    const { destinations } = await house.killedWhen(({ conversations }) => conversations.length === 12, 'all')
    const process = await house.start()
    process.tell({ counters: true })
    expect(await process.hears('counters')).toMatchObject({ destinations: { [NAME]: { state: 'broken', pending: 12 } } })
    await process.kill()
    expect(house.stored.destinations[0]?.opened_at).toBe(destinations[0]?.opened_at)
    const refused = house.got.length
    await house.isToldAll()
    expect(new Set(house.keys.slice(refused))).toEqual(new Set(signals.map(({ id }) => `${id}:1:${NAME}`)))
  })
})

it('a process that ends twice while a message is made tells it in the plainest form, and lives [case 69]', async () => {
  await using house = await House.open()
  writeFileSync(house.file('fatal'), '')
  const signal = signalOf()
  const first = await house.start()
  first.tell({ signal })
  await first.exited
  const second = new DeliveryProcess(house.options)
  await second.exited
  expect(house.got).toEqual([])
  expect(states(house.stored)).toEqual(['making'])
  const third = await house.start()
  await until(() => house.keys.length === 1, 'the message')
  expect(house.got).toMatchObject([{ key: `${signal.id}:1:${NAME}`, reason: 'opened', tier: 2 }])
  await until(() => everythingIsTold(house.stored), 'its end')
  expect(house.stored.dead).toMatchObject([{ key: `${signal.id}:1:${NAME}`, reason: expect.stringContaining('2 threads ended') }])
  expect(third.child.exitCode).toBeNull()
  expect(existsSync(house.file('fatal'))).toBe(true)
})

it('a second agent on the same folder is refused, with the process of the first, and tells nobody anything [case 16]', async () => {
  await using house = await House.open({ answer: 'hold' })
  await using other = await House.open()
  const first = await house.start()
  const signal = signalOf()
  await house.tell(signal)
  await until(() => house.keys.length === 1, 'the first try')
  await using second = new DeliveryProcess({ ...house.options, destinations: other.options.destinations })
  expect(await second.hears('failed')).toMatchObject({
    code: 'CWS_ERR_STATE_LOCKED',
    message: expect.stringContaining(`process ${first.child.pid},`),
  })
  expect(await second.exited).toBe(1)
  expect(other.got).toEqual([])
  // The first is as it was.
  await house.killedWhen(isIn('sending'), 'one on its way')
  await house.isToldAll()
  expect(new Set(house.keys)).toEqual(new Set([`${signal.id}:1:${NAME}`]))
})

it('stopped for longer than it waits for an answer, and then continued: all comes, nothing twice with another body, no thread is replaced [case 30]', async () => {
  await using house = await House.open({ answer: 'hold' })
  const process = await house.start({ pingMs: 100, hangMs: 1_000 })
  const [first, ...others] = Array.from({ length: 40 }, (_, i) => signalOf({ event: { type: 'exec', process: { pid: 100 + i } } })) as [
    Signal,
  ]
  await house.tell(first)
  await until(() => house.keys.length === 1, 'the first try')
  process.child.kill('SIGSTOP')
  // What comes meanwhile waits in the pipe.
  for (const signal of others) process.tell({ signal })
  house.answer = 'take'
  house.release()
  await new Promise((resolve) => setTimeout(resolve, STOPPED_MS))
  process.child.kill('SIGCONT')
  await until(() => house.keys.length >= 40 && everythingIsTold(house.stored), 'all to be told', 60_000)
  process.tell({ counters: true })
  expect(await process.hears('counters')).toMatchObject({ restarts: 0, destinations: { [NAME]: { state: 'ok', pending: 0, failed: 0 } } })
  expect(new Set(house.keys).size).toBe(40)
  const bodies = new Set(house.got.map(({ key, body }) => `${key} ${body}`))
  expect(bodies.size).toBe(40)
})
