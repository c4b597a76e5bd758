import {
  type CheckedRule,
  compileCondition,
  type EventDefinition,
  type Predicate,
  type Readable,
  required,
  simplify,
  UNKNOWN,
} from '@cws/core'

/** A rule, and what is to be judged of it. */
export interface Compiled {
  readonly rule: CheckedRule
  readonly holds: Predicate
}

/** Told of each rule that is true of an event. */
export type OnTrue = (rule: CheckedRule, event: Readable) => void

interface Index {
  readonly field: string
  readonly byValue: ReadonlyMap<string, readonly Compiled[]>
  /** For events on which nobody knows the field. */
  readonly all: readonly Compiled[]
}

const NONE: readonly Compiled[] = []

/**
 * The rules of one event type, by what discriminates best: a rule that demands one of some exact texts of a field (`exec.file.name`) is
 * looked up by that text and else costs nothing; the others are tried on every event.
 */
export class RuleIndex {
  readonly #indexes: readonly Index[]
  readonly #others: readonly Compiled[]

  constructor(rules: readonly CheckedRule[], definition: EventDefinition) {
    const compiled = rules.map((rule) => ({
      rule,
      demands: exactDemands(rule, definition),
      holds: compileCondition(simplify(rule.condition)),
    }))
    const popularity = new Map<string, number>()
    for (const { demands } of compiled) for (const field of demands.keys()) popularity.set(field, (popularity.get(field) ?? 0) + 1)
    const byField = new Map<string, { byValue: Map<string, Compiled[]>; all: Compiled[] }>()
    const others: Compiled[] = []
    for (const { rule, demands, holds } of compiled) {
      const one: Compiled = { rule, holds }
      // Few fields are read on every event: each rule goes where most rules can.
      const field = [...demands.keys()].sort((a, b) => (popularity.get(b) as number) - (popularity.get(a) as number))[0]
      if (field === undefined) {
        others.push(one)
        continue
      }
      const index = byField.get(field) ?? { byValue: new Map<string, Compiled[]>(), all: [] }
      byField.set(field, index)
      index.all.push(one)
      for (const text of demands.get(field) as ReadonlySet<string>) {
        const list = index.byValue.get(text) ?? []
        index.byValue.set(text, list)
        list.push(one)
      }
    }
    this.#indexes = [...byField].map(([field, index]) => ({ field, ...index }))
    this.#others = others
  }

  /** Calls back for every rule that is true of this event; returns those of which nobody knows. */
  judge(event: Readable, onTrue: OnTrue): Compiled[] | undefined {
    let unknown: Compiled[] | undefined
    for (const index of this.#indexes) {
      const value = event.get(index.field)
      unknown = judgeEach(typeof value === 'string' ? (index.byValue.get(value) ?? NONE) : index.all, event, onTrue, unknown)
    }
    return judgeEach(this.#others, event, onTrue, unknown)
  }
}

export function judgeEach(
  list: readonly Compiled[],
  event: Readable,
  onTrue: OnTrue,
  unknown: Compiled[] | undefined,
): Compiled[] | undefined {
  let undecided = unknown
  for (let i = 0; i < list.length; i++) {
    const one = list[i] as Compiled
    const truth = one.holds(event)
    if (truth === true) onTrue(one.rule, event)
    else if (truth === UNKNOWN) {
      undecided ??= []
      undecided.push(one)
    }
  }
  return undecided
}

/** The fields of which a rule demands one of some exact texts. Arrays are left out: one of their elements would not select. */
function exactDemands(rule: CheckedRule, definition: EventDefinition): Map<string, ReadonlySet<string>> {
  const demands = new Map<string, ReadonlySet<string>>()
  for (const [name, field] of definition.fields) {
    if (field.array || (field.field !== 'string' && field.field !== 'path')) continue
    const demand = required(rule.condition, name)
    if (demand?.every((one) => one.kind === 'exact')) demands.set(name, new Set(demand.map((one) => one.text)))
  }
  return demands
}
