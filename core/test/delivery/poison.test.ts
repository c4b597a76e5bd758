import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DestinationSpec } from '../../src/delivery/protocol.ts'
import type { DestinationQueue } from '../../src/delivery/queue/destination-queue.ts'
import type { SignalStore } from '../../src/delivery/store/store.ts'
import { routesOf } from '../../src/delivery/telling/routing.ts'
import { Telling } from '../../src/delivery/telling/telling.ts'
import type { Manner } from '../../src/plugin/manner.ts'
import type { Outcome } from '../../src/plugin/notifier.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { headOf } from '../../src/signals/signal-line.ts'
import { bodyOf, clean, memoryLog, owedIn, storeIn, temporaryFolder } from '../fixtures/delivery.ts'
import { Faltering, receiver as hostileTo, inside, POISON, poison, signalOf } from '../fixtures/poisoned.ts'

let folder: ReturnType<typeof temporaryFolder>
let store: SignalStore & Disposable
let telling: Telling
let log: ReturnType<typeof memoryLog>

beforeEach(() => {
  // Without intervals nobody is told of outages.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
  folder = temporaryFolder()
  store = storeIn(folder.path)
})
afterEach(() => {
  store[Symbol.dispose]()
  folder[Symbol.dispose]()
  vi.useRealTimers()
})

function queueOf(manner: Partial<Manner> = {}): DestinationQueue {
  log = memoryLog()
  telling = new Telling(store, { destinations: [{ name: 'siem' } as DestinationSpec], routes: undefined })
  return telling.add('siem', { log, clean, deadlineMs: 15_000, manner })
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

function offer(signal: Signal): void {
  const { write, told } = telling.prepare(headOf(signal), bodyOf(signal))
  store.write(write)
  told()
}

const receiver = (refusal: Outcome, concurrency?: number) => hostileTo(offer, refusal, concurrency)

const refusals: readonly (readonly [string, Outcome])[] = [
  ['HTTP 403', { result: 'broken', detail: 'HTTP 403' }],
  ['HTTP 500', { result: 'retry', detail: 'HTTP 500' }],
  ['no answer', { result: 'ambiguous', detail: 'reset' }],
]

describe.each(refusals)('one message to which a destination always says %s', (_, refusal) => {
  it.each([1, 4])('holds up no other, however long it waits; it stays owed, and waits longer and longer (%i at a time)', async (many) => {
    const { notifier, refused, delays, give } = receiver(refusal, many)
    const queue = queueOf()
    queue.start(notifier)
    const bad = give(poison())
    await pass(120_000)
    expect(refused.length).toBeGreaterThan(4)
    // While it alone was refused, nobody knows that others would be.
    const others = [give(signalOf({ severity: 'low' }))]
    await pass(1)
    others.push(give(signalOf()), give(signalOf({ severity: 'low' })))
    await pass(1)
    expect([...delays.keys()]).toEqual(others.map(({ id }) => id))
    expect(queue.counters).toMatchObject({ state: 'ok', delivered: 3, pending: 1, lastError: refusal.detail })
    // A stream of others is not slowed down either.
    const before = refused.length
    for (let i = 0; i < 150; i++) {
      await pass(6_000)
      others.push(give(signalOf({ severity: 'low' })))
    }
    await pass(1)
    expect(delays.size).toBe(others.length)
    expect(Math.max(...delays.values())).toBeLessThanOrEqual(1)
    const tries = refused.length - before
    expect(tries).toBeGreaterThan(10)
    // Of full jitter up to a minute the mean is half of that.
    expect(tries).toBeLessThan(60)
    expect(owedIn(store)).toEqual([bad.id])
    expect(queue.counters).toMatchObject({ state: 'ok', pending: 1, failed: 0, refused: 0 })
    expect(store.dead(10)).toEqual([])
    expect(log.lines.filter((line) => line.startsWith('warn: refused while others are taken'))).toHaveLength(1)
  })

  it('has its turn and no more, also before an agent that knows only that the destination took nothing', async () => {
    const many = [poison(), poison(), poison()]
    const good = signalOf({ severity: 'low' })
    const stopped = queueOf()
    const { notifier, refused, got, give } = receiver(refusal)
    stopped.start({ deliver: async () => refusal })
    for (const each of [...many, ...Array.from({ length: 3 }, () => poison('high'))]) give(each)
    give(good)
    await pass(600_000)
    expect(got).toEqual([])
    await stopped.stop(0)
    const queue = queueOf()
    telling.restore(queue)
    const before = refused.length
    queue.start(notifier)
    await pass(1_800_000)
    expect(got.map(({ signal }) => signal.id)).toEqual([good.id])
    const tries = refused.slice(before).map(({ id }) => id)
    // Every second probe is of what waits longest, others of what was not tried yet.
    expect(new Set(tries).size).toBe(6)
    expect(queue.counters).toMatchObject({ delivered: 1, pending: 6 })
  })

  it('together with nine like it costs others a bounded number of probes', async () => {
    const { notifier, refused, got, give } = receiver(refusal)
    const queue = queueOf()
    queue.start(notifier)
    for (let i = 0; i < 10; i++) give(poison())
    await pass(600_000)
    const before = refused.length
    const good = give(signalOf({ severity: 'low' }))
    while (got.length === 0 && refused.length - before < 30) await pass(100)
    expect(got.map(({ signal }) => signal.id)).toEqual([good.id])
    expect((got[0]?.after ?? 0) - before).toBeLessThanOrEqual(1)
    await pass(60_000)
    expect(queue.counters).toMatchObject({ delivered: 1, pending: 10 })
  })

  it('and twenty like it of one rule, before anything was taken, keep those of another rule waiting for no probe', async () => {
    const { notifier, refused, got, give } = receiver(refusal)
    const queue = queueOf()
    queue.start(notifier)
    for (let i = 0; i < 20; i++) give(poison())
    await pass(120_000)
    const same = give(signalOf({ severity: 'low' }))
    await pass(60_000)
    expect(got).toEqual([])
    const before = refused.length
    const rule = { id: 'other', name: 'Other' }
    const other = give(signalOf({ severity: 'low', rule }))
    await pass(1)
    expect(got.map(({ signal }) => signal.id)).toEqual([other.id])
    expect(got[0]?.after).toBe(before)
    // Nor does what fails for the first time afterwards.
    const another = give(signalOf({ severity: 'low', rule }))
    await pass(1)
    expect(got.map(({ signal }) => signal.id)).toContain(another.id)
    await pass(1_800_000)
    expect(got.map(({ signal }) => signal.id)).toContain(same.id)
    expect(queue.counters).toMatchObject({ delivered: 3, pending: 20 })
  })

  it('waits as long as its tries make it, whatever is added to what it tells', async () => {
    const { notifier, refused, give } = receiver(refusal)
    queueOf().start(notifier)
    const bad = poison('medium')
    for (let i = 1; i <= 300; i++) {
      give({ ...bad, revision: i, count: i })
      if (i % 10 === 0) give(signalOf({ severity: 'low' }))
      await pass(3_000)
    }
    expect(refused.length).toBeLessThan(40)
  })
})

describe('one that is grave', () => {
  /** Titles of the notices that each destination got; all but the pager refuse what the attacker wrote. */
  async function noticesIn(
    names: readonly string[],
    then: (goOn: (ms: number) => Promise<void>, fail: (isDown: boolean) => void) => Promise<void> = async () => {},
  ): Promise<Record<string, readonly string[]>> {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] })
    telling = new Telling(store, { destinations: names.map((name) => ({ name }) as DestinationSpec), routes: undefined })
    const got: Record<string, string[]> = {}
    let isTeamDown = false
    for (const name of names) {
      const titles: string[] = []
      got[name] = titles
      telling.add(name, { log: memoryLog(), clean, deadlineMs: 15_000 }).start({
        deliver: async ({ reason, signal: { title, message } }) => {
          // Its answer repeats what it refuses.
          const refuses = title === POISON || message.includes(POISON) || isTeamDown
          if (refuses && name !== 'pager') return { result: 'broken', detail: `HTTP 403: ${POISON}` }
          if (reason === 'notice') titles.push(title)
          return { result: 'delivered' }
        },
      })
    }
    const goOn = async (ms: number): Promise<void> => {
      for (let at = 0; at < ms; at += 10_000) {
        offer(signalOf({ severity: 'low' }))
        await pass(10_000)
      }
    }
    offer(poison())
    await goOn(15 * 60_000)
    await then(goOn, (isDown) => {
      isTeamDown = isDown
    })
    await telling.stop(0)
    return got
  }

  const title = 'team refuses messages: a signal that is high or critical waits'

  it('and is always refused is told to others, once', async () => {
    expect(await noticesIn(['team', 'pager'])).toEqual({ team: [], pager: [title] })
  })

  it('is told to the same destination where there is no other', async () => {
    expect(await noticesIn(['team'])).toEqual({ team: [title] })
  })

  it('does not hide that the destination takes nothing any more, nor does that hide another one', async () => {
    const { pager } = await noticesIn(['team', 'pager'], async (goOn, fail) => {
      fail(true)
      offer(signalOf({ severity: 'critical' }))
      await goOn(10 * 60_000)
      fail(false)
      offer(poison())
      await goOn(90 * 60_000)
    })
    expect(pager).toEqual([title, 'team takes no messages: 2 signals that are high or critical wait', title])
  })

  it('and others like it are told once an hour, with their number', async () => {
    const { pager } = await noticesIn(['team', 'pager'], async (goOn) => {
      for (let i = 0; i < 3; i++) {
        offer(poison())
        await goOn(5 * 60_000)
      }
      await goOn(3 * 3_600_000)
    })
    expect(pager).toEqual([title, `${title}, and 2 more messages`])
  })

  /** Under a rule: without, nothing is kept quiet. */
  function ruledQueue(): DestinationQueue {
    log = memoryLog()
    const destinations = [{ name: 'siem' } as DestinationSpec]
    telling = new Telling(store, { destinations, routes: routesOf([{ name: 'All', to: 'siem' }], ['siem']) })
    return telling.add('siem', { log, clean, deadlineMs: 15_000 })
  }

  it('keeps nothing quiet at a destination that takes others: what is part of it is told there', async () => {
    const queue = ruledQueue()
    const { notifier, got, give } = receiver({ result: 'broken', detail: 'HTTP 403' })
    queue.start(notifier)
    const bad = give(inside('critical', POISON))
    const before = give(inside('high', 'before'))
    await pass(60_000)
    expect(got).toEqual([])
    give(signalOf({ severity: 'low' }))
    await pass(61_000)
    expect(got.map(({ signal: { id } }) => id)).toContain(before.id)
    const after = give(inside('high', 'after'))
    await pass(0)
    expect(got.map(({ signal: { id } }) => id)).toContain(after.id)
    expect(owedIn(store)).toEqual([bad.id])
    // Nor was a dead row made of it.
    expect(store.dead(10)).toEqual([])
    expect(queue.counters).toMatchObject({ state: 'ok', delivered: 3, pending: 1, failed: 0 })
  })

  it('goes on to keep quiet what is part of it where only a later word about it is refused', async () => {
    const queue = ruledQueue()
    const { notifier, got, give } = receiver({ result: 'broken', detail: 'HTTP 403' })
    queue.start(notifier)
    const worse = give(inside('critical', 'taken'))
    await pass(1_000)
    give({ ...worse, title: POISON, revision: 2, count: 2 })
    await pass(60_000)
    const other = give(signalOf({ severity: 'low' }))
    await pass(61_000)
    expect(log.lines.filter((line) => line.startsWith('warn: refused while others are taken'))).toHaveLength(1)
    give(inside('high', 'part'))
    await pass(60_000)
    expect(got.map(({ signal: { id } }) => id)).toEqual([worse.id, other.id])
  })
})

it('what is grave and owed to a notifier that is left out, since the thread died in its code, is told to others within two minutes', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] })
  telling = new Telling(store, { destinations: ['team', 'pager'].map((name) => ({ name }) as DestinationSpec), routes: undefined })
  telling.add('team', { log: memoryLog(), clean, deadlineMs: 15_000 }).leaveOut('it exited with code 1')
  const notices: string[] = []
  telling.add('pager', { log: memoryLog(), clean, deadlineMs: 15_000 }).start({
    deliver: async ({ reason, signal: { title } }) => {
      if (reason === 'notice') notices.push(title)
      return { result: 'delivered' }
    },
  })
  const { id } = signalOf()
  offer(signalOf({ id }))
  await pass(120_000)
  expect(notices).toEqual(['team takes no messages: a signal that is high or critical waits'])
  expect(owedIn(store, 'team')).toEqual([id])
  await telling.stop(0)
})

it('a receiver that asks for an hour whenever it refuses one message keeps no other waiting for more than ten seconds', async () => {
  const { notifier, refused, delays, give } = receiver({ result: 'retry', detail: 'HTTP 503', retryAfterMs: 3_600_000 })
  queueOf().start(notifier)
  const bad = give(poison())
  await pass(0)
  // Nobody knows yet: it has what it asked for.
  give(signalOf())
  await pass(3_599_000)
  expect(delays.size).toBe(0)
  await pass(2_000)
  expect(delays.size).toBe(1)
  delays.clear()
  for (let i = 0; i < 730; i++) {
    give(signalOf({ severity: 'low' }))
    await pass(10_000)
  }
  await pass(10_000)
  expect(delays.size).toBe(730)
  expect(Math.max(...delays.values())).toBeLessThanOrEqual(10_000)
  expect(refused.map(({ id }) => id)).toEqual(Array(4).fill(bad.id))
})

it('a destination that took some and now takes nothing is probed by one try at a time all the same', async () => {
  const { notifier, refused, give } = receiver({ result: 'retry', detail: 'HTTP 500' })
  let isDown = false
  let tries = 0
  let active = 0
  let most = 0
  const queue = queueOf()
  queue.start({
    deliver: async (notification, signal) => {
      if (!isDown) return await notifier.deliver(notification, signal)
      tries++
      most = Math.max(most, ++active)
      await new Promise((resolve) => setTimeout(resolve, 10))
      active--
      return { result: 'broken', detail: 'HTTP 401' }
    },
  })
  for (let i = 0; i < 10; i++) give(poison())
  for (let i = 0; i < 60; i++) {
    give(signalOf())
    await pass(20_000)
  }
  expect(queue.counters.pending).toBe(10)
  expect(refused.length).toBeGreaterThan(100)
  isDown = true
  for (let i = 0; i < 5; i++) give(signalOf())
  await pass(120_000)
  expect(queue.counters).toMatchObject({ state: 'broken', pending: 15 })
  tries = 0
  most = 0
  await pass(3_600_000)
  expect(most).toBe(1)
  expect(tries).toBeLessThan(400)
  isDown = false
  await pass(600_000)
  expect(queue.counters).toMatchObject({ delivered: 65, pending: 10 })
})

it('a message that is known to be refused alone says nothing of a destination for which nothing else comes', async () => {
  const { notifier, refused, give } = receiver({ result: 'broken', detail: 'HTTP 403' })
  const queue = queueOf()
  queue.start(notifier)
  give(poison())
  await pass(30_000)
  give(signalOf())
  await pass(61_000)
  const before = refused.length
  for (let i = 0; i < 60; i++) {
    await pass(60_000)
    expect(queue.counters.state).toBe('ok')
  }
  expect(queue.unwellMs).toBe(0)
  expect(refused.length).toBeGreaterThan(before + 30)
})

it('forty that are refused alone leave a destination with a rate to others: these go first, and have the reserve', async () => {
  const { notifier, refused, delays, give } = receiver({ result: 'broken', detail: 'HTTP 403' })
  const queue = queueOf({ rate: { burst: 20, perMinute: 30 } })
  queue.start(notifier)
  const rule = { id: 'other', name: 'Other' }
  for (let i = 0; i < 40; i++) give(poison())
  for (let i = 0; i < 60; i++) {
    give(signalOf({ severity: 'low', rule }))
    await pass(20_000)
  }
  expect(log.lines.filter((line) => line.startsWith('warn: refused while others are taken'))).toHaveLength(40)
  delays.clear()
  const before = refused.length
  for (let i = 0; i < 20; i++) {
    for (const each of ['critical', 'critical', 'high', 'low'] as const) give(signalOf({ severity: each, rule }))
    await pass(0)
    // The reserve is for these.
    expect(delays.size % 4).toBeGreaterThanOrEqual(2)
    await pass(20_000)
  }
  expect(delays.size).toBe(80)
  // Five tokens, of which four are the reserve.
  expect(Math.max(...delays.values())).toBeLessThanOrEqual(10_000)
  // They are tried all the same.
  expect(refused.length).toBeGreaterThan(before + 20)
})

describe('the end of an outage', () => {
  it('says of no message that it was refused alone, and has each tried at once', async () => {
    const queue = queueOf()
    const faltering = new Faltering({ result: 'broken', detail: 'HTTP 401' })
    queue.start(faltering)
    const first = signalOf({ severity: 'low' })
    offer(first)
    await pass(600_000)
    faltering.isDown = false
    const next = signalOf()
    offer(next)
    await pass(1)
    expect(faltering.got.sort()).toEqual([first.id, next.id].sort())
    faltering.isDown = true
    offer(signalOf())
    await pass(60_000)
    faltering.isDown = false
    await pass(60_000)
    expect(queue.counters).toMatchObject({ state: 'ok', delivered: 3, pending: 0 })
    expect(log.lines.filter((line) => line.includes('refused while others'))).toEqual([])
  })
})

it('what was held against a message is forgotten with the notifier that said it', async () => {
  const { notifier, give } = receiver({ result: 'retry', detail: 'HTTP 500' })
  const queue = queueOf()
  queue.start(notifier)
  give(poison())
  await pass(1)
  give(signalOf())
  await pass(0)
  // It has failed once, and others were taken since.
  await queue.retire(new AbortController())
  queue.start(notifier)
  await pass(1)
  expect(log.lines.filter((line) => line.includes('refused while others'))).toEqual([])
  expect(queue.counters.state).toBe('failing')
})
