import fc from 'fast-check'
import { expect, it } from 'vitest'
import { begunOf, escalatedBy, escalating, escalationsOf, newConversation, sinceClock } from '../../src/notifications/conversation.ts'
import { type Escalating, escalationsFrom, type Owned } from '../../src/notifications/escalation.ts'

const team: Escalating = {
  name: 'Team',
  escalate: [
    { after: 10, to: ['pager'] },
    { after: 20, to: ['boss', 'pager'] },
  ],
}
const other: Escalating = { name: 'Other', escalate: [{ after: 60, to: ['pager'] }] }

function timesOf(owner: Escalating | undefined, now: number, said: Partial<Omit<Owned, 'owners'>> = {}) {
  const owners = new Map([['team', owner]])
  return Object.fromEntries(escalationsFrom({ owners, before: new Map(), ownedBefore: () => [], ...said }, now))
}

const escalations = (times: readonly number[], ...begun: string[]): string =>
  escalating(newConversation('s', 'd', 'r', 0), times, begun).escalations

/** What was said once Team's steps had been fixed, the pager's at these times; `rule`: who has the word at the team since. */
function saidBefore(pager: readonly number[], rule = 'Team'): Owned['before'] {
  const at = { ...newConversation('s', 'team', rule, 0), opened_at: 0 }
  return new Map([
    ['team', at],
    ['pager', { ...newConversation('s', 'pager', 'Team', 0), escalations: JSON.stringify(pager) }],
  ])
}

it('each step counts from the one before, the first from when the signal opens [case 35]', () => {
  expect(timesOf(team, 1000)).toEqual({
    pager: { rule: 'Team', times: [1010, 1030], begun: ['Team'] },
    boss: { rule: 'Team', times: [1030], begun: ['Team'] },
  })
  expect(timesOf({ name: 'Plain' }, 1000)).toEqual({})
  expect(timesOf(undefined, 1000)).toEqual({})
})

it('a rule that held before, by its name or by what it says, begins nothing while the signal is open [case 36]', () => {
  const before = saidBefore([10, 30])
  expect(timesOf(team, 9, { before })).toEqual({})
  expect(timesOf({ ...other, name: 'Team' }, 9, { before })).toEqual({})
  expect(timesOf(other, 9, { before, ownedBefore: () => [other] })).toEqual({})
  expect(timesOf(team, 9, { before: saidBefore([10, 30], 'Other'), ownedBefore: () => [team] })).toEqual({})
})

it('a rule that comes to hold for what the signal became adds its steps, and postpones none [case 36]', () => {
  const before = saidBefore([10, 30])
  expect(timesOf(other, 9, { before, ownedBefore: () => [team] })).toMatchObject({ pager: { rule: 'Other', times: [10, 30, 69] } })
  expect(timesOf(other, -35, { before, ownedBefore: () => [team] })).toMatchObject({ pager: { rule: 'Other', times: [10, 25, 30] } })
  expect(timesOf(other, -30, { before, ownedBefore: () => [team] })).toMatchObject({ pager: { rule: 'Other', times: [10, 30] } })
})

it('a rule that began does not begin again when the signal comes back to it, also once its steps are over', () => {
  const at = { ...newConversation('s', 'team', 'Other', 0), opened_at: 0 }
  const said = (times: readonly number[], ...begun: string[]): Owned['before'] =>
    new Map([
      ['team', at],
      ['pager', { ...newConversation('s', 'pager', 'Team', 0), escalations: escalations(times, ...begun) }],
    ])
  expect(timesOf(team, 9, { before: said([10, 30], 'Team'), ownedBefore: () => [other] })).toEqual({})
  expect(timesOf(team, 99, { before: said([], 'Team', 'Other'), ownedBefore: () => [other] })).toEqual({})
  // Who did not begin does, and it is remembered who has.
  const began = timesOf(team, 99, { before: said([500], 'Other'), ownedBefore: () => [other] })
  expect(began).toMatchObject({ pager: { times: [109, 129, 500], begun: ['Other', 'Team'] }, boss: { begun: ['Team'] } })
  const many = Array.from({ length: 100 }, (_, i) => `Rule ${i}`)
  expect(timesOf(team, 99, { before: said([], ...many), ownedBefore: () => [other] })).toEqual({})
})

it('who began is known as long as the conversation is, and nothing is known of it where an earlier agent wrote the times', () => {
  const before = { ...newConversation('s', 'd', 'r', 0), escalations: '[10,30]' }
  expect([escalationsOf(before), begunOf(before)]).toEqual([[10, 30], []])
  const since = sinceClock({ ...escalating(before, [10, 30], ['Team']), changed_at: 100 }, 60)
  expect([escalationsOf(since), begunOf(since)]).toEqual([[-30, -10], ['Team']])
  expect(begunOf(escalatedBy(since, 0))).toEqual(['Team'])
})

it('a rule at whose destinations nothing was said yet begins, whether or not it held before', () => {
  const before = new Map([['archive', { ...newConversation('s', 'archive', 'Archive', 0), opened_at: 0 }]])
  expect(timesOf(team, 0, { before, ownedBefore: () => [team] })).toMatchObject({ pager: { times: [10, 30] } })
})

it('what is added is bounded', () => {
  const many: Escalating = { name: 'Many', escalate: Array(150).fill({ after: 1, to: ['pager'] }) }
  const fixed = Array.from({ length: 60 }, (_, i) => 1000 + i)
  const times = timesOf(many, 0, { before: saidBefore(fixed), ownedBefore: () => [team] })['pager']?.times
  expect(times).toEqual([...Array.from({ length: 40 }, (_, i) => i + 1), ...fixed])
})

it('whatever rules say and own meanwhile, no time that is fixed goes or moves [case 36]', () => {
  const at = fc.integer({ min: -1_000, max: 1_000 })
  const step = fc.record({ after: fc.integer({ min: 1, max: 50 }), to: fc.subarray(['pager', 'boss', 'team'], { minLength: 1 }) })
  const rule = fc.record({ name: fc.constantFrom('Team', 'Other', 'Third'), escalate: fc.option(fc.array(step), { nil: undefined }) })
  const fixed = fc.uniqueArray(at, { maxLength: 120 }).map((times) => times.toSorted((a, b) => a - b))
  fc.assert(
    fc.property(rule, fc.array(rule), fixed, fc.constantFrom('Team', 'Other'), at, (owner, was, fixed, holder, now) => {
      const { pager } = timesOf(owner, now, { before: saidBefore(fixed, holder), ownedBefore: () => was })
      const times = pager?.times ?? fixed
      expect(times).toEqual([...new Set([...fixed, ...times])].sort((a, b) => a - b))
      expect(times.filter((time) => !fixed.includes(time)).every((time) => time > now)).toBe(true)
      expect(times.length).toBeLessThanOrEqual(Math.max(100, fixed.length))
    }),
  )
})
