import { copyFileSync, mkdirSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Random, seed } from '../../../tests/support/seed.ts'
import type { NotificationRule } from '../../src/config/define-config.ts'
import type { DestinationSpec } from '../../src/delivery/protocol.ts'
import { SIGNALS_FILE, SignalStore } from '../../src/delivery/store/store.ts'
import { routesOf } from '../../src/delivery/telling/routing.ts'
import { Telling } from '../../src/delivery/telling/telling.ts'
import type { Manner } from '../../src/plugin/manner.ts'
import type { Notifier, Outcome } from '../../src/plugin/notifier.ts'
import { severities } from '../../src/signals/severity.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { headOf } from '../../src/signals/signal-line.ts'
import { bodyOf, clean, memoryLog, signalOf, temporaryFolder } from '../fixtures/delivery.ts'
import { storedRows } from '../fixtures/stored-rows.ts'

/**
 * What kill -9 leaves is what was written so far. So the files of the store are copied at every change that is committed, and an agent begins anew on each
 * copy, with the receivers as they were at that moment.
 */
const [stories, points] = process.env['CWS_TEST_LONG'] ? [20, 100] : [1, 10]

const NAMES = ['plain', 'chat', 'pager', 'night', 'log'] as const
type Name = (typeof NAMES)[number]

/** 23:30 in Paris. */
const EVENING = Date.parse('2026-07-01T21:30:00Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** After this all is quiet: the night is over, what interrupts was told its last count, no backoff is left. */
const REST = 14 * HOUR

const rules: NotificationRule[] = [
  { name: 'Low', when: 'severity == low', to: 'night', quiet: { from: '22:00', to: '06:00', zone: 'Europe/Paris', except: 'critical' } },
  { name: 'Chat', to: 'chat', wait: '30s', repeat: '4h', escalate: [{ after: '10m', to: 'pager' }] },
  { name: 'All', to: ['plain', 'log'] },
  { name: 'Page', when: 'severity >= high', to: 'pager' },
]

interface Arrival {
  readonly name: Name
  readonly key: string
  readonly body: string
  readonly signal: Signal
  readonly reason: string
}

/** Receivers, which outlive the agent. */
class Receivers {
  readonly arrivals: Arrival[]
  /** Texts that were made so far: no two are the same. */
  made = 0
  readonly #next: () => Outcome

  constructor(next: () => Outcome, arrivals: readonly Arrival[] = []) {
    this.#next = next
    this.arrivals = [...arrivals]
  }

  notifier(name: Name): Notifier {
    const deliver: Notifier['deliver'] = async ({ key, body, signal, reason }) => {
      const outcome = this.#next()
      // What was refused was read as well, but it does not count as told.
      if (outcome.result === 'delivered' || outcome.result === 'ambiguous') this.arrivals.push({ name, key, body, signal, reason })
      return outcome.result === 'delivered' ? { ...outcome, receipt: key } : outcome
    }
    const render: Notifier['render'] = ({ message }) => JSON.stringify([++this.made, Math.random(), message])
    return name === 'plain' || name === 'log' ? { deliver } : { deliver, render }
  }
}

/** A store that says when it has committed something. */
class WatchedStore extends SignalStore {
  onWrite = (): void => {}

  override write(...args: Parameters<SignalStore['write']>): void {
    super.write(...args)
    this.onWrite()
  }
}

/** An agent as far as it tells of signals. */
class House implements Disposable {
  readonly store: WatchedStore
  readonly telling: Telling

  constructor(stateDir: string, receivers: Receivers) {
    this.store = new WatchedStore({ stateDir, log: memoryLog() })
    const destinations = NAMES.map((name) => ({ name }) as DestinationSpec)
    this.telling = new Telling(this.store, { destinations, routes: routesOf(rules, NAMES) })
    for (const name of NAMES) {
      const manner: Partial<Manner> = { mode: name === 'log' ? 'every' : 'latest', interrupts: name === 'pager' }
      const queue = this.telling.add(name, { log: memoryLog(), clean, deadlineMs: 15_000, manner })
      this.telling.restore(queue)
      queue.start(receivers.notifier(name))
    }
  }

  tell(signal: Signal): void {
    const { write, told } = this.telling.prepare(headOf(signal), bodyOf(signal))
    this.store.write(write)
    told()
  }

  [Symbol.dispose](): void {
    this.store.close()
  }
}

/** What a kill at one moment leaves. */
interface Point {
  readonly folder: string
  readonly at: number
  readonly arrivals: readonly Arrival[]
}

/** Signals come, grow, are judged, while the receivers do as they like; the store is copied at each change. */
async function story(path: string, random: Random): Promise<Point[]> {
  const found: Point[] = []
  const home = join(path, 'home')
  mkdirSync(home)
  const receivers = new Receivers(() =>
    random.below(2) === 0
      ? { result: 'delivered' }
      : random.one<Outcome>([
          { result: 'retry', detail: 'HTTP 503' },
          { result: 'retry', detail: 'HTTP 429', retryAfterMs: 20_000 },
          { result: 'ambiguous', detail: 'reset' },
          { result: 'ambiguous', detail: 'reset' },
          { result: 'broken', detail: 'HTTP 401' },
          { result: 'reject', detail: 'HTTP 400' },
        ]),
  )
  using house = new House(home, receivers)
  using other = new DatabaseSync(join(home, SIGNALS_FILE))
  other.exec('PRAGMA synchronous=OFF')
  house.store.onWrite = () => {
    const folder = join(path, `point-${found.length}`)
    mkdirSync(folder)
    for (const suffix of ['', '-wal']) copyFileSync(join(home, SIGNALS_FILE + suffix), join(folder, SIGNALS_FILE + suffix))
    found.push({ folder, at: Date.now(), arrivals: [...receivers.arrivals] })
    // The next change is all that is in the log then.
    other.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  }
  const signals: Signal[] = []
  for (let step = 0; step < 25; step++) {
    const index = random.below(signals.length + 2)
    const before = signals[index]
    if (!before) {
      const process = { pid: 1_000 + step, ancestors: [{ pid: 1 }] }
      const event = { type: 'exec', process, container: { id: '' } }
      const signal = signalOf({ severity: random.one(severities.slice(1)), event })
      signals.push(signal)
      house.tell(signal)
    } else if (random.below(4) === 0) {
      const status = random.one(['acknowledged', 'archived'] as const)
      house.telling.judge.write({ op: 'judge', signal: before.id, status })
    } else {
      const severity = random.below(4) === 0 ? 'critical' : before.severity
      const signal = { ...before, revision: before.revision + 1, count: before.count + random.below(20), severity }
      signals[index] = signal
      house.tell(signal)
    }
    await vi.advanceTimersByTimeAsync(random.one([0, 1, 500, 10_000, MINUTE, 7 * MINUTE, 40 * MINUTE]))
  }
  house.store.onWrite = () => {}
  await house.telling.stop(0)
  return found
}

/** An agent begins on what the kill left, and its receivers are well from now on. */
async function after({ folder, at, arrivals }: Point, random: Random): Promise<void> {
  vi.setSystemTime(at + random.one([0, 1_000, HOUR]))
  const left = storedRows(folder)
  const receivers = new Receivers(() => ({ result: 'delivered' }), arrivals)
  using house = new House(folder, receivers)
  await vi.advanceTimersByTimeAsync(REST)
  const told = receivers.arrivals
  const bodies = new Map<string, string>()
  for (const { key, body } of told) {
    expect(bodies.get(key) ?? body, key).toBe(body)
    bodies.set(key, body)
  }
  for (const { key, body, state } of left.messages) {
    if (state !== 'sending' && state !== 'ambiguous') continue
    expect(told.slice(arrivals.length), `${key}, ${state}`).toContainEqual(expect.objectContaining({ key, body }))
  }
  // They take everything, and everything can be made.
  expect(storedRows(folder).dead.map(({ key, reason }) => [key, reason])).toEqual(left.dead.map(({ key, reason }) => [key, reason]))
  const dead = new Set(left.dead.map(({ key }) => key))
  for (const conversation of storedRows(folder).conversations) {
    const { signal, destination } = conversation
    const heard = told.filter((arrival) => arrival.name === destination && (arrival.signal.id === signal || arrival.body.includes(signal)))
    const isDead = [...dead].some((key) => key.startsWith(`${signal}:`) && key.includes(`:${destination}`))
    const row = house.store.signal(signal)
    const about = JSON.stringify({ conversation, row: { ...row, body: undefined }, heard: heard.map(({ key, reason }) => [key, reason]) })
    if (!row) throw new Error(`no signal: ${about}`)
    // Nobody hears that something was judged who never heard of it.
    if (!isDead) expect(['acknowledged', 'archived'], about).not.toContain(heard[0]?.reason)
    // What was judged before anybody was told needs no word; nor what only an escalation would tell.
    if (conversation.told_revision === 0 && (row.status !== 'open' || conversation.opened_at === null)) continue
    if (!isDead) expect(heard.length, about).toBeGreaterThan(0)
    expect(conversation.told_status, about).toBe(row.status)
    // Of what is archived nobody hears further. A count that is the same interrupts nobody, nor does one of what is acknowledged.
    if (destination === 'pager' ? row.status === 'open' : row.status !== 'archived') {
      if (destination === 'pager') expect(conversation.told_count, about).toBe(row.count)
      else expect(conversation.told_revision, about).toBe(row.revision)
      expect(conversation.told_severity, about).toBe(row.severity)
    }
    if (destination === 'log' && !isDead) {
      const revisions = [...new Set(heard.map((arrival) => arrival.signal.revision))]
      expect(revisions, about).toEqual(Array.from({ length: row.revision }, (_, i) => i + 1))
    }
  }
  expect(storedRows(folder).messages.filter(({ reason }) => reason !== 'repeat')).toEqual([])
  await house.telling.stop(0)
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})
afterEach(() => void vi.useRealTimers())

it(
  `what is killed after any commit is taken up by the next agent, ${stories} stories, CWS_TEST_SEED=${seed} [case 11]`,
  async () => {
    const states = new Set<string>()
    for (let i = 0; i < stories; i++) {
      const random = new Random(seed + i)
      using folder = temporaryFolder()
      vi.setSystemTime(EVENING)
      const all = await story(folder.path, random)
      const some = all.length <= points ? all : Array.from({ length: points }, () => random.one(all))
      for (const point of new Set(some)) {
        const wal = join(point.folder, `${SIGNALS_FILE}-wal`)
        // Killed within the commit: what is written of it so far does not count.
        if (random.below(4) === 0) truncateSync(wal, random.below(readFileSync(wal).length))
        for (const { state } of storedRows(point.folder).messages) states.add(state)
        try {
          await after(point, random)
        } catch (error) {
          throw new Error(`seed ${seed + i}, ${point.folder.slice(folder.path.length + 1)} of ${all.length}`, { cause: error })
        }
      }
    }
    if (stories > 10) expect(states).toEqual(new Set(['waiting', 'making', 'sending', 'failed', 'ambiguous']))
  },
  60_000 + stories * points * 1_000,
)
