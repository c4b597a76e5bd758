import { type CheckedRule, type Condition, compileCondition, definePlugin, type EventDefinition, parseCondition, UNKNOWN } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anyCondition, anyValues } from '../../../../core/test/fixtures/conditions.ts'
import { Dispatch } from '../../src/engine/dispatch.ts'
import { RuleIndex } from '../../src/engine/rule-index.ts'

let pipeline: TestPipeline
let exec: EventDefinition
beforeAll(async () => {
  pipeline = await TestPipeline.of([definePlugin(import.meta, { name: 'none', setup() {} })()])
  exec = pipeline.runtime.engine.events.get('exec')
})
afterAll(() => pipeline.stop())

type Values = Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>
const eventOf = (values: Values) =>
  pipeline.runtime.engine.keptEvent(exec, new Map(values instanceof Map ? values : Object.entries(values)))

const ruleOf = (condition: Condition, i: number) => ({ id: `rule-${i}`, on: 'exec', condition }) as CheckedRule
const rulesOf = (...texts: string[]) => texts.map((text, i) => ruleOf(parseCondition(text, exec), i))

/** Each rule judged by itself, whole. */
function oracle(rules: readonly CheckedRule[], event: ReturnType<typeof eventOf>) {
  const truths = rules.map((rule) => ({ rule, truth: compileCondition(rule.condition)(event) }))
  const of = (wanted: unknown) => truths.filter(({ truth }) => truth === wanted).map(({ rule }) => rule.id)
  return { fired: of(true).sort(), undecided: of(UNKNOWN).sort() }
}

function judge(dispatch: Pick<Dispatch, 'judge'>, event: ReturnType<typeof eventOf>) {
  const fired: string[] = []
  const undecided = dispatch.judge(event, (rule) => fired.push(rule.id))
  // In what order rules fire is not promised.
  return { fired: fired.sort(), undecided: (undecided ?? []).map(({ rule }) => rule.id).sort() }
}

describe('rules by what recurs', () => {
  it('fire and stay undecided as if each were judged alone', () => {
    fc.assert(
      fc.property(
        fc.array(anyCondition, { minLength: 1, maxLength: 6 }),
        fc.array(anyValues, { minLength: 1, maxLength: 24 }),
        (conditions, stream) => {
          const rules = conditions.map(ruleOf)
          const dispatch = new Dispatch(rules, exec)
          const index = new RuleIndex(rules, exec)
          for (const values of stream) {
            const event = eventOf(values)
            const expected = oracle(rules, event)
            expect(judge(dispatch, event)).toEqual(expected)
            expect(judge(index, event)).toEqual(expected)
          }
        },
      ),
      { numRuns: 600 },
    )
  })

  it('are decided later as the whole rule would be', () => {
    fc.assert(
      fc.property(anyCondition, fc.array(fc.tuple(anyValues, anyValues), { maxLength: 8 }), (condition, stream) => {
        const rule = ruleOf(condition, 0)
        const dispatch = new Dispatch([rule], exec)
        for (const [known, late] of stream) {
          const undecided = dispatch.judge(eventOf(known), () => {})
          const whole = eventOf(new Map([...late, ...known]))
          for (const { holds } of undecided ?? []) expect(holds(whole)).toBe(compileCondition(condition)(whole))
        }
      }),
      { numRuns: 600 },
    )
  })

  it('are not mixed up where the path is the same and the name is not', () => {
    const rules = rulesOf('exec.file.path == "/bin/sh" && exec.file.name == "sh"', 'exec.file.name == "evil"')
    const dispatch = new Dispatch(rules, exec)
    const named = (name: unknown) => eventOf({ 'exec.file.path': '/bin/sh', ...(name === UNKNOWN ? {} : { 'exec.file.name': name }) })
    for (const [name, fired, undecided] of [
      ['sh', ['rule-0'], []],
      ['evil', ['rule-1'], []],
      [UNKNOWN, [], ['rule-0', 'rule-1']],
      ['sh', ['rule-0'], []],
    ] as const)
      expect(judge(dispatch, named(name))).toEqual({ fired, undecided })
  })

  it('still fire after more programs than are remembered', () => {
    const rules = rulesOf('exec.file.path =~ "/tmp/**" && process.uid == 0', 'exec.file.path == "/tmp/7"', 'process.uid == 0')
    const dispatch = new Dispatch(rules, exec)
    const check = (path: string, uid: number) => {
      const event = eventOf({ 'exec.file.path': path, 'process.uid': uid })
      expect(judge(dispatch, event)).toEqual(oracle(rules, event))
    }
    // What comes again is remembered.
    for (let i = 0; i < 10_000; i++) check((i >> 1) % 2 ? `/tmp/${i >> 1}` : `/opt/${i >> 1}`, i % 3)
    for (let i = 0; i < 20; i++) check(i % 2 ? `/tmp/${i}` : `/opt/${i}`, 0)
  })

  it('fire on names too long to be remembered, and on more combinations with one path than are', () => {
    const rules = rulesOf('exec.file.path =~ "/tmp/**" && process.uid == 0', 'exec.file.name =~ "*x"', 'exec.file.name == "n7"')
    const dispatch = new Dispatch(rules, exec)
    for (let i = 0; i < 60; i++) {
      for (const path of ['/tmp/a', `/tmp/${'x'.repeat(255)}`, `/opt/${'x'.repeat(1_000)}`])
        for (const name of [`n${i % 20}`, 'x'.repeat(300)]) {
          const event = eventOf({ 'exec.file.path': path, 'exec.file.name': name, 'process.uid': i % 2 })
          expect(judge(dispatch, event)).toEqual(oracle(rules, event))
        }
    }
  })

  it('are judged whole where they test nothing that recurs', () => {
    const rules = rulesOf('process.uid == 0', 'process.file.path == "/bin/sh"', 'true', 'false')
    const dispatch = new Dispatch(rules, exec)
    expect(judge(dispatch, eventOf({ 'process.uid': 0 }))).toEqual({ fired: ['rule-0', 'rule-2'], undecided: ['rule-1'] })
    expect(judge(dispatch, eventOf({ 'process.uid': 1, 'process.file.path': '/bin/sh' }))).toEqual({
      fired: ['rule-1', 'rule-2'],
      undecided: [],
    })
  })
})
