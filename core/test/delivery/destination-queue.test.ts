import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { NotificationRule } from '../../src/config/define-config.ts'
import type { DestinationSpec } from '../../src/delivery/protocol.ts'
import { backoffFor, waitFor } from '../../src/delivery/queue/backoff.ts'
import type { DestinationQueue } from '../../src/delivery/queue/destination-queue.ts'
import { SIGNALS_FILE, type SignalStore } from '../../src/delivery/store/store.ts'
import { routesOf } from '../../src/delivery/telling/routing.ts'
import { Telling } from '../../src/delivery/telling/telling.ts'
import type { Letter } from '../../src/messages/letter.ts'
import type { Manner } from '../../src/plugin/manner.ts'
import type { Notification, Notifier, Outcome } from '../../src/plugin/notifier.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { headOf } from '../../src/signals/signal-line.ts'
import { bodyOf, clean, memoryLog, messageOf, owedIn, put, signalOf, storeIn, temporaryFolder } from '../fixtures/delivery.ts'

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
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const EACH: Partial<Manner> = { mode: 'every', interrupts: false }

type Offered = {
  readonly manner?: Partial<Manner>
  readonly maxItems?: number
  readonly log?: ReturnType<typeof memoryLog>
  readonly rules?: readonly NotificationRule[]
}

let telling: Telling
function queueOf({ rules, ...options }: Offered = {}): DestinationQueue {
  telling = new Telling(store, { destinations: [{ name: 'siem' } as DestinationSpec], routes: rules && routesOf(rules, ['siem']) })
  return telling.add('siem', { log: memoryLog(), clean, deadlineMs: 15_000, ...options })
}

function offer(_: DestinationQueue, signal: Signal): void {
  const { write, told } = telling.prepare(headOf(signal), bodyOf(signal))
  store.write(write)
  told()
}

function judge(id: string, status: Signal['status']): void {
  telling.judge.write({ op: 'judge', signal: id, status })
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
const owed = (): string[] => owedIn(store)
const made = () => [...store.messages('siem')]

describe('a destination with a rate', () => {
  const rate = { burst: 10, perMinute: 60 }
  const low = (rule: string) => signalOf({ severity: 'low', rule: { id: rule, name: rule } })

  it('is sent no more than that after an hour in which the process was stopped; what is critical first, and others hear how much waits [case 30]', async () => {
    const to = receiver()
    const queue = queueOf({ manner: { rate } })
    queue.start(to)
    for (let i = 0; i < 30; i++) offer(queue, low('noisy'))
    await vi.advanceTimersByTimeAsync(0)
    // A fifth of the burst is kept.
    expect(to.got).toHaveLength(8)
    expect(queue.counters).toMatchObject({ state: 'ok', pending: 22, heldBack: 22 })
    expect(queue.standing(0).stalledMs).toBe(0)
    const critical = signalOf({ severity: 'critical' })
    offer(queue, critical)
    await vi.advanceTimersByTimeAsync(0)
    expect(to.got.at(-1)?.signal.id).toBe(critical.id)
    // Stopped: no timer runs, time passes.
    const running = performance.now.bind(performance)
    vi.spyOn(performance, 'now').mockImplementation(() => running() + 3_600_000)
    vi.setSystemTime(Date.now() + 3_600_000)
    const before = to.got.length
    for (let i = 0; i < 30; i++) offer(queue, low('noisy'))
    await vi.advanceTimersByTimeAsync(0)
    expect(to.got.length - before).toBe(8)
    const at = to.got.length
    await vi.advanceTimersByTimeAsync(10_000)
    expect(to.got.length - at).toBe(10)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(to.got).toHaveLength(61)
    expect(queue.counters).toMatchObject({ pending: 0, heldBack: 0 })
    expect(queue.standing(0)).toMatchObject({ stalledMs: 0, forgotten: 0 })
  })

  it('is told a step of an escalation at its time, though growth of the same signal waits behind a flood [case 30]', async () => {
    const to = receiver()
    const rules = [{ name: 'All', to: 'siem', escalate: [{ after: '30m', to: 'siem' }] }]
    const queue = queueOf({ manner: { rate }, rules })
    queue.start(to)
    const signal = signalOf()
    offer(queue, signal)
    await vi.advanceTimersByTimeAsync(30 * 60_000 - 5_000)
    for (let i = 0; i < 60; i++) offer(queue, low('noisy'))
    await vi.advanceTimersByTimeAsync(2_000)
    offer(queue, { ...signal, revision: 2, count: 2 })
    await vi.advanceTimersByTimeAsync(4_000)
    const told = () => to.got.filter(({ signal: { id } }) => id === signal.id).map(({ reason }) => reason)
    expect(told()).toEqual(['opened', 'escalated'])
    await vi.advanceTimersByTimeAsync(10 * 60_000)
    expect(told()).toEqual(['opened', 'escalated'])
  })

  it('does not let a critical step wait for what is kept of the rate for others', async () => {
    const to = receiver()
    const rules = [{ name: 'All', to: 'siem', escalate: [{ after: '30m', to: 'siem' }] }]
    const queue = queueOf({ manner: { rate: { burst: 10, perMinute: 1 } }, rules })
    queue.start(to)
    const signal = signalOf({ severity: 'critical' })
    offer(queue, signal)
    await vi.advanceTimersByTimeAsync(30 * 60_000 - 5_000)
    for (let i = 0; i < 30; i++) offer(queue, low('noisy'))
    await vi.advanceTimersByTimeAsync(1_000)
    offer(queue, { ...signal, revision: 2, count: 2 })
    await vi.advanceTimersByTimeAsync(4_000)
    expect(to.got.at(-1)).toMatchObject({ reason: 'escalated', signal: { id: signal.id } })
    await queue.stop(0)
  })

  it('tries count as messages do', async () => {
    const to = receiver(Array(50).fill({ result: 'retry', detail: 'down', retryAfterMs: 1 }))
    const queue = queueOf({ manner: { rate: { burst: 2, perMinute: 1 } } })
    queue.start(to)
    offer(queue, signalOf())
    await vi.advanceTimersByTimeAsync(59_000)
    expect(to.got).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(61_000)
    expect(to.got.length).toBeLessThanOrEqual(4)
    await queue.stop(0)
  })

  it('that is told every revision is told at once; another rate is that from then on', async () => {
    const to = receiver()
    const queue = queueOf({ manner: { ...EACH, rate } })
    queue.start(to)
    for (let i = 0; i < 30; i++) offer(queue, low('noisy'))
    await vi.advanceTimersByTimeAsync(0)
    expect(to.got).toHaveLength(30)
    queue.adopt({ mode: 'latest', rate })
    for (let i = 0; i < 30; i++) offer(queue, low('noisy'))
    await vi.advanceTimersByTimeAsync(0)
    expect(to.got).toHaveLength(38)
    queue.adopt({ mode: 'latest' })
    offer(queue, low('noisy'))
    await vi.advanceTimersByTimeAsync(0)
    expect(to.got).toHaveLength(61)
  })
})

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
    expect(queue.counters).toMatchObject({ state: 'ok', delivered: 1, failed: 0, pending: 0, lastError: undefined, lastErrorAt: undefined })
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

  it('that may have got a message gets the same key and body again until it says yes', async () => {
    const to = receiver([{ result: 'ambiguous', detail: 'reset' }, { result: 'retry', detail: 'HTTP 503' }, new Error('thrown'), 'hang'])
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
        seen = made().map(({ attempt, state }) => ({ attempt, state }))
        return { result: 'delivered' }
      },
    })
    offer(queue, signalOf())
    await vi.advanceTimersByTimeAsync(0)
    expect(seen).toEqual([{ attempt: 1, state: 'sending' }])
  })

  it('gets the newest revision once it is back, if it is sure that none arrived before', async () => {
    const to = receiver([{ result: 'retry', detail: 'refused' }])
    const queue = queueOf()
    const signal = signalOf()
    offer(queue, signal)
    offer(queue, { ...signal, revision: 2 })
    expect(made()).toEqual([])
    queue.start(to)
    await vi.advanceTimersByTimeAsync(0)
    for (let revision = 3; revision <= 400; revision++) offer(queue, { ...signal, revision, count: revision })
    await vi.advanceTimersByTimeAsync(30_000)
    expect(keys(to)).toEqual([`${signal.id}:2:siem`, `${signal.id}:400:siem`])
    expect(to.got[1]).toMatchObject({ reason: 'opened', attempt: 1, signal: { count: 400 } })
    expect(owed()).toEqual([])
  })

  it('that never heard of a signal does not hear that it was judged [case 25]', async () => {
    const to = receiver([{ result: 'retry', detail: 'refused' }])
    const queue = queueOf()
    queue.start(to)
    const signal = signalOf()
    offer(queue, signal)
    await vi.advanceTimersByTimeAsync(0)
    judge(signal.id, 'acknowledged')
    judge(signal.id, 'archived')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(to.got).toHaveLength(1)
    expect(owed()).toEqual([])
  })

  it('that may have heard of a signal hears of it first, then that it was judged [case 26]', async () => {
    const to = receiver([{ result: 'ambiguous', detail: 'reset' }])
    const queue = queueOf()
    queue.start(to)
    const signal = signalOf()
    offer(queue, signal)
    await vi.advanceTimersByTimeAsync(0)
    judge(signal.id, 'archived')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(to.got.map(({ key, reason, signal: { status } }) => [key, reason, status])).toEqual([
      [`${signal.id}:1:siem`, 'opened', 'open'],
      [`${signal.id}:1:siem`, 'opened', 'open'],
      [`${signal.id}:1:siem:2`, 'archived', 'archived'],
    ])
    expect(JSON.parse(to.got[2]?.body ?? '')).toMatchObject({ kind: 'signal', status: 'archived' })
  })

  it('is told again while nobody acknowledges it, at its times, also after a restart [case 9] [case 10]', async () => {
    const repeating = { rules: [{ name: 'All', to: 'siem', repeat: '4h' }] }
    const signal = signalOf()
    const to = receiver()
    {
      const queue = queueOf(repeating)
      queue.start(to)
      offer(queue, signal)
      await vi.advanceTimersByTimeAsync(4 * 3_600_000 - 60_000)
      expect(queue.counters.pending).toBe(0)
      await queue.stop(0)
    }
    const queue = queueOf(repeating)
    telling.restore(queue)
    queue.start(to)
    await vi.advanceTimersByTimeAsync(59_000)
    expect(to.got).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(8 * 3_600_000 + 1_000)
    expect(to.got.map(({ key, reason }) => [key, reason])).toEqual([
      [`${signal.id}:1:siem`, 'opened'],
      [`${signal.id}:1:siem:2`, 'repeat'],
      [`${signal.id}:1:siem:3`, 'repeat'],
      [`${signal.id}:1:siem:4`, 'repeat'],
    ])
    judge(signal.id, 'acknowledged')
    await vi.advanceTimersByTimeAsync(12 * 3_600_000)
    expect(to.got.slice(4).map(({ reason }) => reason)).toEqual(['acknowledged'])
    // A rise of severity after that is told at once, and again.
    offer(queue, { ...signal, revision: 2, severity: 'critical' })
    await vi.advanceTimersByTimeAsync(4 * 3_600_000)
    expect(to.got.slice(5).map(({ reason, signal: { status } }) => [reason, status])).toEqual([
      ['raised', 'open'],
      ['repeat', 'open'],
    ])
  })

  it('whatever is done to the wall clock, is told at its times [case 29]', async () => {
    const queue = queueOf({ rules: [{ name: 'All', to: 'siem', repeat: '4h' }] })
    const to = receiver()
    queue.start(to)
    offer(queue, signalOf())
    for (const jump of [-24, 24 * 365, -24 * 365]) {
      await vi.advanceTimersByTimeAsync(60_000)
      vi.setSystemTime(Date.now() + jump * 3_600_000)
    }
    await vi.advanceTimersByTimeAsync(8 * 3_600_000)
    expect(to.got.map(({ reason }) => reason)).toEqual(['opened', 'repeat', 'repeat'])
    await queue.stop(0)
    // While no agent runs, only the wall clock goes on: a year is one repeat, and not one for each four hours of it.
    vi.setSystemTime(Date.now() + 365 * 24 * 3_600_000)
    const next = queueOf({ rules: [{ name: 'All', to: 'siem', repeat: '4h' }] })
    telling.restore(next)
    next.start(to)
    await vi.advanceTimersByTimeAsync(3 * 3_600_000)
    expect(to.got).toHaveLength(4)
    await next.stop(0)
    // Gone back: nothing waits longer than its own time.
    vi.setSystemTime(Date.now() - 365 * 24 * 3_600_000)
    const last = queueOf({ rules: [{ name: 'All', to: 'siem', repeat: '4h' }] })
    telling.restore(last)
    last.start(to)
    await vi.advanceTimersByTimeAsync(4 * 3_600_000 + 1)
    expect(to.got).toHaveLength(5)
  })

  it('whose messages interrupt hears of doubled counts at growing intervals, and of the last one', async () => {
    const to = receiver()
    const queue = queueOf({ manner: { mode: 'latest', interrupts: true } })
    queue.start(to)
    const signal = signalOf()
    for (let revision = 1; revision <= 600; revision++) {
      offer(queue, { ...signal, revision, count: revision * 100 })
      await vi.advanceTimersByTimeAsync(1_000)
    }
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(to.got.map(({ signal: { count } }) => count)).toEqual([100, 3_000, 15_000, 60_000])
    expect(owed()).toEqual([])
  })

  it('that changes what it has said gets back what it returned, also after a restart', async () => {
    const letters: Letter[] = []
    const to: Notifier = {
      render: (letter) => {
        letters.push(letter)
        return `${letter.reason} ${letter.signal.count}`
      },
      deliver: async ({ body, receipt }) => ({ result: 'delivered', receipt: `${receipt ?? ''}[${body}]` }),
    }
    const signal = signalOf()
    {
      const queue = queueOf({ rules: [{ name: 'All', to: 'siem' }] })
      queue.start(to)
      offer(queue, signal)
      await vi.advanceTimersByTimeAsync(0)
      await queue.stop(0)
    }
    const queue = queueOf({ rules: [{ name: 'All', to: 'siem' }] })
    telling.restore(queue)
    queue.start(to)
    offer(queue, { ...signal, revision: 2, count: 5 })
    await vi.advanceTimersByTimeAsync(10_000)
    judge(signal.id, 'archived')
    await vi.advanceTimersByTimeAsync(0)
    offer(queue, { ...signal, revision: 3, count: 6, severity: 'critical' })
    await vi.advanceTimersByTimeAsync(0)
    const receipts = [undefined, '[opened 1]', '[opened 1][updated 5]', '[opened 1][updated 5][archived 5]']
    expect(letters.map(({ receipt }) => receipt)).toEqual(receipts)
    expect(letters.map(({ reason, generation }) => [reason, generation])).toEqual([
      ['opened', 1],
      ['updated', 1],
      ['archived', 1],
      ['opened', 2],
    ])
    expect(letters[0]).toMatchObject({ rule: 'All', title: signal.title, key: `${signal.id}:1:siem` })
  })

  it('that refuses a form once takes the shorter one, and nothing is among the dead [case 57]', async () => {
    const got: string[] = []
    const queue = queueOf()
    queue.start({
      render: (_, tier) => ['blocks', 'short'][tier] ?? 'plain',
      deliver: async ({ key, body }) => {
        got.push(`${key} ${body}`)
        return body === 'blocks' ? { result: 'reject', detail: 'invalid_blocks' } : { result: 'delivered' }
      },
    })
    const signal = signalOf()
    offer(queue, signal)
    await vi.advanceTimersByTimeAsync(0)
    expect(got).toEqual([`${signal.id}:1:siem blocks`, `${signal.id}:1:siem:2 short`])
    expect(store.dead(10)).toEqual([])
    expect(owed()).toEqual([])
    expect(queue.counters).toMatchObject({ state: 'ok', delivered: 1, refused: 0, failed: 0, pending: 0 })
  })

  it('that refuses a form is told in a plainer one, at last in the plainest', async () => {
    const tiers: [number, string][] = []
    const got: Notification[] = []
    const queue = queueOf()
    queue.start({
      render: ({ message }, tier) => {
        tiers.push([tier, JSON.stringify(message)])
        return `tier ${tier}, ${tiers.length}`
      },
      deliver: async (notification) => {
        got.push(notification)
        return { result: 'reject', detail: 'invalid_blocks' }
      },
    })
    const signal = signalOf({ severity: 'medium' })
    offer(queue, signal)
    await vi.advanceTimersByTimeAsync(0)
    expect(tiers.map(([tier]) => tier)).toEqual([0, 1, 2, 2])
    expect(tiers[3]?.[1]).toContain(signal.id)
    expect(tiers[3]?.[1]).not.toContain('php-fpm')
    // Another text has another key.
    expect(got.map(({ key, body }) => [key, body])).toEqual([
      [`${signal.id}:1:siem`, 'tier 0, 1'],
      [`${signal.id}:1:siem:2`, 'tier 1, 2'],
      [`${signal.id}:1:siem:3`, 'tier 2, 3'],
      [`${signal.id}:1:siem:4`, 'tier 2, 4'],
    ])
    expect(store.dead(10)).toMatchObject([{ key: `${signal.id}:1:siem:4`, reason: 'invalid_blocks' }])
    expect(owed()).toEqual([])
  })

  it('that is told the line of a signal, and refuses it, gets it shorter; whoever inflates an event keeps nobody from hearing of it', async () => {
    const tiers: number[] = []
    const got: Notification[] = []
    const queue = queueOf()
    queue.start({
      shorten: (_letter, tier) => {
        tiers.push(tier)
        return `tier ${tier}`
      },
      deliver: async (notification) => {
        got.push(notification)
        return got.length < 3 ? { result: 'reject', detail: 'HTTP 413' } : { result: 'delivered' }
      },
    })
    const signal = signalOf()
    offer(queue, signal)
    await vi.advanceTimersByTimeAsync(0)
    expect(tiers).toEqual([1, 2])
    expect(got.map(({ key, body }) => [key, body])).toEqual([
      [`${signal.id}:1:siem`, bodyOf(signal)],
      [`${signal.id}:1:siem:2`, 'tier 1'],
      [`${signal.id}:1:siem:3`, 'tier 2'],
    ])
    expect(store.dead(10)).toEqual([])
    expect(owed()).toEqual([])
  })

  it('that two threads ended with, while a message was made, gets it in the plainest form [case 69]', async () => {
    const signal = signalOf()
    const asked: [number, number][] = []
    const restart = async () => {
      const queue = queueOf()
      const to = receiver()
      telling.restore(queue)
      queue.start({
        ...to,
        render: (_, tier) => {
          asked.push([tier, made()[0]?.attempt ?? 0])
          return `tier ${tier}`
        },
      })
      await vi.advanceTimersByTimeAsync(0)
      await queue.stop(0)
      return to.got
    }
    // As a thread leaves it that ends while it makes the first form.
    const making = (attempt: number) =>
      store.write({ op: 'claim', message: messageOf(signal, { state: 'making', attempt }), conversations: [] })
    put(store, signal, [])
    making(1)
    expect(await restart()).toMatchObject([{ key: `${signal.id}:1:siem`, body: 'tier 0', attempt: 1 }])
    making(2)
    expect(await restart()).toMatchObject([{ key: `${signal.id}:1:siem`, body: 'tier 2', attempt: 1 }])
    // Each time it is known before its code runs that it has begun once more.
    expect(asked).toEqual([
      [0, 2],
      [2, 3],
    ])
    expect(store.dead(10)).toMatchObject([
      { key: `${signal.id}:1:siem`, body: bodyOf(signal), reason: expect.stringMatching(/^2 threads ended/) },
    ])
  })

  it('whose signal cannot be read loses that alone', async () => {
    const to = receiver()
    const queue = queueOf()
    const [bad, good] = [signalOf(), signalOf()]
    offer(queue, bad)
    store.write({ op: 'signal', signal: { ...headOf(bad), body: '{"kind":"sig\u0000' }, conversations: [], steps: [] })
    offer(queue, good)
    queue.start(to)
    await vi.advanceTimersByTimeAsync(0)
    expect(to.got.map(({ reason, signal: { id, message } }) => (reason === 'notice' ? message : id))).toEqual([
      good.id,
      expect.stringContaining(`siem was not told of ${bad.id}, high (it could not be read`),
    ])
    expect(queue.counters).toMatchObject({ failed: 1, delivered: 2, pending: 0, lastError: expect.stringContaining('could not be read') })
  })

  it('whose form cannot be made gets the next one; the failure is told', async () => {
    const log = memoryLog()
    const queue = queueOf({ log })
    const to = receiver()
    queue.start({
      ...to,
      render: (_, tier) => {
        if (tier < 2) throw new Error(`no tier ${tier}`)
        return 'plain'
      },
    })
    offer(queue, signalOf())
    await vi.advanceTimersByTimeAsync(0)
    expect(to.got.map(({ body }) => body)).toEqual(['plain'])
    expect(log.lines.filter((line) => /^error: a message could not be made \(tier [01]\): no tier/.test(line))).toHaveLength(2)

    const never = receiver()
    const other = queueOf()
    other.start({
      ...never,
      render: () => {
        throw new Error('never')
      },
    })
    const signal = signalOf({ severity: 'medium' })
    offer(other, signal)
    await vi.advanceTimersByTimeAsync(0)
    expect(never.got).toEqual([])
    expect(store.dead(10)).toMatchObject([{ signal: signal.id, body: bodyOf(signal), reason: 'no message could be made of it' }])
    expect(other.counters).toMatchObject({ failed: 1, pending: 0 })
  })

  it('whose messages were damaged on disk is told anew of these signals, and gets all others as they were [case 15]', async () => {
    const signals = Array.from({ length: 10 }, (_, i) => signalOf({ title: `number ${i}` }))
    let made = 0
    const render: Notifier['render'] = ({ title }) => `text ${++made} of ${title}.`
    const queue = queueOf()
    queue.start({ ...receiver(Array(50).fill({ result: 'ambiguous', detail: 'reset' })), render })
    for (const signal of signals) offer(queue, signal)
    await vi.advanceTimersByTimeAsync(60_000)
    await queue.stop(0)
    const before = new Map([...store.messages('siem')].map(({ key, body }) => [key, body]))
    const damaged = [...before].slice(1, 4)
    expect(damaged).toHaveLength(3)
    store.close()
    const file = join(folder.path, SIGNALS_FILE)
    const bytes = readFileSync(file)
    for (const [, body] of damaged) {
      expect(bytes.includes(body)).toBe(true)
      // Also where an earlier state of the row was.
      for (let place = bytes.indexOf(body); place >= 0; place = bytes.indexOf(body)) bytes[place] = (bytes[place] as number) ^ 1
    }
    writeFileSync(file, bytes)
    const log = memoryLog()
    store = storeIn(folder.path, { log })
    const next = queueOf()
    telling.restore(next)
    const to = receiver()
    next.start({ ...to, render })
    await vi.advanceTimersByTimeAsync(600_000)
    expect(owed()).toEqual([])
    expect(to.got.map(({ body }) => body.replace(/^text \d+ /, '')).sort()).toEqual(signals.map(({ title }) => `of ${title}.`))
    const got = new Map(to.got.map(({ key, body }) => [key, body]))
    for (const [key, body] of before)
      if (damaged.some((each) => each[0] === key)) expect([...got.keys()]).toContain(`${key}:2`)
      else expect(got.get(key)).toBe(body)
    expect(store.dead(10)).toHaveLength(3)
    expect(log.lines.filter((line) => /^error: a message to siem was damaged in the store/.test(line))).toHaveLength(3)
  })

  it('hears of a step of an escalation whose message was damaged on disk [case 15]', async () => {
    const rules = [{ name: 'All', to: 'siem', escalate: [{ after: '30m', to: 'siem' }] }]
    const queue = queueOf({ rules })
    queue.start(receiver([{ result: 'delivered' }, ...Array(50).fill({ result: 'ambiguous', detail: 'reset' })]))
    offer(queue, signalOf())
    await vi.advanceTimersByTimeAsync(31 * 60_000)
    await queue.stop(0)
    expect(made()).toMatchObject([{ reason: 'escalated' }])
    store.consult((database) => database.exec("UPDATE outbox SET body=replace(body, 'web', 'wab')"))
    store.close()
    store = storeIn(folder.path)
    const next = queueOf({ rules })
    telling.restore(next)
    const to = receiver()
    next.start(to)
    await vi.advanceTimersByTimeAsync(600_000)
    expect(to.got.map(({ reason }) => reason)).toEqual(['escalated'])
    expect(owed()).toEqual([])
  })

  it('that was dead for two hours hears once of what grew meanwhile, with its last count [case 24]', async () => {
    const { to, signal } = await deadForTwoHours('latest')
    expect(to.got.map(({ key, reason, signal: { count } }) => [key, reason, count])).toEqual([[`${signal.id}:401:siem`, 'opened', 401]])
  })

  it('that was dead for two hours and is told every revision hears of each, in order [case 24]', async () => {
    const { to } = await deadForTwoHours('every')
    expect(to.got.map(({ signal: { revision } }) => revision)).toEqual(Array.from({ length: 401 }, (_, i) => i + 1))
  })

  /** A signal opens and grows 400 times before it takes anything; what it takes then. */
  async function deadForTwoHours(mode: 'latest' | 'every') {
    const to = receiver()
    let isDead = true
    const queue = queueOf({ manner: { mode, interrupts: false } })
    const down = { result: 'retry', detail: 'refused' } as const
    queue.start({ deliver: async (notification, stop) => (isDead ? down : await to.deliver(notification, stop)) })
    const signal = signalOf()
    for (let revision = 1; revision <= 401; revision++) {
      offer(queue, { ...signal, revision, count: revision })
      await vi.advanceTimersByTimeAsync(18_000)
    }
    isDead = false
    await vi.advanceTimersByTimeAsync(600_000)
    expect(owed()).toEqual([])
    expect(queue.counters).toMatchObject({ state: 'ok', pending: 0, failed: 0 })
    return { to, signal }
  }

  it('that is told every revision gets them in order, also those that people judged', async () => {
    const to = receiver([{ result: 'retry', detail: 'down' }])
    const queue = queueOf({ manner: EACH })
    queue.start(to)
    const signal = signalOf()
    for (let revision = 1; revision <= 400; revision++) offer(queue, { ...signal, revision, count: revision })
    judge(signal.id, 'archived')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(to.got.slice(1).map(({ signal: { revision } }) => revision)).toEqual([...Array(400).keys(), 399].map((i) => i + 1))
    expect(to.got.slice(-2).map(({ key, reason }) => [key, reason])).toEqual([
      [`${signal.id}:400:siem`, 'updated'],
      [`${signal.id}:400:siem:2`, 'archived'],
    ])
    expect(owed()).toEqual([])
    // What it is, is known before it is set up.
    await queue.stop(0)
    const next = queueOf({ manner: EACH })
    telling.restore(next)
    const other = signalOf()
    for (const revision of [1, 2, 3]) offer(next, { ...other, revision })
    expect(made().map(({ key, state }) => [key, state])).toEqual([1, 2, 3].map((revision) => [`${other.id}:${revision}:siem`, 'waiting']))
  })

  it('that is told every revision from now on gets what is owed in that form', async () => {
    const queue = queueOf()
    const [first, second] = [signalOf(), signalOf()]
    for (const signal of [first, second]) for (const revision of [1, 2]) offer(queue, { ...signal, revision })
    queue.adopt(EACH)
    offer(queue, { ...first, revision: 3 })
    expect(made().map(({ key }) => key)).toEqual([`${first.id}:2:siem`, `${second.id}:2:siem`, `${first.id}:3:siem`])
    const to = receiver()
    queue.start(to)
    await vi.advanceTimersByTimeAsync(0)
    expect(keys(to).toSorted()).toEqual([`${first.id}:2:siem`, `${first.id}:3:siem`, `${second.id}:2:siem`].toSorted())
    expect(owed()).toEqual([])
  })

  it('buries what is refused for good, and goes on', async () => {
    const to = receiver([{ result: 'reject', detail: 'HTTP 400: no' }])
    const queue = queueOf()
    queue.start(to)
    const [a, b] = [signalOf({ severity: 'medium' }), signalOf()]
    offer(queue, a)
    offer(queue, b)
    await vi.advanceTimersByTimeAsync(0)
    expect(store.dead(10)).toMatchObject([{ signal: a.id, reason: 'HTTP 400: no', body: bodyOf(a) }])
    expect(queue.counters).toEqual({
      state: 'ok',
      delivered: 1,
      failed: 1,
      refused: 1,
      pending: 0,
      heldBack: 0,
      lastError: 'HTTP 400: no',
      lastErrorAt: new Date().toISOString(),
      templateFailures: 0,
      templateError: undefined,
    })
  })

  it('waits as long as it asks, as a whole [case 21]', async () => {
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

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])(
    'that asks to wait for %s ms is tried as if it did not, and the log says so [case 21]',
    async (retryAfterMs) => {
      const log = memoryLog()
      const to = receiver([{ result: 'retry', detail: 'HTTP 429', retryAfterMs }])
      const queue = queueOf({ log })
      queue.start(to)
      offer(queue, signalOf())
      await vi.advanceTimersByTimeAsync(1_000)
      expect(to.got).toHaveLength(2)
      expect(log.lines.filter((line) => line.startsWith(`warn: asked to wait for ${retryAfterMs} ms, which is ignored`))).toHaveLength(1)
    },
  )

  it('is probed by one try at a time while it refuses everything, and gets all when it is back [case 23]', async () => {
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

  it('that failed five times in a row, and not four times, is known so by the next agent: no try before the stored time, one at it, then all in the order of the lanes [case 23]', async () => {
    const to = receiver(Array(50).fill({ result: 'retry', detail: 'HTTP 503' }))
    const failing = queueOf()
    failing.start(to)
    const first = signalOf({ severity: 'medium' })
    offer(failing, first)
    const fails = async (times: number) => {
      while (to.got.length < times) await vi.advanceTimersByTimeAsync(1)
    }
    await fails(4)
    expect(store.destination('siem')?.opened_at ?? null).toBeNull()
    await fails(5)
    expect(store.destination('siem')).toMatchObject({ failures: 5, opened_at: expect.any(Number), is_broken: 0 })
    await fails(6)
    expect((to.times[5] ?? 0) - (to.times[4] ?? 0)).toBeLessThanOrEqual(10_000)
    const lanes = (['low', 'high', 'critical', 'critical'] as const).map((severity) => signalOf({ severity }))
    for (const signal of lanes) offer(failing, signal)
    await fails(10)
    const failed = to.times.at(-1) ?? 0
    await failing.stop(0)
    const { probe_at, backoff } = store.destination('siem') ?? { probe_at: 0, backoff: 0 }
    expect(backoff).toBeGreaterThan(100)

    const queue = queueOf()
    telling.restore(queue)
    const told: string[] = []
    let answer: (() => void) | undefined
    queue.start({
      deliver: async ({ signal }) => {
        told.push(signal.id)
        if (told.length === 1) await new Promise<void>((resolve) => (answer = resolve))
        return { result: 'delivered' }
      },
    })
    expect(queue.counters).toMatchObject({ state: 'failing', pending: 5 })
    await vi.advanceTimersByTimeAsync(failed + backoff - 1 - performance.now())
    expect(told).toEqual([])
    expect(store.destination('siem')).toMatchObject({ probe_at, backoff })
    await vi.advanceTimersByTimeAsync(2)
    expect(told).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(told).toHaveLength(1)
    answer?.()
    await vi.advanceTimersByTimeAsync(0)
    const [low, high, critical, another] = lanes.map(({ id }) => id)
    expect(told).toEqual([critical, another, high, first.id, low])
    expect(owed()).toEqual([])
    expect(store.destination('siem')).toMatchObject({ failures: 0, opened_at: null })
  })

  it('that hangs, deaf to its signal, is given up after the deadline as ambiguous', async () => {
    const queue = queueOf()
    queue.start({ deliver: () => new Promise(() => {}) })
    offer(queue, signalOf())
    await vi.advanceTimersByTimeAsync(16_001)
    expect(made()).toMatchObject([{ attempt: 1, state: 'ambiguous', last_error: 'no answer within 15000 ms' }])
    expect(queue.counters.state).toBe('failing')
  })

  it('that returns nonsense may have got it', async () => {
    const queue = queueOf()
    queue.start({ deliver: async () => undefined as never })
    offer(queue, signalOf())
    await vi.advanceTimersByTimeAsync(0)
    expect(made()).toMatchObject([{ state: 'ambiguous' }])
  })

  it('serves the most severe first, and now and then who waits longest [case 23]', async () => {
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
    const queue = queueOf({ maxItems: 3 })
    const [low, high] = [signalOf({ severity: 'low' }), signalOf()]
    offer(queue, high)
    offer(queue, low)
    const rest = [signalOf({ severity: 'medium' }), signalOf({ severity: 'critical' })]
    for (const signal of rest) offer(queue, signal)
    expect(new Set(owed())).toEqual(new Set([high, ...rest].map(({ id }) => id)))
    expect(queue.counters).toMatchObject({ pending: 3, failed: 1 })
    // What is indispensable has twice the room, and no more.
    const grave = Array.from({ length: 6 }, () => signalOf({ severity: 'critical' }))
    for (const signal of grave) offer(queue, signal)
    expect(owed()).toHaveLength(6)
    expect(owed()).toContain(grave[0]?.id)
    expect(queue.counters).toMatchObject({ failed: 4 })
  })

  it('after a restart gives up what is too much at once, not one by one', async () => {
    const rules = [{ name: 'Team', to: 'siem', repeat: '4h' }]
    {
      const queue = queueOf({ rules })
      queue.start(receiver())
      for (let i = 0; i < 30; i++) offer(queue, signalOf({ severity: i === 29 ? 'critical' : 'medium' }))
      await vi.advanceTimersByTimeAsync(1_000)
      expect(queue.counters.delivered).toBe(30)
      await queue.stop(0)
    }
    const log = memoryLog()
    const queue = queueOf({ rules, maxItems: 3, log })
    const write = vi.spyOn(store, 'write')
    telling.restore(queue)
    expect([...queue.items]).toHaveLength(3)
    expect([...queue.items].some(({ severity }) => severity === 4)).toBe(true)
    expect(queue.counters.failed).toBe(27)
    expect(log.lines).toEqual(['warn: 27 deliveries were given up: too many deliveries wait'])
    expect(write.mock.calls.length).toBeLessThan(5)
    write.mockRestore()
  })

  describe.each([
    ['back by a day', -1],
    ['on by a year', 365],
    ['back by a year', -365],
  ])('whose clock is set %s', (_, days) => {
    const down: Outcome = { result: 'retry', detail: 'down', retryAfterMs: 60_000 }
    const jump = (): unknown => vi.setSystemTime(Date.now() + days * 24 * 3600_000)

    it('gets after a restart what was owed, under the same key, no later than after its wait [case 29]', async () => {
      const signal = signalOf()
      {
        const queue = queueOf()
        queue.start(receiver([down]))
        offer(queue, signal)
        await vi.advanceTimersByTimeAsync(0)
        expect(await queue.stop(0)).toBe(1)
      }
      jump()
      const queue = queueOf()
      telling.restore(queue)
      const to = receiver()
      queue.start(to)
      await vi.advanceTimersByTimeAsync(60_001)
      expect(to.got).toMatchObject([{ key: `${signal.id}:1:siem`, body: bodyOf(signal), attempt: 2 }])
      expect(owed()).toEqual([])
    })

    it('gets what waits when its wait is over, once, neither sooner nor later [case 29]', async () => {
      const queue = queueOf()
      const to = receiver([down])
      queue.start(to)
      offer(queue, signalOf())
      await vi.advanceTimersByTimeAsync(30_000)
      jump()
      await vi.advanceTimersByTimeAsync(29_999)
      expect(to.got).toHaveLength(1)
      await vi.advanceTimersByTimeAsync(2)
      expect(to.got.map(({ attempt }) => attempt)).toEqual([1, 2])
      await vi.advanceTimersByTimeAsync(3600_000)
      expect(to.got).toHaveLength(2)
    })
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
    expect(made()).toMatchObject([{ attempt: 1, state: 'ambiguous' }])
  })
})

describe('backoff', () => {
  it('doubles up to its cap, with full jitter', () => {
    const most = (attempt: number, severity: number): number => backoffFor(attempt, severity, () => 1)
    expect([1, 2, 3, 7, 50].map((attempt) => most(attempt, 4))).toEqual([1_000, 2_000, 4_000, 60_000, 60_000])
    expect(most(50, 2)).toBe(300_000)
    expect(backoffFor(5, 2, () => 0)).toBe(800)
  })

  it('takes what the receiver asks for within bounds [case 21]', () => {
    expect(waitFor(500, undefined)).toBe(500)
    expect(waitFor(500, 7_000)).toBe(7_000)
    expect(waitFor(500, 100)).toBe(500)
    expect(waitFor(500, 1e12)).toBe(3_600_000)
    expect(waitFor(500, -1)).toBe(500)
    expect(waitFor(500, Number.NaN)).toBe(500)
  })
})

describe('to who audits', () => {
  const standing = (queue: DestinationQueue) => queue.standing(30_000)

  it('stands well while nothing is owed, what is owed waits for its time, or a try is under way', async () => {
    const queue = queueOf({ rules: [{ name: 'All', to: 'siem', wait: '10m' }] })
    queue.start(receiver(['hang']))
    expect(standing(queue)).toEqual({ name: 'siem', state: 'ok', lastError: undefined, unwellMs: 0, stalledMs: 0, forgotten: 0 })
    offer(queue, signalOf())
    await vi.advanceTimersByTimeAsync(300_000)
    expect(standing(queue)).toMatchObject({ stalledMs: 0, forgotten: 0 })
    await vi.advanceTimersByTimeAsync(310_000)
    expect(standing(queue)).toMatchObject({ stalledMs: 10_000, forgotten: 0 })
  })

  it('says for how long it fails, also over a restart; what waits for a probe is not overdue', async () => {
    const queue = queueOf()
    queue.start(receiver(Array.from({ length: 100 }, () => ({ result: 'broken', detail: 'HTTP 401' }))))
    offer(queue, signalOf())
    await vi.advanceTimersByTimeAsync(600_000)
    const { state, unwellMs, stalledMs, lastError } = standing(queue)
    expect({ state, lastError, unwellMs }).toEqual({ state: 'broken', lastError: 'HTTP 401', unwellMs: 600_000 })
    expect(stalledMs).toBeLessThan(1_000)
    await queue.stop(0)
    expect(standing(queueOf())).toMatchObject({ state: 'starting', unwellMs: 600_000 })
  })

  it('says what is due and nobody tries', async () => {
    const queue = queueOf()
    queue.start(receiver())
    offer(queue, signalOf())
    await vi.advanceTimersByTimeAsync(1)
    const lost = signalOf()
    // The timer that would try it is gone.
    vi.spyOn(globalThis, 'setTimeout').mockImplementation((() => 0) as never)
    const rules = [{ name: 'All', to: 'siem', wait: '1s' }]
    telling.compose({ destinations: [{ name: 'siem' } as DestinationSpec], routes: routesOf(rules, ['siem']) })
    offer(queue, lost)
    vi.restoreAllMocks()
    await vi.advanceTimersByTimeAsync(61_000)
    expect(standing(queue)).toMatchObject({ state: 'ok', stalledMs: 60_000 })
  })

  it('says which signals it should have heard of, that nothing waits to tell', async () => {
    const queue = queueOf()
    queue.start(receiver())
    await vi.advanceTimersByTimeAsync(1_000)
    const { write } = telling.prepare(headOf(signalOf()), bodyOf(signalOf()))
    // Stored, and never scheduled.
    store.write(write)
    expect(standing(queue)).toMatchObject({ forgotten: 0 })
    await vi.advanceTimersByTimeAsync(31_000)
    expect(standing(queue)).toMatchObject({ forgotten: 1 })
  })

  it('knows what was given up, what is kept quiet and what waits in quiet hours', async () => {
    vi.setSystemTime(new Date('2026-06-01T23:00:00Z'))
    const quiet = { from: '22:00', to: '06:00', zone: 'UTC' }
    const queue = queueOf({ maxItems: 1, rules: [{ name: 'All', to: 'siem', quiet }] })
    queue.start(receiver())
    for (let i = 0; i < 3; i++) offer(queue, signalOf({ severity: 'medium', group: { i } }))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(queue.counters).toMatchObject({ failed: 2, pending: 1 })
    expect(standing(queue)).toMatchObject({ stalledMs: 0, forgotten: 0 })
  })
})
