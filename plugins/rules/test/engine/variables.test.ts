import { type CheckedRule, type Condition, compileCondition, type Readable, type Surroundings, UNKNOWN } from '@cws/core'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Dispatch } from '../../src/engine/dispatch.ts'
import { anyCondition, anyValues, Events, ruleOf } from './events.ts'

let events: Events
beforeAll(async () => {
  events = await Events.make()
})
afterAll(() => events[Symbol.asyncDispose]())

/** A variable that holds how often rules fired, up to 3. */
class Fired {
  count = 0
  readonly surroundings: Surroundings = { variable: (name) => (name === 'fired' ? () => this.count : undefined) }
}

const fired = { value: 'variable', name: 'fired' } as const
const variable: fc.Arbitrary<Condition> = fc
  .constantFrom<0 | 1 | 2 | 3>(0, 1, 2, 3)
  .map((of): Condition => ({ op: 'relate', cmp: '==', left: fired, right: { value: 'literal', of } }))
const condition: fc.Arbitrary<Condition> = fc.oneof(
  anyCondition,
  variable,
  fc.record({ op: fc.constantFrom('and' as const, 'or' as const), of: fc.tuple(anyCondition, variable) }),
)
const streams = fc
  .array(anyValues, { minLength: 1, maxLength: 4 })
  .chain((values) => fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 24 }))

/** Each rule judged by itself, one after another. */
function oneByOne(rules: readonly CheckedRule[], state: Fired) {
  const all = rules.map((rule) => ({ rule, holds: compileCondition(rule.condition, state.surroundings) }))
  return (event: Readable): string[] =>
    all.flatMap(({ rule, holds }) => {
      const truth = holds(event)
      if (truth === true) state.count = (state.count + 1) % 4
      return truth === true ? [rule.id] : truth === UNKNOWN ? [`${rule.id}?`] : []
    })
}

it('what a rule sets when it fires, the next rule sees on the same event', () => {
  fc.assert(
    fc.property(fc.array(condition, { minLength: 1, maxLength: 6 }), streams, (conditions, stream) => {
      const rules = conditions.map(ruleOf)
      const [one, other] = [new Fired(), new Fired()]
      const expected = oneByOne(rules, one)
      const dispatch = new Dispatch(rules, events.definition, other.surroundings)
      for (const values of stream) {
        const said: string[] = []
        const unknown = dispatch.judge(events.recurring(values), (rule) => {
          other.count = (other.count + 1) % 4
          said.push(rule.id)
        })
        for (const { rule } of unknown ?? []) said.push(`${rule.id}?`)
        expect(said.sort()).toEqual(expected(events.of(values)).sort())
        expect(other.count).toBe(one.count)
      }
    }),
    { numRuns: 200 },
  )
})
