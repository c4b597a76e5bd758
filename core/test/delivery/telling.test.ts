import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { NotificationRule } from '../../src/config/define-config.ts'
import type { DestinationSpec } from '../../src/delivery/protocol.ts'
import { Mutes } from '../../src/delivery/rules/mutes.ts'
import type { SignalStore } from '../../src/delivery/store/store.ts'
import type { SignalRow } from '../../src/delivery/store/store-rows.ts'
import { routesOf } from '../../src/delivery/telling/routing.ts'
import { Telling } from '../../src/delivery/telling/telling.ts'
import type { Letter } from '../../src/messages/letter.ts'
import { renderPlain } from '../../src/messages/render-plain.ts'
import { exec } from '../../src/model/events/exec.ts'
import { EventRegistry } from '../../src/model/registry.ts'
import { lanes } from '../../src/notifications/lanes.ts'
import { Engine } from '../../src/pipeline/engine.ts'
import type { Manner } from '../../src/plugin/manner.ts'
import type { Notifier, Outcome } from '../../src/plugin/notifier.ts'
import { Grouping } from '../../src/signals/grouping.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { headOf } from '../../src/signals/signal-line.ts'
import {
  bodyOf,
  clean,
  conversationOf,
  memoryLog,
  messageOf,
  owedIn,
  put,
  signalOf,
  storeIn,
  temporaryFolder,
} from '../fixtures/delivery.ts'

const NAMES = ['team', 'pager'] as const
const HOUR = 3_600_000

let folder: ReturnType<typeof temporaryFolder>
let store: SignalStore & Disposable

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] })
  // 23:30 in Paris.
  vi.setSystemTime('2026-07-01T21:30:00Z')
  folder = temporaryFolder()
  store = storeIn(folder.path)
})
afterEach(() => {
  store[Symbol.dispose]()
  folder[Symbol.dispose]()
  vi.useRealTimers()
})

/** Two destinations under rules, and what each was told. */
class House {
  readonly telling: Telling
  readonly letters: Record<(typeof NAMES)[number], Letter[]> = { team: [], pager: [] }
  /** Of the team's tries. */
  readonly outcomes: (Outcome | Promise<Outcome>)[]

  constructor(
    rules: readonly NotificationRule[] | undefined,
    {
      maxItems = 10_000,
      maxBytes = undefined as number | undefined,
      outcomes = [] as (Outcome | Promise<Outcome>)[],
      every = [] as string[],
      /** Whom the signal itself is sent, and no text. */
      native = [] as string[],
      log = memoryLog(),
      mutes = undefined as Mutes | undefined,
    } = {},
  ) {
    this.outcomes = outcomes
    const destinations = NAMES.map((name) => ({ name }) as DestinationSpec)
    this.telling = new Telling(store, { destinations, routes: rules && routesOf(rules, NAMES) }, mutes, log)
    for (const name of NAMES) {
      const manner: Partial<Manner> = { mode: every.includes(name) ? 'every' : 'latest', interrupts: false }
      const bound = name === 'team' ? { maxItems, ...(maxBytes === undefined ? {} : { maxBytes: () => maxBytes }) } : {}
      const queue = this.telling.add(name, { log: memoryLog(), clean, deadlineMs: 15_000, manner, ...bound })
      this.telling.restore(queue)
      queue.start(this.#notifier(name, native.includes(name)))
    }
  }

  #notifier(name: (typeof NAMES)[number], isNative: boolean): Notifier {
    return {
      ...(!isNative && { render: (letter) => JSON.stringify(letter) }),
      deliver: async ({ body, ...about }) => {
        this.letters[name].push((isNative ? about : JSON.parse(body)) as Letter)
        return (name === 'team' ? this.outcomes.shift() : undefined) ?? { result: 'delivered' }
      },
    }
  }

  tell(signal: Signal): Signal {
    const { write, told } = this.telling.prepare(headOf(signal), bodyOf(signal))
    store.write(write)
    told()
    return signal
  }

  judge({ id }: Signal, status: Signal['status']): void {
    this.telling.judge.write({ op: 'judge', signal: id, status })
  }

  reasons(name: (typeof NAMES)[number]): string[] {
    return this.letters[name].map(({ reason }) => reason)
  }
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

describe('escalation', () => {
  const rules: NotificationRule[] = [
    {
      name: 'Team',
      to: 'team',
      escalate: [
        { after: '10m', to: 'pager' },
        { after: '20m', to: ['team', 'pager'] },
      ],
    },
  ]

  it('tells others while nobody acknowledges, each step after the one before [case 35]', async () => {
    const house = new House(rules)
    house.tell(signalOf())
    await pass(9.9 * 60_000)
    expect(house.letters.pager).toEqual([])
    await pass(0.2 * 60_000)
    expect(house.reasons('pager')).toEqual(['escalated'])
    expect(house.letters.pager[0]).toMatchObject({ rule: 'Team' })
    await pass(19.8 * 60_000)
    expect(house.reasons('pager')).toEqual(['escalated'])
    expect(house.reasons('team')).toEqual(['opened'])
    await pass(0.2 * 60_000)
    expect(house.reasons('pager')).toEqual(['escalated', 'escalated'])
    expect(house.reasons('team')).toEqual(['opened', 'escalated'])
    await pass(24 * HOUR)
    expect(house.reasons('pager')).toHaveLength(2)
  })

  it('ends when somebody acknowledges, and who was told hears of it [case 35] [case 37]', async () => {
    const house = new House(rules)
    const signal = house.tell(signalOf())
    await pass(12 * 60_000)
    house.judge(signal, 'acknowledged')
    await pass(24 * HOUR)
    expect(house.reasons('pager')).toEqual(['escalated', 'acknowledged'])
    expect(house.reasons('team')).toEqual(['opened', 'acknowledged'])
    // Worse than what was acknowledged: it begins anew.
    house.tell({ ...signal, revision: 2, severity: 'critical' })
    await pass(11 * 60_000)
    expect(house.reasons('pager').slice(2)).toEqual(['raised', 'escalated'])
    await pass(20 * 60_000)
    expect(house.reasons('pager').slice(4)).toEqual(['escalated'])
  })

  const again: NotificationRule[] = [{ name: 'Team', to: 'team', escalate: [{ after: '30m', to: 'team' }] }]
  const growth = { revision: 2, count: 2 }

  it('comes after what was on its way when its time came: that told of growth, and called nobody [case 35]', async () => {
    const arrival = Promise.withResolvers<Outcome>()
    const house = new House(again, { outcomes: [{ result: 'delivered' }, arrival.promise] })
    const signal = house.tell(signalOf())
    await pass(30 * 60_000 - 1)
    house.tell({ ...signal, ...growth })
    await pass(1_000)
    expect(house.reasons('team')).toEqual(['opened', 'updated'])
    arrival.resolve({ result: 'delivered' })
    await pass(0)
    expect(house.reasons('team')).toEqual(['opened', 'updated', 'escalated'])
    await pass(24 * HOUR)
    expect(house.reasons('team')).toHaveLength(3)
  })

  it.each([
    ['takes the place of growth that did not arrive', 'retry', ['opened', 'updated', 'escalated']],
    ['comes after growth that may have arrived', 'ambiguous', ['opened', 'updated', 'updated', 'escalated']],
  ] as const)('%s and is tried again, also by the next agent [case 35]', async (_, result, reasons) => {
    const outcomes = (): Outcome[] => [{ result: 'delivered' }, { result, detail: 'reset', retryAfterMs: 60_000 }]
    const house = new House(again, { outcomes: outcomes() })
    const signal = house.tell(signalOf())
    await pass(29.5 * 60_000)
    house.tell({ ...signal, ...growth })
    await pass(5 * 60_000)
    expect(house.reasons('team')).toEqual(reasons)
    await house.telling.stop(0)

    const killed = new House(again, { outcomes: outcomes() })
    const other = killed.tell(signalOf())
    await pass(29.5 * 60_000)
    killed.tell({ ...other, ...growth })
    await pass(10_000)
    expect(killed.reasons('team')).toEqual(['opened', 'updated'])
    vi.clearAllTimers()
    const next = new House(again)
    await pass(5 * 60_000)
    expect(next.reasons('team')).toEqual(reasons.slice(2))
    await pass(24 * HOUR)
    expect(next.reasons('team')).toHaveLength(reasons.length - 2)
    await next.telling.stop(0)
  })

  it('comes after a digest that was on its way when its time came, and what quiet hours held is told once [case 32]', async () => {
    const quiet = { from: '22:00', to: '06:00', zone: 'Europe/Paris' }
    const escalate = ['1h', '330m'].map((after) => ({ after, to: 'team' }))
    const arrival = Promise.withResolvers<Outcome>()
    const house = new House([{ name: 'Night', to: 'team', quiet, escalate }], { outcomes: [arrival.promise] })
    await pass(5_000)
    for (let i = 0; i < 2; i++) house.tell(signalOf())
    await pass(6.5 * HOUR)
    expect(house.reasons('team')).toEqual(['digest'])
    await pass(5_000)
    arrival.resolve({ result: 'delivered' })
    await pass(HOUR)
    expect(house.reasons('team')).toEqual(['digest', 'escalated', 'escalated'])
  })

  it('is fixed when the signal opens, also over a restart with other rules [case 36]', async () => {
    const first = new House(rules)
    const signal = first.tell(signalOf())
    await pass(60_000)
    first.telling.compose({ destinations: NAMES.map((name) => ({ name }) as DestinationSpec), routes: routesOf([], NAMES) })
    await first.telling.stop(0)
    const house = new House([{ name: 'Other', to: 'team' }])
    house.tell({ ...signal, revision: 2, count: 2 })
    await pass(10 * 60_000)
    expect(house.reasons('pager')).toEqual(['escalated'])
    house.tell(signalOf())
    await pass(HOUR)
    expect(house.reasons('pager')).toEqual(['escalated', 'escalated'])
  })

  const composed = (...rules: NotificationRule[]) => ({
    destinations: NAMES.map((name) => ({ name }) as DestinationSpec),
    routes: routesOf(rules, NAMES),
  })
  const minute = 60_000

  it('goes on under a rule of another name with steps of its own; what is new is told by that one, and when the first comes back nothing begins anew [case 36]', async () => {
    const other: NotificationRule = { name: 'Other', to: 'team', escalate: [{ after: '1h', to: 'pager' }] }
    const house = new House(rules)
    const signal = house.tell(signalOf())
    await pass(8 * minute)
    house.telling.compose(composed(other))
    await pass(minute)
    house.tell({ ...signal, revision: 2, count: 2 })
    await pass(0.9 * minute)
    expect(house.reasons('pager')).toEqual([])
    await pass(0.2 * minute)
    expect(house.reasons('pager')).toEqual(['escalated'])
    await pass(2 * minute)
    house.telling.compose(composed(...rules))
    house.tell({ ...signal, revision: 3, count: 3 })
    await pass(HOUR)
    expect(house.reasons('pager').filter((reason) => reason === 'escalated')).toEqual(['escalated', 'escalated'])

    house.telling.compose(composed(other))
    const next = house.tell(signalOf())
    await pass(59.9 * minute)
    const told = () => house.letters.pager.filter((letter) => letter.signal.id === next.id).map(({ reason, rule }) => [reason, rule])
    expect(told()).toEqual([])
    await pass(0.2 * minute)
    expect(told()).toEqual([['escalated', 'Other']])
    expect(house.letters.team.find((letter) => letter.signal.id === next.id)).toMatchObject({ reason: 'opened', rule: 'Other' })
  })

  it('keeps its steps when another rule takes over what became more severe, whose own come besides [case 36]', async () => {
    const house = new House([
      { name: 'Critical', when: 'severity == critical', to: 'team', escalate: [{ after: '1h', to: 'pager' }] },
      { name: 'Team', to: 'team', escalate: [{ after: '10m', to: 'pager' }] },
    ])
    const signal = house.tell(signalOf({ severity: 'medium' }))
    await pass(9 * minute)
    house.tell({ ...signal, revision: 2, severity: 'critical' })
    await pass(0.9 * minute)
    expect(house.reasons('team')).toEqual(['opened', 'raised'])
    expect(house.reasons('pager')).toEqual([])
    await pass(0.2 * minute)
    expect(house.reasons('pager')).toEqual(['escalated'])
    await pass(58.8 * minute)
    expect(house.reasons('pager')).toEqual(['escalated'])
    await pass(0.2 * minute)
    expect(house.reasons('pager')).toEqual(['escalated', 'escalated'])
    await pass(24 * HOUR)
    expect(house.reasons('pager')).toHaveLength(2)
  })

  it('begins once for each rule while the signal is open, however often what it becomes decides between them, also over a restart; anew when it opens anew [case 36]', async () => {
    const by = (severity: string, after: string): NotificationRule => ({
      name: severity,
      when: `severity == ${severity}`,
      to: 'team',
      escalate: [{ after, to: 'pager' }],
    })
    const both = [by('medium', '10m'), by('high', '20m')]
    const escalated = (house: House) => house.reasons('pager').filter((reason) => reason === 'escalated').length
    const first = new House(both)
    let signal = signalOf({ severity: 'medium' })
    const flip = (house: House): void => {
      house.tell(signal)
      signal = { ...signal, revision: signal.revision + 1, severity: signal.severity === 'medium' ? 'high' : 'medium' }
    }
    for (let i = 0; i < 31; i++) {
      flip(first)
      await pass(minute)
    }
    expect(escalated(first)).toBe(2)
    await first.telling.stop(0)
    const house = new House(both)
    for (let i = 0; i < 10; i++) flip(house)
    await pass(HOUR)
    expect(escalated(house)).toBe(0)
    house.judge(signal, 'acknowledged')
    for (let i = 0; i < 4; i++) flip(house)
    await pass(HOUR)
    expect(escalated(house)).toBe(2)
    await house.telling.stop(0)
  })

  it('begins when the signal first has an owner where a mute had kept it from all', async () => {
    const mutes = new Mutes(store, memoryLog())
    mutes.add({ when: 'severity <= high', duration: '5m', reason: 'upgrade' }, 'ada')
    const house = new House(rules, { mutes })
    const escalated = () => house.reasons('pager').filter((reason) => reason === 'escalated')
    const signal = house.tell(signalOf())
    await pass(6 * minute)
    house.tell({ ...signal, revision: 2, count: 2 })
    await pass(9.9 * minute)
    expect(escalated()).toEqual([])
    await pass(0.2 * minute)
    expect(escalated()).toEqual(['escalated'])
  })

  it('begins for others when a mute ends, though who is told every revision was named already', async () => {
    const mutes = new Mutes(store, memoryLog())
    mutes.add({ when: 'severity <= high', duration: '5m', reason: 'upgrade' }, 'ada')
    const house = new House([{ name: 'Team', to: 'team', escalate: [{ after: '10m', to: ['team', 'pager'] }] }], {
      mutes,
      every: ['pager'],
    })
    const signal = house.tell(signalOf())
    await pass(6 * minute)
    house.tell({ ...signal, revision: 2, count: 2 })
    await pass(11 * minute)
    expect(house.reasons('team').filter((reason) => reason !== 'notice')).toEqual(['opened', 'escalated'])
  })

  it('that was ended by people does not come back with a rule that has none', async () => {
    const house = new House([{ name: 'Critical', when: 'severity == critical', to: 'team' }, ...rules])
    const signal = house.tell(signalOf())
    await pass(5 * minute)
    house.judge(signal, 'acknowledged')
    await pass(minute)
    house.tell({ ...signal, revision: 2, severity: 'critical' })
    await pass(24 * HOUR)
    expect(house.reasons('team')).toEqual(['opened', 'acknowledged', 'raised'])
    expect(house.reasons('pager')).toEqual([])
  })

  it('comes once, at its time, whatever is done to the wall clock, also while no agent runs [case 29]', async () => {
    const jumps = [-24, 24 * 365, -24 * 365]
    const set = (hours: number) => vi.setSystemTime(Date.now() + hours * HOUR)
    const first = new House(rules)
    first.tell(signalOf())
    for (const jump of jumps) {
      await pass(minute)
      set(jump)
    }
    await pass(6.9 * minute)
    expect(first.reasons('pager')).toEqual([])
    await pass(0.2 * minute)
    expect(first.reasons('pager')).toEqual(['escalated'])
    for (const jump of jumps) {
      await pass(minute)
      set(jump)
    }
    await pass(16.8 * minute)
    expect(first.reasons('pager')).toEqual(['escalated'])
    await first.telling.stop(0)
    // A year in which no agent ran: the step that is left is due, once.
    set(24 * 365)
    const second = new House(rules)
    await pass(24 * HOUR)
    expect(second.reasons('pager')).toEqual(['escalated'])
    expect(second.reasons('team')).toEqual(['escalated'])
    await second.telling.stop(0)
    for (const jump of jumps) {
      set(jump)
      const next = new House(rules)
      await pass(HOUR)
      expect([next.letters.pager, next.letters.team]).toEqual([[], []])
      await next.telling.stop(0)
    }
  })

  it('waits no longer than its own time where the wall clock went back a day while no agent ran [case 29]', async () => {
    const first = new House(rules)
    first.tell(signalOf())
    await pass(minute)
    await first.telling.stop(0)
    vi.setSystemTime(Date.now() - 24 * HOUR)
    const house = new House(rules)
    await pass(10.1 * minute)
    expect(house.reasons('pager')).toEqual(['escalated'])
    await house.telling.stop(0)
  })

  it('tells nobody of what was archived in time', async () => {
    const house = new House(rules)
    const signal = house.tell(signalOf())
    await pass(60_000)
    house.judge(signal, 'archived')
    await pass(24 * HOUR)
    expect(house.reasons('pager')).toEqual([])
    expect(owedIn(store, 'pager')).toEqual([])
  })
})

describe('escalation to who is told every revision', () => {
  const rules: NotificationRule[] = [{ name: 'Team', to: 'team', escalate: [{ after: '10m', to: 'pager' }] }]

  it('tells nothing before, then the newest state, then each revision', async () => {
    const house = new House(rules, { every: ['pager'] })
    const signal = house.tell(signalOf())
    house.tell({ ...signal, revision: 2, count: 2 })
    await pass(9.9 * 60_000)
    expect(house.letters.pager).toEqual([])
    await pass(0.2 * 60_000)
    expect(house.letters.pager.map(({ reason, signal: { revision } }) => [reason, revision])).toEqual([['escalated', 2]])
    house.tell({ ...signal, revision: 3, count: 3 })
    await pass(0)
    house.judge(signal, 'archived')
    await pass(24 * HOUR)
    expect(house.reasons('pager')).toEqual(['escalated', 'updated', 'archived'])
  })

  it('tells nothing of what somebody acknowledged in time, nor of what a restart found so', async () => {
    const first = new House(rules, { every: ['pager'] })
    const [seen, unseen, later] = [first.tell(signalOf()), first.tell(signalOf()), first.tell(signalOf())]
    await pass(60_000)
    first.judge(seen, 'acknowledged')
    await first.telling.stop(0)
    store.write({ op: 'judge', signal: later.id, status: 'archived' })
    const house = new House(rules, { every: ['pager'] })
    await pass(HOUR)
    expect(house.letters.pager.map(({ reason, signal: { id } }) => [reason, id])).toEqual([['escalated', unseen.id]])
  })

  it('is found too when the destination turns out to be told so', async () => {
    const first = new House(rules)
    first.tell(signalOf())
    await first.telling.stop(0)
    const house = new House(rules, { every: ['pager'] })
    await pass(9 * 60_000)
    expect(house.letters.pager).toEqual([])
    await pass(2 * 60_000)
    expect(house.reasons('pager')).toEqual(['escalated'])
  })
})

it('a signal at which a condition fails is stored, and told to all', () => {
  const log = memoryLog()
  const house = new House([{ name: 'Team', when: 'severity >= high', to: 'team' }], { log })
  const { write } = house.telling.prepare(headOf(signalOf()), '{"torn')
  expect(write).toMatchObject({ op: 'signal', conversations: NAMES.map((destination) => ({ destination })) })
  expect(log.lines.join()).toContain('it is told to all')
})

it('what is judged while its first word waits is told to nobody, and the log says why [case 8]', async () => {
  const log = memoryLog()
  const house = new House(
    [
      { name: 'Slow', to: 'team', wait: '30s' },
      { name: 'Page', to: 'pager' },
    ],
    { log },
  )
  const [archived, told] = [house.tell(signalOf()), house.tell(signalOf())]
  await pass(10_000)
  house.judge(archived, 'archived')
  await pass(HOUR)
  expect(house.letters.team.map(({ signal: { id } }) => id)).toEqual([told.id])
  expect(house.reasons('pager')).toEqual(['opened', 'opened', 'archived'])
  house.judge(told, 'archived')
  await pass(0)
  expect(log.lines.filter((line) => line.startsWith('info'))).toEqual([
    `info: not told: it was archived before its first word was due ${JSON.stringify({ signal: archived.id, destination: 'team' })}`,
  ])
})

it('what is grave and a member of the group judges before it is told: who was owed it hears who did that', async () => {
  const house = new House([
    { name: 'Slow', when: 'severity >= medium', to: 'team', wait: '30s' },
    { name: 'Page', when: 'severity == medium', to: 'pager' },
  ])
  const notices = () => house.letters.team.filter(({ reason }) => reason === 'notice')
  const [high, other, medium] = [
    house.tell(signalOf({ title: 'Look here' })),
    house.tell(signalOf()),
    house.tell(signalOf({ severity: 'medium' })),
  ]
  await pass(1_000)
  for (const { id: signal } of [high, medium]) house.telling.judge.write({ op: 'judge', signal, status: 'archived', operator: 'eve' })
  await pass(0)
  expect(notices()).toMatchObject([{ title: 'Before you were told it was archived: Look here', signal: { severity: 'medium' } }])
  expect(renderPlain(notices()[0]?.message ?? [])).toMatch(/Z, eve: .*, high, was archived before you were told: Look here\./)
  expect(house.reasons('pager')).toEqual(['opened', 'archived'])
  house.telling.judge.write({ op: 'judge', signal: other.id, status: 'acknowledged', operator: 'eve' })
  await pass(HOUR)
  expect(notices()).toHaveLength(2)
  expect(house.letters.team.filter(({ reason }) => reason !== 'notice')).toEqual([])
  // Who heard of it hears that it was judged, and no more than that.
  const told = house.tell(signalOf())
  await pass(31_000)
  house.telling.judge.write({ op: 'judge', signal: told.id, status: 'archived', operator: 'eve' })
  await pass(0)
  expect(house.reasons('team').slice(-2)).toEqual(['opened', 'archived'])
})

it('what is grave and was tried in vain is not withdrawn in silence either, nor is what opened anew and was not told', async () => {
  const house = new House([{ name: 'Team', to: 'team' }], { outcomes: Array(4).fill({ result: 'retry', detail: 'HTTP 503' }) })
  const judge = (signal: string, operator?: string) =>
    house.telling.judge.write({ op: 'judge', signal, status: 'archived', ...(operator === undefined ? {} : { operator }) })
  const titles = () => house.letters.team.filter(({ reason }) => reason === 'notice').map(({ title }) => title)
  const tried = house.tell(signalOf({ title: 'Tried' }))
  await pass(0)
  judge(tried.id, 'eve')
  await pass(HOUR)
  expect([...new Set(titles())]).toEqual(['Before you were told it was archived: Tried'])

  const risen = house.tell(signalOf({ title: 'Risen', severity: 'low' }))
  await pass(1_000)
  judge(risen.id)
  await pass(1_000)
  house.outcomes.push(...Array(4).fill({ result: 'retry', detail: 'HTTP 503' }))
  house.tell({ ...risen, revision: 2, severity: 'critical' })
  await pass(0)
  judge(risen.id, 'eve')
  await pass(HOUR)
  expect([...new Set(titles())].at(-1)).toBe('Before you were told it was archived: Risen')
  await house.telling.stop(0)
})

it('a notice that was tried in vain is told, whoever archives it', async () => {
  const house = new House([{ name: 'Slow', to: 'team', wait: '30s' }], { outcomes: Array(2).fill({ result: 'retry', detail: 'HTTP 503' }) })
  const { id } = house.tell(signalOf())
  house.telling.judge.write({ op: 'judge', signal: id, status: 'archived', operator: 'eve' })
  await pass(0)
  const notice = store.signals(10).find(({ rule }) => rule === 'notifications-judged')?.id as string
  house.telling.judge.write({ op: 'judge', signal: notice, status: 'archived', operator: 'eve' })
  house.outcomes.length = 0
  await pass(HOUR)
  expect(house.reasons('team')).toEqual(['notice', 'notice', 'archived'])
  await house.telling.stop(0)
})

describe('what is part of something worse', () => {
  const rules: NotificationRule[] = [
    { name: 'Page', when: 'severity == critical', to: ['pager', 'team'] },
    { name: 'Team', to: 'team', message: '{{rule_name}}' },
  ]
  const ran = (pid: number, ancestors: readonly number[], more: Partial<Signal> = {}): Signal =>
    signalOf({ event: { type: 'exec', process: { pid, ancestors: ancestors.map((pid) => ({ pid })) }, container: { id: '' } }, ...more })

  it('is not told while that is open, which says how much that is', async () => {
    const house = new House(rules)
    const critical = house.tell(ran(100, [50, 1], { severity: 'critical' }))
    await pass(0)
    house.tell(ran(101, [100, 50, 1]))
    house.tell(ran(50, [1]))
    const other = house.tell(ran(102, [51, 1]))
    const inside = house.tell(ran(103, [1], { event: { type: 'exec', process: { pid: 103 }, container: { id: 'c1' } } }))
    house.tell({ ...critical, revision: 2, count: 2 })
    await pass(11_000)
    expect(house.letters.team.map(({ signal: { id } }) => id)).toEqual([critical.id, other.id, inside.id, critical.id])
    expect(renderPlain(house.letters.team[3]?.message ?? [])).toContain(
      '2 less severe signals of the same processes or container are not told',
    )
    expect(renderPlain(house.letters.pager[1]?.message ?? [])).not.toContain('less severe')
  })

  const keptTexts = (house: House) =>
    house.letters.team.map(({ message }) => /\d+ less severe signals? .* while .* open\./.exec(renderPlain(message))?.[0] ?? '')

  it('is said with the next word about the worse one, which comes for that alone, where that is told', async () => {
    const house = new House(rules)
    const critical = house.tell(ran(100, [1], { severity: 'critical' }))
    await pass(1_000)
    house.tell(ran(101, [100, 1]))
    await pass(1_000)
    house.tell(ran(102, [100, 1], { severity: 'low' }))
    await pass(7_900)
    expect(house.reasons('team')).toEqual(['opened'])
    await pass(200)
    expect(house.letters.team.map(({ reason, signal: { id }, kept }) => [reason, id, kept])).toEqual([
      ['opened', critical.id, undefined],
      ['updated', critical.id, 2],
    ])
    expect(keptTexts(house)[1]).toBe('2 less severe signals of the same processes or container are not told while this one is open.')
    await pass(HOUR)
    expect(house.reasons('team')).toEqual(['opened', 'updated'])
    expect(house.reasons('pager')).toEqual(['opened'])
    await house.telling.stop(0)
  })

  it('is a word each interval, however many they are, and the last says how many', async () => {
    const house = new House(rules)
    house.tell(ran(100, [1], { severity: 'critical' }))
    for (let i = 0; i < 300; i++) {
      await pass(200)
      house.tell(ran(1_000 + i, [100, 1]))
    }
    await pass(HOUR)
    expect(house.letters.team.length).toBeLessThanOrEqual(8)
    expect(house.letters.team.at(-1)?.kept).toBe(300)
    await house.telling.stop(0)
  })

  it('is said when the worse one is judged, and then no more', async () => {
    const house = new House(rules)
    const critical = house.tell(ran(100, [1], { severity: 'critical' }))
    await pass(1_000)
    house.tell(ran(101, [100, 1]))
    house.judge(critical, 'acknowledged')
    await pass(HOUR)
    expect(house.letters.team.map(({ reason, kept }) => [reason, kept])).toEqual([
      ['opened', undefined],
      ['acknowledged', 1],
    ])
    await house.telling.stop(0)
  })

  it('that became as severe is told itself, and causes no word about the other', async () => {
    const house = new House(rules)
    const critical = house.tell(ran(100, [1], { severity: 'critical' }))
    await pass(1_000)
    const risen = house.tell(ran(101, [100, 1]))
    await pass(1_000)
    house.tell({ ...risen, revision: 2, severity: 'critical' })
    await pass(HOUR)
    expect(house.letters.team.map(({ signal: { id } }) => id)).toEqual([critical.id, risen.id])
    await house.telling.stop(0)
  })

  it('is said while the store cannot be written too: what waits for it counts, and what was told since does not', async () => {
    const broken = (isBroken: boolean) => store.consult((database) => database.exec(`PRAGMA query_only=${isBroken ? 'ON' : 'OFF'}`))
    const house = new House(rules)
    const critical = house.tell(ran(100, [1], { severity: 'critical' }))
    await pass(1_000)
    const risen = house.tell(ran(101, [100, 1]))
    broken(true)
    house.tell(ran(102, [100, 1]))
    house.tell(ran(103, [100, 1]))
    house.tell({ ...risen, revision: 2, severity: 'critical' })
    await pass(12_000)
    expect(store.error).toBeDefined()
    expect(store.kept(critical.id, 'team')).toBe(2)
    broken(false)
    await pass(HOUR)
    expect(store.error).toBeUndefined()
    expect(store.kept(critical.id, 'team')).toBe(2)
    const told = house.letters.team.map(({ reason, signal: { id }, kept }) => [reason, id, kept])
    expect(told).toEqual([
      ['opened', critical.id, undefined],
      ['opened', risen.id, undefined],
      ['updated', critical.id, 2],
    ])
    await house.telling.stop(0)
  })

  it('is said by the next agent if this one is killed before', async () => {
    const killed = new House(rules)
    killed.tell(ran(100, [1], { severity: 'critical' }))
    await pass(1_000)
    killed.tell(ran(101, [100, 1]))
    vi.clearAllTimers()
    const house = new House(rules)
    await pass(HOUR)
    expect(house.letters.team.map(({ reason, kept }) => [reason, kept])).toEqual([['updated', 1]])
    await house.telling.stop(0)
  })

  it('causes no word where messages are the signals themselves, which could not say it', async () => {
    const house = new House(rules, { native: ['team'] })
    house.tell(ran(100, [1], { severity: 'critical' }))
    await pass(1_000)
    house.tell(ran(101, [100, 1]))
    await pass(HOUR)
    expect(house.reasons('team')).toEqual(['opened'])
    expect(owedIn(store, 'team')).toEqual([])
    await house.telling.stop(0)
  })

  it('is counted in a digest, and in plainer forms of a message that was refused', async () => {
    const quiet = { from: '22:00', to: '06:00', zone: 'Europe/Paris' }
    const house = new House([{ name: 'Team', to: 'team', quiet }], { outcomes: [{ result: 'reject', detail: 'too large' }] })
    house.tell(ran(100, [1]))
    house.tell(ran(200, [1]))
    for (const [pid, above] of [
      [101, 100],
      [102, 100],
      [201, 200],
    ] as const)
      house.tell(ran(pid, [above, 1], { severity: 'low' }))
    await pass(24 * HOUR)
    expect(house.letters.team.map(({ reason, kept }) => [reason, kept])).toEqual([
      ['digest', 3],
      ['digest', 3],
    ])
    expect(keptTexts(house)[0]).toMatch(/^3 less severe signals .* while these are open\.$/)
    await house.telling.stop(0)
  })

  it('is told if nobody heard of the worse one: it was refused for good, or is kept quiet itself', async () => {
    const house = new House(rules, { outcomes: Array(4).fill({ result: 'reject', detail: 'too large' }) })
    const told = () => house.letters.team.map(({ signal: { id } }) => id)
    house.tell(ran(100, [1], { severity: 'critical' }))
    await pass(1_000)
    expect(told()).toHaveLength(4)
    const high = house.tell(ran(101, [100, 1], { severity: 'high' }))
    await pass(1_000)
    expect(told().slice(4)).toEqual([high.id])

    const worst = house.tell(ran(200, [1], { severity: 'critical' }))
    await pass(1_000)
    house.tell(ran(201, [200, 1], { severity: 'high' }))
    house.judge(worst, 'archived')
    await pass(1_000)
    expect(told().slice(5)).toEqual([worst.id, worst.id])
    const medium = house.tell(ran(202, [201, 200, 1], { severity: 'medium' }))
    await pass(1_000)
    expect(told().slice(7)).toEqual([medium.id])
  })

  it('is told once the worse one is refused for good, though it was kept quiet before', async () => {
    const outcomes: Outcome[] = [{ result: 'retry', detail: 'busy' }, ...Array(4).fill({ result: 'reject', detail: 'too large' })]
    const house = new House(rules, { outcomes })
    const critical = house.tell(ran(100, [1], { severity: 'critical' }))
    const high = house.tell(ran(101, [100, 1]))
    const low = house.tell(ran(102, [100, 1], { severity: 'low' }))
    await pass(0)
    expect(house.letters.team.map(({ signal: { id } }) => id)).toEqual([critical.id])
    await pass(5_000)
    const told = house.letters.team.slice(5).map(({ signal: { id } }) => id)
    expect(told.sort()).toEqual([high.id, low.id].sort())
  })

  it('stays quiet when a later word about the worse one is refused for good', async () => {
    const outcomes: Outcome[] = [{ result: 'delivered' }, ...Array(4).fill({ result: 'reject', detail: 'too large' })]
    const house = new House(rules, { outcomes })
    const critical = house.tell(ran(100, [1], { severity: 'critical' }))
    await pass(1_000)
    house.tell(ran(101, [100, 1]))
    house.tell({ ...critical, revision: 2, count: 2 })
    await pass(HOUR)
    expect(new Set(house.letters.team.map(({ signal: { id } }) => id))).toEqual(new Set([critical.id]))
    await house.telling.stop(0)
  })

  it('is not told either if the agent was restarted between them; it is, ten minutes after the worse one', async () => {
    const before = new House(rules)
    const last_seen = new Date().toISOString()
    before.tell(ran(100, [1], { severity: 'critical', last_seen }))
    before.tell(ran(300, [1], { severity: 'critical', last_seen: new Date(Date.now() - 11 * 60_000).toISOString() }))
    await pass(0)
    await before.telling.stop(0)
    await pass(60_000)
    const after = new House(rules)
    after.tell(ran(101, [100, 1]))
    const beside = after.tell(ran(301, [300, 1]))
    await pass(9 * 60_000 + 1)
    const late = after.tell(ran(102, [100, 1]))
    await pass(0)
    const told = after.letters.team.filter(({ reason }) => reason === 'opened')
    expect(told.map(({ signal: { id } }) => id)).toEqual([beside.id, late.id])
    await after.telling.stop(0)
  })

  it('is told when it grows once that is done with', async () => {
    const house = new House(rules)
    const critical = house.tell(ran(100, [1], { severity: 'critical' }))
    const low = house.tell(ran(100, [1], { severity: 'low' }))
    await pass(60_000)
    house.judge(critical, 'archived')
    house.tell({ ...low, revision: 2, count: 2 })
    await pass(0)
    expect(house.letters.team.map(({ reason, signal: { severity } }) => [reason, severity])).toEqual([
      ['opened', 'critical'],
      ['updated', 'critical'],
      ['archived', 'critical'],
      ['opened', 'low'],
    ])
  })

  it('is told to whom that is not told, to all where there are no rules, and if it is as severe', async () => {
    const apart = new House([
      { name: 'Page', when: 'severity == critical', to: 'pager' },
      { name: 'Team', when: 'severity < critical', to: 'team' },
    ])
    apart.tell(ran(100, [1], { severity: 'critical' }))
    apart.tell(ran(100, [1]))
    await pass(0)
    const none = new House(undefined)
    none.tell(ran(200, [1], { severity: 'critical' }))
    none.tell(ran(200, [1]))
    none.tell(ran(200, [1], { severity: 'critical' }))
    await pass(0)
    expect(apart.reasons('team')).toEqual(['opened'])
    expect(none.reasons('team')).toHaveLength(3)
  })
})

it('what is given up since too much waits is counted, and told through another destination, once an hour', async () => {
  const house = new House(undefined, { maxItems: 3, outcomes: Array(400).fill({ result: 'retry', detail: 'down' }) })
  const tellMany = async () => {
    for (let i = 0; i < 10; i++) house.tell(signalOf({ severity: i % 2 ? 'low' : 'medium' }))
    await pass(2_000)
  }
  await tellMany()
  await tellMany()
  const notices = () => house.letters.pager.filter(({ reason }) => reason === 'notice')
  expect(notices()).toMatchObject([
    { title: '7 messages to team were given up', signal: { severity: 'high', group: { destination: 'team' } } },
  ])
  expect(renderPlain(notices()[0]?.message ?? [])).toMatch(/will not be told: first words \d\b/)
  expect(store.signals(1, 3, 'notifications-given-up')).toHaveLength(1)
  await pass(HOUR)
  expect(notices().map(({ title }) => title)).toEqual(['7 messages to team were given up', '10 messages to team were given up'])
  expect(house.reasons('team')).not.toContain('notice')
})

it('what was given up and not told yet is told by the next agent, and what was told is not told again [case 11]', async () => {
  const down = { maxItems: 3, outcomes: Array(400).fill({ result: 'retry', detail: 'down' }) }
  const first = new House(undefined, down)
  for (let i = 0; i < 10; i++) first.tell(signalOf({ severity: i % 2 ? 'low' : 'medium' }))
  await first.telling.stop(0)
  expect(first.reasons('pager')).not.toContain('notice')
  const given = store.shed().reduce((sum, { count }) => sum + count, 0)
  expect(given).toBeGreaterThan(5)
  const second = new House(undefined, down)
  await pass(2_000)
  const notices = (house: House) => house.letters.pager.filter(({ reason }) => reason === 'notice').map(({ title }) => title)
  expect(notices(second)).toEqual([`${given} messages to team were given up`])
  expect(store.shed().every(({ count }) => count === 0)).toBe(true)
  second.tell(signalOf({ severity: 'low' }))
  await second.telling.stop(0)
  await pass(60_000)
  const third = new House(undefined, down)
  await pass(HOUR - 62_000)
  expect(notices(third)).toEqual([])
  await pass(5_000)
  expect(notices(third)).toEqual(['1 message to team was given up'])
  await third.telling.stop(0)
})

it('a notice that somebody has archived is over for whom it was told, and refused in one form it is told in another', async () => {
  const outcomes: Outcome[] = Array(5).fill({ result: 'reject', detail: 'too large' })
  const house = new House([{ name: 'Team', to: 'team' }], { outcomes, every: ['pager'] })
  house.tell(signalOf())
  await pass(1_000)
  expect(house.reasons('team').slice(4)).toEqual(['notice', 'notice'])
  const [notice] = store.signals(1, 0, 'notifications-refused')
  house.judge({ id: notice?.id } as Signal, 'archived')
  await pass(HOUR)
  expect(house.reasons('team').slice(6)).toEqual(['archived'])
  expect(house.letters.team.at(-1)?.title).toBe('team was not told: A web server started a shell')
})

it('what is given up, refused or judged while the store cannot be written is counted and told once it can', async () => {
  const broken = (isBroken: boolean) => store.consult((database) => database.exec(`PRAGMA query_only=${isBroken ? 'ON' : 'OFF'}`))
  const outcomes: Outcome[] = [
    ...Array(4).fill({ result: 'reject', detail: 'too large' }),
    ...Array(400).fill({ result: 'retry', detail: 'down' }),
  ]
  const house = new House([{ name: 'All', to: 'team', wait: '1m' }], { maxItems: 3, outcomes })
  const judged = house.tell(signalOf())
  broken(true)
  house.tell(signalOf({ severity: 'critical' }))
  await pass(0)
  house.telling.judge.write({ op: 'judge', signal: judged.id, status: 'archived', operator: 'eve' })
  for (let i = 0; i < 10; i++) house.tell(signalOf({ severity: 'low' }))
  await pass(2_000)
  expect(store.error).toBeDefined()
  expect(house.letters.pager).toEqual([])
  broken(false)
  await pass(5_000)
  expect(store.error).toBeUndefined()
  const given = house.telling.queue('team')?.counters.failed ?? 0
  await pass(120_000)
  const titles = house.letters.pager.map(({ title }) => title)
  expect(titles.sort()).toEqual([`${given - 1} messages to team were given up`, 'team was not told: A web server started a shell'])
  expect(house.letters.team.some(({ title }) => title === 'Before you were told it was archived: A web server started a shell')).toBe(true)
})

it('what is owed to a destination that is not listed waits for a week; what is grave of it is told to others then', async () => {
  const [late, fresh] = [signalOf(), signalOf()]
  put(store, late, ['gone'])
  const conversations = [conversationOf(fresh, 'gone', { changed_at: Date.now() })]
  store.write({ op: 'signal', signal: { ...headOf(fresh), body: bodyOf(fresh) }, conversations, steps: [] })
  const house = new House(undefined)
  expect(house.telling.absent()).toEqual(new Map([['gone', 1]]))
  await pass(0)
  expect(house.letters.team.map(({ title }) => title)).toEqual(['gone was not told: A web server started a shell'])
  expect(renderPlain(house.letters.team[0]?.message ?? [])).toContain(`${late.id}, high`)
  expect(owedIn(store, 'gone')).toEqual([fresh.id])
  await house.telling.stop(0)
})

it('of a digest to a destination that is not listed all that is grave is told to others after a week', async () => {
  const [lead, covered] = [signalOf(), signalOf()]
  for (const signal of [lead, covered]) put(store, signal, [])
  const covers = JSON.stringify([{ signal: covered.id, revision: 1, severity: 3, count: 1, status: 'open' }])
  const message = messageOf(lead, { destination: 'gone', reason: 'digest', covers, created: Date.now() - 8 * 24 * HOUR })
  store.write({ op: 'claim', message, conversations: [] })
  const house = new House(undefined)
  expect(house.telling.absent()).toEqual(new Map())
  await pass(0)
  expect(house.letters.team.map(({ title }) => title)).toEqual(['gone was not told: A web server started a shell, and 1 more signal'])
  const text = renderPlain(house.letters.team[0]?.message ?? [])
  for (const { id } of [lead, covered]) expect(text).toContain(`${id}, high`)
  await house.telling.stop(0)
})

it('a signal whose text cannot be read can be judged, and who was owed it hears its id', async () => {
  const house = new House([{ name: 'Slow', to: 'team', wait: '30s' }])
  const { id } = house.tell(signalOf())
  store.write({ op: 'signal', signal: { ...(store.signal(id) as SignalRow), revision: 2, body: '{"torn' }, conversations: [], steps: [] })
  house.telling.judge.write({ op: 'judge', signal: id, status: 'archived', operator: 'eve' })
  await pass(0)
  expect(house.letters.team.map(({ title }) => title)).toEqual([`Before you were told it was archived: ${id}`])
  await house.telling.stop(0)
})

it('of a destination that a reload removed nobody expects that it tells others', async () => {
  const house = new House(undefined, { outcomes: Array(4).fill({ result: 'reject', detail: 'too large' }) })
  house.telling.compose({ destinations: [{ name: 'team' } as DestinationSpec], routes: undefined })
  house.tell(signalOf())
  await pass(2_000)
  expect(house.letters.pager).toEqual([])
  expect(house.letters.team.at(-1)?.title).toBe('team was not told: A web server started a shell')
  await house.telling.stop(0)
})

it('a signal whose text cannot be read holds up no start, also where each revision is told', async () => {
  const house = new House([{ name: 'All', to: ['team', 'pager'] }], { every: ['team'] })
  const { id } = house.tell(signalOf())
  await pass(0)
  store.write({ op: 'signal', signal: { ...(store.signal(id) as SignalRow), revision: 2, body: '{"torn' }, conversations: [], steps: [] })
  house.telling.judge.write({ op: 'judge', signal: id, status: 'archived' })
  await pass(1_000)
  expect(house.reasons('pager')).toEqual(['opened'])
  await house.telling.stop(0)
  const next = new House([{ name: 'All', to: ['team', 'pager'] }], { every: ['team'] })
  await pass(1_000)
  const other = next.tell(signalOf())
  await pass(1_000)
  expect(next.letters.team.map(({ signal }) => signal.id)).toEqual([other.id])
  await next.telling.stop(0)
})

describe('a destination that takes nothing', () => {
  const rules: NotificationRule[] = [{ name: 'Team', to: 'team' }]
  const broken = (times = 1_000): Outcome[] => Array(times).fill({ result: 'broken', detail: 'HTTP 401' })
  const titles = (house: House) => house.letters.pager.map(({ title }) => title)

  it('while something grave waits for it: others hear of that, once for each outage', async () => {
    const house = new House(rules, { outcomes: broken() })
    house.tell(signalOf({ severity: 'medium' }))
    await pass(10 * 60_000)
    expect(titles(house)).toEqual([])
    const signal = house.tell(signalOf({ event: { type: 'exec' } }))
    house.tell(signalOf({ severity: 'critical' }))
    house.tell({ ...signal, revision: 2, count: 2 })
    await pass(20_000)
    const what = 'team takes no messages: 2 signals that are high or critical wait'
    expect(titles(house)).toEqual([what])
    expect(house.letters.pager[0]).toMatchObject({
      reason: 'notice',
      signal: { severity: 'critical', rule: { id: 'notifications-held-up' } },
    })
    expect(renderPlain(house.letters.pager[0]?.message ?? [])).toMatch(
      /team is broken for 10m.* \(HTTP 401\); 2 signals .* wait for it, as /,
    )
    await pass(3 * HOUR)
    expect(titles(house)).toHaveLength(1)
    house.outcomes.length = 0
    await pass(HOUR)
    expect(house.reasons('team').slice(-3).sort()).toEqual(['opened', 'opened', 'opened'])
    house.outcomes.push(...broken())
    house.tell(signalOf())
    await pass(2 * 60_000)
    expect(titles(house)).toEqual([what, 'team takes no messages: a signal that is high or critical waits'])
    await house.telling.stop(0)
  })

  it('others hear of it once more when something graver than what they were told of waits', async () => {
    const house = new House(rules, { outcomes: broken() })
    house.tell(signalOf())
    await pass(5 * 60_000)
    house.tell(signalOf())
    await pass(5 * 60_000)
    house.tell(signalOf({ severity: 'critical' }))
    await pass(5 * 60_000)
    house.tell(signalOf({ severity: 'critical' }))
    await pass(3 * HOUR)
    expect(house.letters.pager.map(({ title, signal: { severity } }) => [severity, title])).toEqual([
      ['high', 'team takes no messages: a signal that is high or critical waits'],
      ['critical', 'team takes no messages: 3 signals that are high or critical wait'],
    ])
    await house.telling.stop(0)
  })

  it('while a digest with something grave in it waits for it: others hear of that', async () => {
    const quiet = { from: '22:00', to: '06:00', zone: 'Europe/Paris', except: 'critical' } as const
    const house = new House([{ name: 'Night', to: 'team', quiet }])
    const noisy = { id: 'noisy', name: 'Noisy' }
    const mild = house.tell(signalOf({ severity: 'medium' }))
    const grave = house.tell(signalOf({ rule: noisy }))
    await pass(6.4 * HOUR)
    // Its rule was heard lately, so the other signal leads the digest.
    house.tell(signalOf({ rule: noisy, severity: 'critical' }))
    await pass(60_000)
    house.outcomes.push(...broken())
    await pass(15 * 60_000)
    const digest = house.letters.team.find(({ reason }) => reason === 'digest')
    expect(digest?.signal.id).toBe(mild.id)
    expect(titles(house)).toEqual(['team takes no messages: a signal that is high or critical waits'])
    expect(renderPlain(house.letters.pager[0]?.message ?? [])).toContain(`waits for it, as ${grave.id}.`)
    await house.telling.stop(0)
  })

  it('for a moment only, or with nobody to tell, is nobody told of', async () => {
    const house = new House(rules, { outcomes: Array(8).fill({ result: 'retry', detail: 'HTTP 503' }) })
    house.tell(signalOf())
    await pass(HOUR)
    expect(titles(house)).toEqual([])
    const alone = new House(rules, { outcomes: broken(), every: ['pager'] })
    alone.tell(signalOf())
    await pass(HOUR)
    expect(titles(alone)).toEqual([])
    await alone.telling.stop(0)
  })
})

describe('what is grave and refused for good', () => {
  const refused = (times = 4): Outcome[] => Array(times).fill({ result: 'reject', detail: 'too large' })
  const notices = (house: House, name: (typeof NAMES)[number]) => house.letters[name].filter(({ reason }) => reason === 'notice')

  it('is told as a notice to the other destinations of its rule', async () => {
    const house = new House([{ name: 'All', to: ['team', 'pager'] }], { outcomes: refused(8) })
    const high = house.tell(signalOf({ title: 'Look here' }))
    house.tell(signalOf({ severity: 'medium' }))
    await pass(1_000)
    expect(house.telling.queue('team')?.counters.failed).toBe(2)
    const [notice, ...others] = notices(house, 'pager')
    expect(others).toEqual([])
    expect(notice).toMatchObject({
      title: 'team was not told: Look here',
      signal: { severity: 'high', rule: { id: 'notifications-refused' } },
    })
    expect(renderPlain(notice?.message ?? [])).toMatch(/: team was not told of .*, high: Look here \(too large\)\./)
    expect(renderPlain(notice?.message ?? [])).toContain(high.id)
    // More of the same is gathered, what is critical is not.
    house.outcomes.push(...refused(12))
    for (const severity of ['high', 'high', 'critical'] as const) {
      house.tell(signalOf({ severity }))
      await pass(1_000)
    }
    expect(notices(house, 'pager').slice(1)).toMatchObject([
      { title: 'team was not told: A web server started a shell, and 2 more signals', signal: { severity: 'critical' } },
    ])
  })

  it('is told at once to whom it escalates, if nobody heard of it', async () => {
    const house = new House([{ name: 'Team', to: 'team', escalate: [{ after: '10m', to: 'pager' }] }], { outcomes: refused() })
    house.tell(signalOf())
    await pass(1_000)
    expect(house.reasons('pager').sort()).toEqual(['escalated', 'notice'])
    house.tell(signalOf())
    await pass(1_000)
    expect(house.reasons('team').slice(4)).toEqual(['opened'])
    expect(house.reasons('pager')).toHaveLength(2)
  })

  it('and was heard of by others does not escalate before its time', async () => {
    const rule: NotificationRule = { name: 'Team', to: ['team', 'pager'], escalate: [{ after: '10m', to: 'pager' }] }
    const house = new House([rule], { outcomes: [{ result: 'retry', detail: 'busy' }, ...refused()] })
    house.tell(signalOf())
    await pass(5_000)
    expect(house.reasons('pager')).toEqual(['opened', 'notice'])
  })

  it('is told as a notice to any other destination where its rule has none, else to the same one', async () => {
    const house = new House([{ name: 'Team', to: 'team' }], { outcomes: refused() })
    house.tell(signalOf())
    await pass(1_000)
    expect(house.reasons('pager')).toEqual(['notice'])
    const alone = new House([{ name: 'Team', to: 'team' }], { outcomes: refused(), every: ['pager'] })
    alone.tell(signalOf())
    await pass(1_000)
    expect(alone.reasons('team').slice(4)).toEqual(['notice'])
    expect(alone.letters.pager).toEqual([])
  })

  it('is not told so if it is known there, only growth of it was refused, or it was judged', async () => {
    const house = new House([{ name: 'All', to: ['team', 'pager'] }])
    const signal = house.tell(signalOf())
    await pass(1_000)
    house.outcomes.push(...refused())
    house.tell({ ...signal, revision: 2, count: 2 })
    await pass(11_000)
    expect(house.telling.queue('team')?.counters.failed).toBe(1)
    house.outcomes.push({ result: 'ambiguous', detail: 'reset' }, ...refused())
    const other = house.tell(signalOf())
    await pass(0)
    house.judge(other, 'archived')
    await pass(5_000)
    expect(notices(house, 'pager')).toEqual([])
  })
})

it('a destination that takes nothing has so many bytes: what is missed least goes, exactly counted; another one is told all [case 27] [case 28]', async () => {
  const house = new House(undefined, { maxBytes: 100_000, every: ['team'], outcomes: Array(400).fill({ result: 'retry', detail: 'down' }) })
  const long = (severity: Signal['severity'], revision: number, id: string) =>
    house.tell(signalOf({ id, severity, revision, count: revision, message: 'x'.repeat(5_000) }))
  const ids = Array.from({ length: 8 }, () => signalOf().id)
  const [critical = '', high = '', ...others] = ids
  long('low', 1, others[0] ?? '')
  await pass(0)
  long('critical', 1, critical)
  long('high', 1, high)
  for (const id of others.slice(1)) long('medium', 1, id)
  for (let revision = 2; revision <= 60; revision++) long(revision % 2 ? 'high' : 'low', revision, revision % 2 ? high : (others[1] ?? ''))
  const kept = [...store.messages('team')]
  expect(kept.reduce((sum, { body, line }) => sum + body.length + (line?.length ?? 0), 0)).toBeLessThanOrEqual(100_000)
  expect(kept.map(({ key }) => key)).toEqual(expect.arrayContaining([`${critical}:1:team`, `${high}:1:team`]))
  // What was grave at first and grew is given up before the first word of it.
  await pass(2_000)
  const gone = 8 + 59 - kept.length
  const [notice] = house.letters.pager.filter(({ reason }) => reason === 'notice')
  expect(notice?.title).toBe(`${gone} messages to team were given up`)
  // Lane by lane, and no lane of what is grave.
  const shed = renderPlain(notice?.message ?? []).matchAll(new RegExp(`(${lanes.join('|')}) (\\d+)`, 'g'))
  const counts = Object.fromEntries([...shed].map(([, lane, count]) => [lane, Number(count)]))
  const left = (reason: string) => kept.filter((message) => message.reason === reason).length
  expect(counts).toEqual({ updates: 59 - left('updated'), 'first words': 8 - left('opened') })
  expect(counts).toEqual({ updates: 57, 'first words': 1 })
  expect(new Set(house.letters.pager.map(({ signal: { id } }) => id))).toEqual(new Set([...ids, notice?.signal.id]))
})

describe('what gathers in one signal', () => {
  const rules: NotificationRule[] = [{ name: 'Team', to: 'team', wait: '30s' }]
  const finding = { rule: 'r', title: 't', message: 'ran' } as const

  /** Ten findings in five seconds. */
  async function told(severity: Signal['severity']): Promise<(readonly [reason: string, count: number, second: number])[]> {
    const house = new House(rules)
    const began = Date.now()
    const engine = new Engine(
      new EventRegistry(),
      () => {},
      () => {},
    )
    const grouping = new Grouping({ host: 'web1', emit: ({ signal }) => void house.tell(signal) })
    for (let i = 0; i < 10; i++) {
      grouping.add({ ...finding, severity }, engine.keptEvent(exec, new Map([['process.file.path', '/usr/bin/id']])))
      await pass(500)
    }
    await pass(HOUR)
    grouping.close()
    return house.letters.team.map(({ reason, time, signal: { count } }) => [reason, count, Math.round((Date.parse(time) - began) / 1_000)])
  }

  it('is told once its wait is over, whole [case 2]', async () => {
    expect(await told('medium')).toEqual([['opened', 10, 30]])
  })

  it('is told at once if it is critical, and the rest is one update [case 3]', async () => {
    expect(await told('critical')).toEqual([
      ['opened', 1, 0],
      ['updated', 10, 10],
    ])
  })
})

describe('quiet hours', () => {
  const rules: NotificationRule[] = [
    { name: 'Night', to: 'team', quiet: { from: '22:00', to: '06:00', zone: 'Europe/Paris', except: 'critical' } },
  ]

  it('hold what is not severe enough, and end with one message of all of it [case 32]', async () => {
    const house = new House(rules)
    const [low, high, gone] = ['low', 'high', 'high'].map((severity) =>
      house.tell(signalOf({ severity: severity as Signal['severity'], title: `a ${severity} one` })),
    ) as [Signal, Signal, Signal]
    const critical = house.tell(signalOf({ severity: 'critical' }))
    await pass(HOUR)
    expect(house.letters.team.map(({ signal: { id } }) => id)).toEqual([critical.id])
    house.judge(gone, 'archived')
    house.tell({ ...low, revision: 2, count: 9 })
    await pass(5.6 * HOUR)
    expect(house.reasons('team')).toEqual(['opened', 'digest'])
    const digest = house.letters.team[1] as Letter
    expect(digest.title).toBe('2 signals of the quiet hours')
    const text = renderPlain(digest.message).replaceAll(/\s+/g, ' ')
    expect(text).toContain('high a high one on web1')
    expect(text).toContain('low a low one on web1, 9 events, ')
    // Titles may be the same: what happened, and when, tells signals apart.
    expect(text.split('/usr/bin/bash -c id was started by a web server.')).toHaveLength(3)
    expect(text).toContain(`${high.last_seen.slice(0, 10)} ${high.last_seen.slice(11, 16)} UTC`)
    expect(text.indexOf(high.id)).toBeLessThan(text.indexOf(low.id))
    expect(text).not.toContain(gone.id)
    expect(owedIn(store, 'team')).toEqual([])
    // Both are known now.
    house.judge(low, 'acknowledged')
    await pass(0)
    expect(house.reasons('team').slice(2)).toEqual(['acknowledged'])
    expect(store.conversation(low.id, 'team')).toMatchObject({ told_revision: 2, told_count: 9 })
  })

  it('what a digest is on its way with is told by nothing else, also over a restart', async () => {
    const first = new House(rules)
    const signals = Array.from({ length: 150 }, () => first.tell(signalOf()))
    first.outcomes.push({ result: 'ambiguous', detail: 'reset' })
    await pass(6.5 * HOUR)
    await first.telling.stop(0)
    const house = new House(rules)
    house.tell({ ...(signals[0] as Signal), revision: 2, count: 2 })
    await pass(60_000)
    const letters = [...first.letters.team, ...house.letters.team]
    expect(letters.filter(({ reason }) => reason !== 'updated').length).toBe(3)
    expect(new Set(letters.filter(({ reason }) => reason === 'digest').map(({ key }) => key)).size).toBe(2)
    for (const { id } of signals) expect(store.conversation(id, 'team')?.told_revision).toBeGreaterThan(0)
  })

  it('that hold one signal end with it, not with a digest', async () => {
    const house = new House(rules)
    house.tell(signalOf())
    await pass(7 * HOUR)
    expect(house.reasons('team')).toEqual(['opened'])
  })
})
