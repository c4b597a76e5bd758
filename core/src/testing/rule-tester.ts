import assert from 'node:assert/strict'
import { fieldsIn } from '../condition/analyse.ts'
import { compileCondition } from '../condition/compile.ts'
import { decidersOf, decisionOf } from '../condition/decision.ts'
import { CwsError } from '../errors/cws-error.ts'
import type { EventDefinition } from '../model/define-event.ts'
import type { KeptEvent } from '../model/event-class.ts'
import type { Field, FieldKind } from '../model/field.ts'
import { EventRegistry } from '../model/registry.ts'
import { type Truth, UNKNOWN } from '../model/unknown.ts'
import { Engine } from '../pipeline/engine.ts'
import { type CheckedRule, checkRule, type RuleCase } from '../rules/check-rule.ts'
import type { AnyRule, RulePack } from '../rules/define-rule.ts'

/** Of the parts of a condition that decided, so many are told, each with so many characters. */
const MOST_REASONS = 3
const MOST_CHARACTERS = 160

type TestFunction = (name: string, run: () => void) => void

export interface RuleTesterOptions {
  /** Event types beside the standard ones that rules are on. */
  readonly events?: readonly EventDefinition[]
}

const KINDS: Readonly<Record<FieldKind, string>> = {
  string: 'string',
  path: 'string',
  ip: 'string',
  int: 'number',
  int64: 'bigint',
  bool: 'boolean',
}

/**
 * Runs the tests that stand in rules, without root and without sensors, in any test runner:
 * `new RuleTester().run(pack, it)`, or `for (const problem of new RuleTester().problems(rule)) …`.
 */
export class RuleTester {
  readonly #registry = new EventRegistry()
  readonly #engine: Engine

  constructor({ events = [] }: RuleTesterOptions = {}) {
    for (const event of events) this.#registry.add(event)
    this.#engine = new Engine(this.#registry, ignore, ignore)
  }

  /** Declares a test for each rule. */
  run(rules: RulePack | readonly AnyRule[] | AnyRule, it: TestFunction): void {
    for (const rule of listOf(rules)) it(rule.id, () => refuse(this.problems(rule)))
    it('has rules, each with an id of its own', () => {
      const ids = listOf(rules).map((rule) => rule.id)
      assert.ok(ids.length > 0, 'there are no rules')
      refuse(ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `two rules have the id "${id}"`))
    })
  }

  /**
   * What is wrong with a rule: that it does not fit the model; that it has no test that fires or none that is silent; a case that is given twice, names
   * a field that there is not or gives it a wrong value; a case of `fires` on which it is not true; a case of `silent` on which it is not
   * false, be it that fields of its condition are missing: what nobody knows proves nothing.
   */
  problems(rule: AnyRule): string[] {
    let checked: CheckedRule
    try {
      checked = checkRule(rule, (type) => this.#registry.get(type))
    } catch (error) {
      if (error instanceof CwsError) return [error.message]
      throw error
    }
    return this.problemsOf(checked)
  }

  /** The same of a rule that fits the model. */
  problemsOf(checked: CheckedRule): string[] {
    const definition = this.#registry.get(checked.on)
    const problems = [...checked.warnings]
    const seen = new Map<string, string>()
    for (const kind of ['fires', 'silent'] as const) {
      if (checked.tests[kind].length === 0) problems.push(`there is no test that ${kind === 'fires' ? 'fires' : 'is silent'}`)
      for (const [i, one] of checked.tests[kind].entries()) {
        const place = `tests.${kind}[${i}]`
        const key = keyOf(one)
        const twin = seen.get(key)
        if (twin) problems.push(`${place} is the same as ${twin}`)
        seen.set(key, place)
        const wrong = wrongValues(one, definition)
        problems.push(...wrong.map((problem) => `${place}: ${problem}`))
        if (wrong.length > 0) continue
        const event = this.#eventOf(one, definition)
        const truth = judge(checked, event)
        const expected = kind === 'fires'
        if (truth === UNKNOWN) problems.push(`${place} is UNKNOWN: it does not say ${lacking(checked, one).join(', ')}`)
        else if (truth !== expected) problems.push(`${place} ${truth ? 'fires' : 'does not fire'}: ${reasons(checked, event, truth)}`)
      }
    }
    return problems
  }

  #eventOf(one: RuleCase, definition: EventDefinition): KeptEvent {
    return this.#engine.keptEvent(definition, new Map(Object.entries(one).filter(([, value]) => value !== null)))
  }
}

function judge(rule: CheckedRule, event: KeptEvent): Truth {
  const truth = compileCondition(rule.condition)(event)
  return truth === true && rule.when ? rule.when(event as never) : truth
}

/** Which tests of fields decided, with the values. */
function reasons({ condition }: CheckedRule, event: KeptEvent, fires: boolean): string {
  const decision = decisionOf(condition, event)
  if (decision.truth === true && !fires) return 'its condition holds, its function `when` does not'
  const told = decidersOf(decision).map(({ text, truth, values }) => {
    const read = Object.entries(values).map(([name, value]) => `${name} = ${JSON.stringify(value, shown)}`)
    return [`${cut(text)} is ${String(truth)}`, ...read.map(cut)].join(', ')
  })
  return told.slice(0, MOST_REASONS).join('; ')
}

function shown(_key: string, value: unknown): unknown {
  return value === UNKNOWN ? null : typeof value === 'bigint' ? String(value) : value
}

const cut = (text: string): string => (text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text)

/** @throws AssertionError whose message is the problems alone, a line each */
function refuse(problems: readonly string[]): void {
  assert.ok(problems.length === 0, problems.join('\n'))
}

/** Fields of the condition that a case leaves open. */
function lacking({ condition }: CheckedRule, one: RuleCase): readonly string[] {
  return [...fieldsIn(condition)].filter((field) => (one[field] ?? null) === null)
}

function listOf(rules: RulePack | readonly AnyRule[] | AnyRule): readonly AnyRule[] {
  if (Array.isArray(rules)) return rules
  return 'rules' in rules ? rules.rules : [rules as AnyRule]
}

function wrongValues(one: RuleCase, { fields }: EventDefinition): string[] {
  const problems: string[] = []
  for (const [name, value] of Object.entries(one)) {
    const field = fields.get(name) as Field
    const fits = (scalar: unknown) => typeof scalar === KINDS[field.field]
    const known = value === null || (field.array ? Array.isArray(value) && value.every(fits) : fits(value))
    if (!known) problems.push(`${name} is ${field.array ? 'a list of ' : ''}${KINDS[field.field]}, not ${String(value)}`)
  }
  return problems
}

/** One text for equal cases, whatever the order of their fields. */
function keyOf(one: RuleCase): string {
  const entries = Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(entries, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
}

function ignore(): void {}
