import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { NotificationRule } from '../../src/config/define-config.ts'
import type { DestinationSpec } from '../../src/delivery/protocol.ts'
import type { DestinationQueue } from '../../src/delivery/queue/destination-queue.ts'
import type { SignalStore } from '../../src/delivery/store/store.ts'
import { routesOf } from '../../src/delivery/telling/routing.ts'
import { Telling } from '../../src/delivery/telling/telling.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { headOf } from '../../src/signals/signal-line.ts'
import { bodyOf, clean, memoryLog, owedIn, storeIn, temporaryFolder } from '../fixtures/delivery.ts'
import { Faltering, inside, POISON, receiver, signalOf } from '../fixtures/poisoned.ts'

const MINUTE = 60_000
const REFUSAL = { result: 'broken', detail: 'HTTP 403' } as const

let folder: ReturnType<typeof temporaryFolder>
let store: SignalStore & Disposable
let telling: Telling

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] })
  folder = temporaryFolder()
  store = storeIn(folder.path)
})
afterEach(async () => {
  await telling.stop(0)
  store[Symbol.dispose]()
  folder[Symbol.dispose]()
  vi.useRealTimers()
})

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

function queueOf(rules: readonly NotificationRule[] = [{ name: 'All', to: 'siem' }]): DestinationQueue {
  telling = new Telling(store, { destinations: [{ name: 'siem' } as DestinationSpec], routes: routesOf(rules, ['siem']) })
  return telling.add('siem', { log: memoryLog(), clean, deadlineMs: 15_000 })
}

function offer(signal: Signal): void {
  const { write, told } = telling.prepare(headOf(signal), bodyOf(signal))
  store.write(write)
  told()
}

const ruled = (signal: Signal, rule: string): Signal => ({ ...signal, rule: { id: rule, name: rule } })
const idsOf = (signals: readonly { readonly id: string }[]): readonly string[] => signals.map(({ id }) => id).sort()

describe('a message that a destination always refuses', () => {
  it.each(['one', 'two of several rules'])('keeps nothing quiet for long where nothing else is owed (%s)', async (many) => {
    const queue = queueOf()
    const { notifier, got, give } = receiver(offer, REFUSAL)
    queue.start(notifier)
    const bad = [give(inside('critical', POISON))]
    if (many !== 'one') bad.push(give(ruled(inside('critical', POISON), 'other')))
    const part = [give(inside('medium', 'before')), give(inside('high', 'before'))]
    await pass(4 * MINUTE)
    const after = give(inside('high', 'after'))
    await pass(1)
    expect(idsOf(got.map(({ signal }) => signal))).toEqual(idsOf([...part, after]))
    expect(owedIn(store).sort()).toEqual(idsOf(bad))
    expect(queue.counters).toMatchObject({ state: 'ok', pending: bad.length })
  })

  it('nor where a new one comes every nine seconds', async () => {
    const queue = queueOf()
    const { notifier, delays, give } = receiver(offer, REFUSAL)
    queue.start(notifier)
    const parts: Signal[] = []
    for (let i = 0; i < 100; i++) {
      give(ruled(inside('critical', POISON), 'poison'))
      if (i % 5 === 0) parts.push(give(inside('high', 'part')))
      await pass(9_000)
    }
    await pass(2 * MINUTE)
    expect([...delays.keys()].sort()).toEqual(idsOf(parts))
    expect(Math.max(...delays.values())).toBeLessThan(3 * MINUTE)
  })

  it('nor where a hundred others are refused that keep nothing quiet', async () => {
    const queue = queueOf()
    const { notifier, got, give } = receiver(offer, REFUSAL)
    queue.start(notifier)
    for (let i = 0; i < 120; i++) give(ruled(signalOf({ severity: 'low', title: POISON }), 'decoy'))
    await pass(6 * 60 * MINUTE)
    // All of them have failed.
    expect([...queue.items].every(({ failures }) => failures > 0)).toBe(true)
    give(inside('critical', POISON))
    const part = give(inside('high', 'part'))
    await pass(20 * MINUTE)
    // It also hears that it refuses messages.
    expect(got.filter(({ reason }) => reason !== 'notice').map(({ signal: { id } }) => id)).toEqual([part.id])
  })

  it('nor where what keeps it so waits for its own first try behind two hundred others', async () => {
    const queue = queueOf()
    const { notifier, delays, refused, give } = receiver(offer, REFUSAL)
    queue.start(notifier)
    for (let i = 0; i < 250; i++) {
      give(ruled(inside('critical', POISON), 'poison'))
      await pass(1_000)
    }
    const part = give(inside('high', 'part'))
    const before = refused.length
    await pass(3 * MINUTE)
    expect([...delays.keys()]).toContain(part.id)
    expect(before).toBeLessThan(100)
  })

  it('nor where what is most severe of it is not to be told yet', async () => {
    const queue = queueOf([
      { name: 'Late', when: 'severity == high', to: 'siem', wait: '12h' },
      { name: 'All', when: 'severity != high', to: 'siem' },
    ])
    const { notifier, got, give } = receiver(offer, REFUSAL)
    queue.start(notifier)
    give(inside('critical', POISON))
    for (let i = 0; i < 400; i++) give(inside('high', 'late'))
    const part = give(ruled(inside('medium', 'part'), 'other'))
    await pass(2 * MINUTE)
    expect(got.map(({ signal: { id } }) => id)).toEqual([part.id])
  })
})

it('what is told though it is part of something worse is told, though more is heard of it before it is tried', async () => {
  const queue = queueOf()
  let tries = 0
  queue.start({ deliver: async () => ({ result: 'retry', detail: 'HTTP 503', ...(tries++ === 0 ? { retryAfterMs: 60 * MINUTE } : {}) }) })
  offer(inside('critical', POISON))
  const part = inside('high', 'part')
  offer(part)
  await pass(100_000)
  expect(owedIn(store)).toContain(part.id)
  offer({ ...part, revision: 2, count: 2 })
  await pass(1)
  expect(owedIn(store)).toContain(part.id)
})

it('through an outage what is part of something worse is kept quiet, but for one each time that has lasted twice as long', async () => {
  const queue = queueOf()
  const faltering = new Faltering({ result: 'retry', detail: 'HTTP 500' })
  queue.start(faltering)
  offer(inside('critical', 'worse'))
  for (let i = 0; i < 100; i++) {
    offer(inside('high', 'part'))
    await pass(5_000)
  }
  await pass(120 * MINUTE - 500_000)
  faltering.isDown = false
  await pass(60 * MINUTE)
  // After 1, 2, 4, 8, 16, 32 and 64 minutes.
  expect(faltering.got).toHaveLength(1 + 7)
  expect(queue.counters).toMatchObject({ state: 'ok', pending: 0 })
})

it('while the store cannot be written each is told once: what waits for it is newer than what it has', async () => {
  const queue = queueOf()
  queue.start({ deliver: async () => REFUSAL })
  offer(inside('critical', POISON))
  const parts = [inside('high', 'part'), inside('high', 'part')]
  for (const part of parts) offer(part)
  await pass(30_000)
  store.consult((database) => database.exec('PRAGMA query_only=ON'))
  await pass(5 * MINUTE)
  expect(store.error).toBeDefined()
  const told = [...queue.items].map(({ signal }) => ({ id: signal })).filter(({ id }) => parts.some((part) => part.id === id))
  expect(idsOf(told)).toEqual(idsOf(parts))
  store.consult((database) => database.exec('PRAGMA query_only=OFF'))
})

it('in an outage in which nothing is kept quiet that is asked once a minute', async () => {
  queueOf().start(new Faltering(REFUSAL))
  const asked = vi.spyOn(store, 'keptByUntold')
  offer(inside('critical', 'alone'))
  await pass(10 * MINUTE)
  expect(asked.mock.calls.length).toBeGreaterThan(5)
  expect(asked.mock.calls.length).toBeLessThanOrEqual(10)
})
