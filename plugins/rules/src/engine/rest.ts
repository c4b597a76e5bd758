import { assume, type Condition, fieldsIn, isNever, type Leaf, leavesIn, type Predicate, type Readable, type Truth } from '@cws/core'
import type { Compiled } from './candidates.ts'
import type { Gate } from './gate.ts'
import type { PlacedRule } from './placed-rule.ts'
import type { Screen } from './screen.ts'

/** What is left to judge of a rule, and what it can be passed over for. */
export interface Rest extends Compiled {
  readonly gates: readonly Gate[] | undefined
  /** The rule and the outcome: rests of one name are alike. */
  readonly name: string
}

/** What look-ups say of what is left of a rule. */
export interface Said {
  readonly gatesOf: (condition: Condition) => readonly Gate[] | undefined
  readonly screenOf: (condition: Condition) => Screen | undefined
}

/** Outcomes of one rule whose rest is remembered. */
const MAX_RESTS = 64

/** A rule, and what is left of it for each outcome of its tests of fields that are settled. */
export class Rests {
  readonly #rule: PlacedRule
  readonly #known: readonly { readonly leaf: Leaf; readonly holds: Predicate }[]
  readonly #said: Said
  readonly #rests = new Map<string, Rest | undefined>()

  constructor(rule: PlacedRule, settled: ReadonlySet<string>, said: Said) {
    this.#rule = rule
    this.#said = said
    this.#known = leavesIn(rule.condition)
      .filter((leaf) => isSettled(leaf, settled))
      .map((leaf) => ({ leaf, holds: rule.compile(leaf) }))
  }

  /** Undefined if the rule is false, whatever the other fields are. */
  of(event: Readable): Rest | undefined {
    const truths = this.#known.map(({ holds }) => holds(event))
    const outcome = truths.map((truth) => (truth === true ? '1' : truth === false ? '0' : '?')).join('')
    if (this.#rests.has(outcome)) return this.#rests.get(outcome)
    if (this.#rests.size >= MAX_RESTS) this.#rests.clear()
    const rest = this.#make(new Map(this.#known.map(({ leaf }, i) => [leaf, truths[i] as Truth])), outcome)
    this.#rests.set(outcome, rest)
    return rest
  }

  #make(truths: ReadonlyMap<Leaf, Truth>, outcome: string): Rest | undefined {
    const { rule, place, condition, compile } = this.#rule
    const rest = assume(condition, (leaf) => truths.get(leaf))
    if (isNever(rest)) return undefined
    const { gatesOf, screenOf } = this.#said
    return { rule, place, name: `${place}:${outcome}`, holds: compile(rest), gates: gatesOf(rest), screen: screenOf(rest) }
  }
}

/** Whether a test says the same wherever these fields do. What reads no field may read anything. */
export function isSettled(leaf: Leaf, settled: ReadonlySet<string>): boolean {
  const fields = fieldsIn(leaf)
  if (fields.size === 0) return false
  for (const field of fields) if (!settled.has(field)) return false
  return true
}
