import {
  assume,
  type CheckedRule,
  type Condition,
  compileCondition,
  type EventDefinition,
  fieldsIn,
  isNever,
  type Leaf,
  leavesIn,
  type Predicate,
  type Readable,
  simplify,
  type Truth,
} from '@cws/core'
import { type Compiled, judgeEach, type OnTrue, RuleIndex } from './rule-index.ts'

/** The rules that may be true of events with these values of the key fields. */
interface Entry {
  readonly values: readonly unknown[]
  readonly candidates: readonly Compiled[]
}

/** Values of the first key field that are remembered; programs of a host are fewer. */
const MAX_VALUES = 4096
/** After so many events with one first value it is worth while to find out what is left of the rules. */
const RECURS = 4
/** Combinations with one first value: a program in several containers, scripts with several interpreters. */
const MAX_ENTRIES = 8
/** Longer texts are not remembered: who makes them up must not fill the memory. */
const MAX_LENGTH = 256

/**
 * Judges the events of one type by all its rules. Most of what rules ask of an event asks which program or file it is about, and those come
 * again and again: for each combination of such values the rules that they rule out are forgotten once, and of the others only the rest is
 * judged. What was seen but a few times (a flood of names that somebody makes up) is judged by an index instead.
 */
export class Dispatch {
  readonly #rules: readonly Rule[]
  readonly #index: RuleIndex
  /** Fields whose values recur and that some rule tests. */
  readonly #keys: readonly string[]
  /** By the value of the first key field; how often it was seen, while that is seldom. */
  readonly #entries = new Map<unknown, Entry[] | number>()

  constructor(rules: readonly CheckedRule[], definition: EventDefinition) {
    const tested = new Set<string>()
    for (const { condition } of rules) fieldsIn(condition, tested)
    this.#keys = [...definition.fields]
      .filter(([name, field]) => field.recurs && !field.array && name.startsWith(`${definition.type}.`) && tested.has(name))
      .map(([name]) => name)
    const keys = new Set(this.#keys)
    this.#rules = rules.map((rule) => new Rule(rule, keys))
    this.#index = new RuleIndex(rules, definition)
  }

  /** Calls back for every rule that is true of this event; returns those of which nobody knows. Events have a getter for each field. */
  judge(event: Readable, onTrue: OnTrue): Compiled[] | undefined {
    const candidates = this.#candidates(event)
    return candidates ? judgeEach(candidates, event, onTrue, undefined) : this.#index.judge(event, onTrue)
  }

  #candidates(event: Readable): readonly Compiled[] | undefined {
    const keys = this.#keys
    if (keys.length === 0) return undefined
    const fields = event as unknown as Record<string, unknown>
    const first = fields[keys[0] as string]
    let known = this.#entries.get(first)
    if (known === undefined) {
      if (isLong(first)) return undefined
      if (this.#entries.size >= MAX_VALUES) this.#entries.clear()
      known = 0
    }
    if (typeof known === 'number') {
      this.#entries.set(first, known + 1 < RECURS ? known + 1 : [])
      return undefined
    }
    for (let at = 0; at < known.length; at++) {
      const { values, candidates } = known[at] as Entry
      let i = 1
      while (i < keys.length && values[i] === fields[keys[i] as string]) i++
      if (i >= keys.length) return candidates
    }
    if (known.length >= MAX_ENTRIES) return undefined
    const values = keys.map((key) => fields[key])
    if (values.some(isLong)) return undefined
    const candidates = this.#rules.map((rule) => rule.restFor(event)).filter((rest) => rest !== undefined)
    known.push({ values, candidates })
    return candidates
  }
}

const isLong = (value: unknown): boolean => typeof value === 'string' && value.length > MAX_LENGTH

/** Outcomes of one rule whose rest is remembered. */
const MAX_RESTS = 256

/** A rule, and what is left of it for each outcome of its tests of the key fields. */
class Rule {
  readonly #rule: CheckedRule
  readonly #condition: Condition
  readonly #known: readonly { readonly leaf: Leaf; readonly holds: Predicate }[]
  readonly #rests = new Map<string, Compiled | undefined>()

  constructor(rule: CheckedRule, keys: ReadonlySet<string>) {
    this.#rule = rule
    this.#condition = simplify(rule.condition)
    this.#known = leavesIn(this.#condition)
      .filter((leaf) => [...fieldsIn(leaf)].every((field) => keys.has(field)))
      .map((leaf) => ({ leaf, holds: compileCondition(leaf) }))
  }

  /** Undefined if the rule is false, whatever the other fields are. */
  restFor(event: Readable): Compiled | undefined {
    const truths = this.#known.map(({ holds }) => holds(event))
    const outcome = truths.map((truth) => (truth === true ? '1' : truth === false ? '0' : '?')).join('')
    if (this.#rests.has(outcome)) return this.#rests.get(outcome)
    if (this.#rests.size >= MAX_RESTS) this.#rests.clear()
    const truthOf = new Map<Leaf, Truth>(this.#known.map(({ leaf }, i) => [leaf, truths[i] as Truth]))
    const rest = assume(this.#condition, (leaf) => truthOf.get(leaf))
    const compiled = isNever(rest) ? undefined : { rule: this.#rule, holds: compileCondition(rest) }
    this.#rests.set(outcome, compiled)
    return compiled
  }
}
