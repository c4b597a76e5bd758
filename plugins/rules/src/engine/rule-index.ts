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
import { firstFolder, headOfMatcher } from './head.ts'

/** A rule, and what is to be judged of it. */
export interface Compiled {
  readonly rule: CheckedRule
  readonly holds: Predicate
}

/** Told of each rule that is true of an event. */
export type OnTrue = (rule: CheckedRule, event: Readable) => void

interface Index {
  readonly field: string
  /** What of the field's value the rules are looked up by: all of it, or the first folder of a path. */
  readonly keyOf: (value: string) => string | undefined
  readonly byValue: ReadonlyMap<string, readonly Compiled[]>
  /** For events on which nobody knows the field. */
  readonly all: readonly Compiled[]
}

const NONE: readonly Compiled[] = []

/**
 * The rules of one event type, by what discriminates best: a rule that demands one of some exact texts of a field (`exec.file.name`) is
 * looked up by that text and else costs nothing; one that demands a path in some folders of the root (`/etc`) by that folder; the others are
 * tried on every event.
 */
export class RuleIndex {
  readonly #indexes: readonly Index[]
  readonly #others: readonly Compiled[]

  constructor(rules: readonly CheckedRule[], definition: EventDefinition) {
    const all = rules.map((rule): Compiled => ({ rule, holds: compileCondition(simplify(rule.condition)) }))
    const exact = indexBy(all, whole, (rule) => exactDemands(rule, definition))
    const folders = indexBy(exact.others, firstFolder, (rule) => folderDemands(rule, definition))
    this.#indexes = [...exact.indexes, ...folders.indexes]
    this.#others = folders.others
  }

  /** Calls back for every rule that is true of this event; returns those of which nobody knows. */
  judge(event: Readable, onTrue: OnTrue): Compiled[] | undefined {
    let unknown: Compiled[] | undefined
    for (const index of this.#indexes) {
      const value = event.get(index.field)
      const key = typeof value === 'string' ? index.keyOf(value) : undefined
      const list = typeof value !== 'string' ? index.all : key === undefined ? NONE : (index.byValue.get(key) ?? NONE)
      unknown = judgeEach(list, event, onTrue, unknown)
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

const whole = (value: string): string => value

/** Each rule goes to one of the fields of which it demands one of some keys; those that demand nothing like that are left over. */
function indexBy(
  rules: readonly Compiled[],
  keyOf: Index['keyOf'],
  demandsOf: (rule: CheckedRule) => ReadonlyMap<string, ReadonlySet<string>>,
): { indexes: Index[]; others: Compiled[] } {
  const demanding = rules.map((one) => ({ one, demands: demandsOf(one.rule) }))
  const popularity = new Map<string, number>()
  for (const { demands } of demanding) for (const field of demands.keys()) popularity.set(field, (popularity.get(field) ?? 0) + 1)
  const byField = new Map<string, { byValue: Map<string, Compiled[]>; all: Compiled[] }>()
  const others: Compiled[] = []
  for (const { one, demands } of demanding) {
    // Few fields are read on every event: each rule goes where most rules can.
    const field = [...demands.keys()].sort((a, b) => (popularity.get(b) as number) - (popularity.get(a) as number))[0]
    if (field === undefined) {
      others.push(one)
      continue
    }
    const index = byField.get(field) ?? { byValue: new Map<string, Compiled[]>(), all: [] }
    byField.set(field, index)
    index.all.push(one)
    for (const key of demands.get(field) as ReadonlySet<string>) {
      const list = index.byValue.get(key) ?? []
      index.byValue.set(key, list)
      list.push(one)
    }
  }
  return { indexes: [...byField].map(([field, index]) => ({ field, keyOf, ...index })), others }
}

/** The paths of which a rule demands that they lie in one of some folders of the root. */
function folderDemands(rule: CheckedRule, definition: EventDefinition): Map<string, ReadonlySet<string>> {
  const demands = new Map<string, ReadonlySet<string>>()
  for (const [name, field] of definition.fields) {
    if (field.array || field.field !== 'path') continue
    const folders = required(rule.condition, name)?.map((one) => (one.kind === 'value' ? undefined : headOfMatcher(one)))
    if (folders?.every((one) => one !== undefined)) demands.set(name, new Set(folders))
  }
  return demands
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
