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
  UNKNOWN,
} from '@cws/core'

/** What is left to judge of a rule. */
export interface Compiled {
  readonly rule: CheckedRule
  readonly holds: Predicate
}

/** The rules that may be true of events with these values of the key fields. */
interface Entry {
  readonly values: readonly unknown[]
  readonly candidates: readonly Compiled[]
}

/** Combinations of values whose rules are remembered; programs of a host are fewer. */
const MAX_ENTRIES = 4096

/**
 * The rules of one event type. Most of what they ask of an event asks which program or file it is about, and those come again and again: for
 * each combination of such values the rules that they rule out are forgotten once, and of the others only the rest is judged.
 */
export class Dispatch {
  readonly #rules: readonly Rule[]
  /** Fields whose values recur and that some rule tests. */
  readonly #keys: readonly string[]
  /** By the value of the first key field. */
  readonly #entries = new Map<unknown, Entry>()

  constructor(rules: readonly CheckedRule[], definition: EventDefinition) {
    const tested = new Set<string>()
    for (const { condition } of rules) fieldsIn(condition, tested)
    this.#keys = [...definition.fields]
      .filter(([name, field]) => field.recurs && !field.array && name.startsWith(`${definition.type}.`) && tested.has(name))
      .map(([name]) => name)
    const keys = new Set(this.#keys)
    this.#rules = rules.map((rule) => new Rule(rule, keys))
  }

  /** Calls back for every rule that is true of this event; returns those of which nobody knows. */
  judge(event: Readable, onTrue: (rule: CheckedRule) => void): Compiled[] | undefined {
    const { candidates } = this.#find(event)
    let undecided: Compiled[] | undefined
    for (let i = 0; i < candidates.length; i++) {
      const one = candidates[i] as Compiled
      const truth = one.holds(event)
      if (truth === true) onTrue(one.rule)
      else if (truth === UNKNOWN) {
        undecided ??= []
        undecided.push(one)
      }
    }
    return undecided
  }

  #find(event: Readable): Entry {
    const keys = this.#keys
    const fields = event as unknown as Record<string, unknown>
    const first = keys.length > 0 ? fields[keys[0] as string] : undefined
    const known = this.#entries.get(first)
    if (known) {
      let i = 1
      while (i < keys.length && known.values[i] === fields[keys[i] as string]) i++
      if (i >= keys.length) return known
    }
    if (this.#entries.size >= MAX_ENTRIES) this.#entries.clear()
    const entry = {
      values: keys.map((key) => fields[key]),
      candidates: this.#rules.map((rule) => rule.restFor(event)).filter((rest) => rest !== undefined),
    }
    this.#entries.set(first, entry)
    return entry
  }
}

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
    if (this.#rests.size >= MAX_ENTRIES) this.#rests.clear()
    const truthOf = new Map<Leaf, Truth>(this.#known.map(({ leaf }, i) => [leaf, truths[i] as Truth]))
    const rest = assume(this.#condition, (leaf) => truthOf.get(leaf))
    const compiled = isNever(rest) ? undefined : { rule: this.#rule, holds: compileCondition(rest) }
    this.#rests.set(outcome, compiled)
    return compiled
  }
}
