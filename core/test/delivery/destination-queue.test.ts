import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { backoffFor, waitFor } from '../../src/delivery/backoff.ts'
import { DestinationQueue } from '../../src/delivery/destination-queue.ts'
import type { SignalStore } from '../../src/delivery/store.ts'
import type { Notification, Notifier, Outcome } from '../../src/plugin/notifier.ts'
import { rankOf } from '../../src/signals/severity.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { headOf } from '../../src/signals/signal-line.ts'
import { bodyOf, clean, memoryLog, signalOf, storeIn, temporaryFolder } from '../fixtures/delivery.ts'

let folder: ReturnType<typeof temporaryFolder>
let store: SignalStore & Disposable

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
  folder = temporaryFolder()
  store = storeIn(folder.path)
})
afterEach(() => {
  store[Symbol.dispose]()
  folder[Symbol.dispose]()
  vi.useRealTimers()
})

const queueOf = (options: { maxEntries?: number; log?: ReturnType<typeof memoryLog> } = {}): DestinationQueue =>
  new DestinationQueue({ name: 'siem', store, log: memoryLog(), clean, deadlineMs: 15_000, ...options })

function offer(queue: DestinationQueue, signal: Signal): void {
  const body = bodyOf(signal)
  const { row, replaces } = queue.prepare(signal.id, signal.revision, rankOf(signal.severity), body)
  store.write({ op: 'signal', signal: { ...headOf(signal), body }, entries: [row], replaces })
  queue.add(row, replaces)
}

/** A receiver that answers as the script says, then with success. */
function receiver(script: (Outcome | 'hang' | Error)[] = []): Notifier & { readonly got: Notification[]; readonly times: number[] } {
  const got: Notification[] = []
  const times: number[] = []
  return {
    got,
    times,
    async deliver(notification, signal) {
      got.push(notification)
      times.push(performance.now())
      const next = script.shift() ?? { result: 'delivered' }
      if (next === 'hang') return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      if (next instanceof Error) throw next
      return next
    },
  }
}

const keys = (of: { readonly got: Notification[] }): string[] => of.got.map(({ key }) => key)
const owed = (): string[] => [...store.entries()].map((entry) => entry.key)

describe('a destination', () => {
  it('is told at once, and owed nothing afterwards', async () => {
    const to = receiver()
    const queue = queueOf()
    queue.start(to)
    const signal = signalOf()
    offer(queue, signal)
    await vi.advanceTimersByTimeAsync(0)
    expect(to.got).toEqual([{ key: `${signal.id}:1:siem`, signal, reason: 'opened', body: bodyOf(signal), attempt: 1 }])
    expect(owed()).toEqual([])
    expect(queue.counters).toEqual({ state: 'ok', delivered: 1, failed: 0, pending: 0, lastError: undefined })
  })

  it('hears of a growing signal no sooner than every 10 s, and of its last count', async () => {
    const to = receiver()
    const queue = queueOf()
    queue.start(to)
    const signal = signalOf()
    for (let revision = 1; revision <= 25; revision++) {
      offer(queue, { ...signal, revision, count: revision })
      await vi.advanceTimersByTimeAsync(1_000)
    }
    await vi.advanceTimersByTimeAsync(10_000)
    expect(to.got.map(({ signal }) => signal.revision)).toEqual([1, 10, 20, 25])
    expect(to.times.slice(1).every((time, i) => time - (to.times[i] as number) >= 9_999)).toBe(true)
    expect(owed()).toEqual([])
  })

  it('gets the same key and body again until it says yes', async () => {
    const to = receiver([{ result: 'retry', detail: 'HTTP 503' }, new Error('thrown'), { result: 'ambiguous', detail: 'reset' }, 'hang'])
    const queue = queueOf()
    queue.start(to)
    const signal = signalOf()
    offer(queue, signal)
    await vi.advanceTimersByTimeAsync(0)
    offer(queue, { ...signal, revision: 2 })
    await vi.advanceTimersByTimeAsync(120_000)
    expect(keys(to)).toEqual([...Array(5).fill(`${signal.id}:1:siem`), `${signal.id}:2:siem`])
    expect(new Set(to.got.slice(0, 5).map(({ body }) => body)).size).toBe(1)
    expect(to.got.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 1])
    expect(queue.counters).toMatchObject({ state: 'ok', delivered: 2, pending: 0 })
  })

  it('commits a try before the first byte leaves', async () => {
    const queue = queueOf()
    let seen: unknown
    queue.start({
      deliver: async () => {
        seen = [...store.entries()].map(({ attempt, state }) => ({ attempt, state }))
        return { result: 'delivered' }
      },
    })
    offer(queue, signalOf())
    await vi.advanceTimersByTimeAsync(0)
    expect(seen).toEqual([{ attempt: 1, state: 'sending' }])
  })

  it('replaces a revision that was never tried, and no other', async () => {
    const queue = queueOf()
    const signal = signalOf()
    offer(queue, signal)
    offer(queue, { ...signal, revision: 2 })
    expect(owed()).toEqual([`${signal.id}:2:siem`])
    const to = receiver(['hang'])
    queue.start(to)
    await vi.advanceTimersByTimeAsync(0)
    offer(queue, { ...signal, revision: 3 })
    offer(queue, { ...signal, revision: 4 })
    expect(owed()).toEqual([`${signal.id}:2:siem`, `${signal.id}:4:siem`])
  })

  it('buries what is refused for good, and goes on', async () => {
    const to = receiver([{ result: 'reject', detail: 'HTTP 400: no' }])
    const queue = queueOf()
    queue.start(to)
    const [a, b] = [signalOf(), signalOf()]
    offer(queue, a)
    offer(queue, b)
    await vi.advanceTimersByTimeAsync(0)
    expect(store.dead(10)).toMatchObject([{ signal: a.id, reason: 'HTTP 400: no', body: bodyOf(a) }])
    expect(queue.counters).toEqual({ state: 'ok', delivered: 1, failed: 1, pending: 0, lastError: 'HTTP 400: no' })
  })

  it('waits as long as it asks, as a whole', async () => {
    const to = receiver([{ result: 'retry', detail: 'HTTP 429', retryAfterMs: 7_000 }])
    const queue = queueOf()
    queue.start(to)
    offer(queue, signalOf())
    await vi.advanceTimersByTimeAsync(0)
    offer(queue, signalOf({ severity: 'critical' }))
    await vi.advanceTimersByTimeAsync(6_999)
    expect(to.got).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(2)
    expect(to.got).toHaveLength(3)
  })

  it('is probed by one try at a time while it refuses everything, and gets all when it is back', async () => {
    let active = 0
    let most = 0
    let broken = true
    let tries = 0
    const queue = queueOf()
    queue.start({
      async deliver() {
        tries++
        most = Math.max(most, ++active)
        await new Promise((resolve) => setTimeout(resolve, 10))
        active--
        return broken ? { result: 'broken', detail: 'HTTP 401' } : { result: 'delivered' }
      },
    })
    offer(queue, signalOf())
    await vi.advanceTimersByTimeAsync(20)
    for (let i = 0; i < 50; i++) offer(queue, signalOf())
    await vi.advanceTimersByTimeAsync(600_000)
    expect(most).toBe(1)
    expect(tries).toBeLessThan(100)
    expect(queue.counters).toMatchObject({ state: 'broken', delivered: 0, pending: 51, lastError: 'HTTP 401' })
    broken = false
    await vi.advanceTimersByTimeAsync(61_000)
    expect(queue.counters).toMatchObject({ state: 'ok', delivered: 51, pending: 0 })
    expect(most).toBe(4)
  })

  it('that hangs, deaf to its signal, is given up after the deadline as ambiguous', async () => {
    const queue = queueOf()
    queue.start({ deliver: () => new Promise(() => {}) })
    offer(queue, signalOf())
    await vi.advanceTimersByTimeAsync(16_001)
    expect([...store.entries()]).toMatchObject([{ attempt: 1, state: 'ambiguous', last_error: 'no answer within 15000 ms' }])
    expect(queue.counters.state).toBe('failing')
  })

  it('that returns nonsense may have got it', async () => {
    const queue = queueOf()
    queue.start({ deliver: async () => undefined as never })
    offer(queue, signalOf())
    await vi.advanceTimersByTimeAsync(0)
    expect([...store.entries()]).toMatchObject([{ state: 'ambiguous' }])
  })

  it('serves the most severe first, and now and then who waits longest', async () => {
    const to = receiver()
    const queue = queueOf()
    const low = signalOf({ severity: 'low' })
    offer(queue, low)
    for (let i = 0; i < 20; i++) offer(queue, signalOf({ severity: 'high' }))
    const critical = signalOf({ severity: 'critical' })
    offer(queue, critical)
    queue.start(to)
    await vi.advanceTimersByTimeAsync(0)
    expect(to.got[0]?.signal.id).toBe(critical.id)
    expect(to.got.findIndex(({ signal }) => signal.id === low.id)).toBe(7)
  })

  it('that is never there costs a bounded outbox: the least severe go first, counted', () => {
    const queue = queueOf({ maxEntries: 3 })
    const [low, high] = [signalOf({ severity: 'low' }), signalOf()]
    offer(queue, high)
    offer(queue, low)
    const rest = [signalOf({ severity: 'medium' }), signalOf({ severity: 'critical' })]
    for (const signal of rest) offer(queue, signal)
    expect(owed()).toEqual([high, ...rest].map(({ id }) => `${id}:1:siem`))
    expect(queue.counters).toMatchObject({ pending: 3, failed: 1 })
  })

  it('gets after a restart what was owed, under the same key, whatever the clock did', async () => {
    const signal = signalOf()
    {
      const queue = queueOf()
      queue.start(receiver([{ result: 'retry', detail: 'down', retryAfterMs: 60_000 }]))
      offer(queue, signal)
      await vi.advanceTimersByTimeAsync(0)
      expect(await queue.stop(0)).toBe(1)
    }
    vi.setSystemTime(Date.now() - 24 * 3600_000)
    const queue = queueOf()
    for (const row of store.entries()) queue.restore(row)
    const to = receiver()
    queue.start(to)
    await vi.advanceTimersByTimeAsync(60_001)
    expect(to.got).toMatchObject([{ key: `${signal.id}:1:siem`, body: bodyOf(signal), attempt: 2 }])
  })

  it('is told at the end what only waited for its interval; what is under way is cut off in time', async () => {
    const to = receiver()
    const queue = queueOf()
    queue.start(to)
    const signal = signalOf()
    offer(queue, signal)
    await vi.advanceTimersByTimeAsync(0)
    offer(queue, { ...signal, revision: 2 })
    expect(await queue.stop(1_000)).toBe(0)
    expect(to.got.map(({ signal }) => signal.revision)).toEqual([1, 2])

    const slow = queueOf()
    slow.start(receiver(['hang']))
    offer(slow, signalOf())
    const left = slow.stop(1_000)
    await vi.advanceTimersByTimeAsync(1_001)
    expect(await left).toBe(1)
    expect([...store.entries()]).toMatchObject([{ attempt: 1, state: 'ambiguous' }])
  })
})

describe('backoff', () => {
  it('doubles up to its cap, with full jitter', () => {
    const most = (attempt: number, severity: number): number => backoffFor(attempt, severity, () => 1)
    expect([1, 2, 3, 7, 50].map((attempt) => most(attempt, 4))).toEqual([1_000, 2_000, 4_000, 60_000, 60_000])
    expect(most(50, 2)).toBe(300_000)
    expect(backoffFor(5, 2, () => 0)).toBe(800)
  })

  it('takes what the receiver asks for within bounds', () => {
    expect(waitFor(500, undefined)).toBe(500)
    expect(waitFor(500, 7_000)).toBe(7_000)
    expect(waitFor(500, 100)).toBe(500)
    expect(waitFor(500, 1e12)).toBe(3_600_000)
    expect(waitFor(500, -1)).toBe(500)
    expect(waitFor(500, Number.NaN)).toBe(500)
  })
})
