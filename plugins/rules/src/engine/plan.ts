import { type EventDefinition, type Field, fieldsIn, leavesIn, type Readable, type Recurring, type Undecoded } from '@cws/core'
import { Candidates, type Compiled, judgeEach, type OnTrue } from './candidates.ts'
import { alternativesOf, type Demand, demandsOf } from './demand.ts'
import { type Gate, Gates } from './gate.ts'
import { Gated } from './gated.ts'
import type { Lookup } from './lookup.ts'
import { Memo } from './memo.ts'
import type { PlacedRule } from './placed-rule.ts'
import { isSettled } from './rest.ts'

/** Parts shorter than this select badly. */
const SHORT = 3

/**
 * Where each rule of one event type is found, for events of one feed. A rule goes to one place: by what it demands of the lineage of the process,
 * of the event's own fields that recur, or of others; what demands nothing that can be looked up is tried on every event.
 */
export class Plan {
  readonly #rules: readonly PlacedRule[]
  /** Of all rules, for what was started the same way before. */
  readonly #finer: Memo | undefined
  readonly #memos: readonly Memo[]
  readonly #gated: readonly Gated[]
  readonly #always: readonly Compiled[]
  readonly #candidates: Candidates
  readonly #scratch: Candidates
  readonly #turn = { number: 0 }
  #busy = false

  constructor(
    rules: readonly PlacedRule[],
    definition: EventDefinition,
    { recurrence, bytes }: Pick<Recurring & Undecoded, 'recurrence' | 'bytes'>,
  ) {
    this.#rules = rules
    this.#candidates = new Candidates(rules.length)
    this.#scratch = new Candidates(rules.length)
    const settled: ReadonlySet<string> = recurrence?.fields ?? new Set()
    const own = new Set(ownKeys(rules, definition).filter((name) => !settled.has(name)))
    const gates = new Gates(definition.fields, bytes, this.#turn)
    const byLineage: { rule: PlacedRule; gate: Gate | undefined }[] = []
    const byOwn: { rule: PlacedRule; gate: Gate | undefined }[] = []
    const byOther: { one: PlacedRule; gates: readonly Gate[] }[] = []
    const always: Compiled[] = []
    const gateOf = ({ field, keys }: Demand) => gates.add(field, keys)

    const all = rules.map((rule) => ({ rule, demands: demandsOf(rule.condition, definition.fields) }))
    const popular = popularity(all.map(({ demands }) => demands))
    for (const { rule, demands } of all) {
      const leaves = leavesIn(rule.condition)
      const lineage = demands.find(({ field }) => settled.has(field))
      const ofOwn = demands.find(({ field }) => own.has(field))
      const other = popular(demands)
      if (lineage) byLineage.push({ rule, gate: gateOf(lineage) })
      else if (ofOwn) byOwn.push({ rule, gate: gateOf(ofOwn) })
      else if (other) byOther.push({ one: rule, gates: [gateOf(other)] })
      else if (leaves.some((leaf) => isSettled(leaf, settled))) byLineage.push({ rule, gate: undefined })
      else if (leaves.some((leaf) => isSettled(leaf, own))) byOwn.push({ rule, gate: undefined })
      else {
        const alternatives = alternativesOf(rule.condition, definition.fields, () => true)
        if (alternatives) byOther.push({ one: rule, gates: alternatives.map(gateOf) })
        else always.push(rule)
      }
    }
    const ungated = byLineage.filter(({ gate }) => gate === undefined).map(({ rule }) => rule)
    // What several rules test that no good gate stands before is looked up for all of them where nothing is remembered.
    const shared = new Set([
      ...sharedFields(ungated, settled, definition),
      ...sharedFields([...byOwn.map(({ rule }) => rule), ...byOther.map(({ one }) => one)], own, definition),
    ])
    for (const { rule } of byLineage) gates.prepare(leavesIn(rule.condition), (field) => !settled.has(field) || shared.has(field))
    for (const { rule } of byOwn)
      gates.prepare(leavesIn(rule.condition), (field) => !own.has(field) || gates.has(field) || shared.has(field))
    for (const { one } of byOther)
      gates.prepare(leavesIn(one.condition), (field) => !settled.has(field) && (gates.has(field) || shared.has(field)))
    const finer = recurrence?.finer
    const byFiner = finer && isWorthWhile(finer.fields, settled, rules) ? gatedBy(finer.fields, settled, all, gateOf) : []
    gates.build()

    const read = new Set(byOther.flatMap((one) => one.gates.map(({ lookup }) => lookup)))
    const isAlwaysRead = (lookup: Lookup) => lookup.isCheap || read.has(lookup)
    const isRead = (lookup: Lookup) => isAlwaysRead(lookup) || shared.has(lookup.field)
    this.#gated = Gated.by(
      byOther.map(({ one, gates: behind }) => ({ one: { ...one, screen: gates.screenOf(one.condition, isRead) }, gates: behind })),
    )
    this.#always = always
    const memos: Memo[] = []
    if (recurrence && byLineage.length > 0)
      memos.push(new Memo({ recurrence, recurs: 'often' }, byLineage, gates, { isAlwaysRead, isRead }))
    if (byOwn.length > 0) memos.push(new Memo({ keys: keysOf(byOwn, own) }, byOwn, gates, { isAlwaysRead, isRead }))
    this.#memos = memos
    if (finer && byFiner.length > 0) {
      const isCheap = (lookup: Lookup) => lookup.isCheap
      this.#finer = new Memo({ recurrence: finer, recurs: 'seldom' }, byFiner, gates, { isAlwaysRead: isCheap, isRead: isCheap })
    }
  }

  /** Calls back for every rule that is true of this event, in the order of the rules; returns those of which nobody knows. */
  judge(event: Readable, onTrue: OnTrue): Compiled[] | undefined {
    // Within a call back or a field's reading another event may come to be judged.
    if (this.#busy) return judgeEach(this.#rules, event, onTrue)
    this.#busy = true
    try {
      const candidates = this.#candidates
      this.#turn.number++
      candidates.clear()
      if (this.#finer === undefined || !this.#finer.collectKnown(event, candidates, this.#scratch)) this.#collect(event, candidates)
      return candidates.judge(event, onTrue)
    } finally {
      this.#busy = false
    }
  }

  #collect(event: Readable, candidates: Candidates): void {
    candidates.addAll(this.#always)
    for (let i = 0; i < this.#memos.length; i++) (this.#memos[i] as Memo).collect(event, candidates, this.#scratch)
    for (let i = 0; i < this.#gated.length; i++) (this.#gated[i] as Gated).collect(event, candidates)
  }
}

/** Whether some rule tests what a finer number tells and a coarser one, which settles these, does not. */
function isWorthWhile(fields: ReadonlySet<string>, settled: ReadonlySet<string>, rules: readonly PlacedRule[]): boolean {
  const more = new Set([...fields].filter((name) => !settled.has(name)))
  return rules.some(({ condition }) => leavesIn(condition).some((leaf) => isSettled(leaf, more)))
}

/** All rules, each behind a gate on one of these fields if it demands something of one: best of one that a coarser number settles too. */
function gatedBy(
  fields: ReadonlySet<string>,
  settled: ReadonlySet<string>,
  all: readonly { readonly rule: PlacedRule; readonly demands: readonly Demand[] }[],
  gateOf: (demand: Demand) => Gate,
): { rule: PlacedRule; gate: Gate | undefined }[] {
  return all.map(({ rule, demands }) => {
    const demand = demands.find(({ field }) => settled.has(field)) ?? demands.find(({ field }) => fields.has(field))
    return { rule, gate: demand && gateOf(demand) }
  })
}

/** Of some fields those with a text that at least two of these rules demand something of. */
function sharedFields(rules: readonly PlacedRule[], among: ReadonlySet<string>, { fields }: EventDefinition): Set<string> {
  const seen = new Set<string>()
  const shared = new Set<string>()
  for (const { condition } of rules) {
    const tested = new Set(leavesIn(condition).flatMap((leaf) => demandsOf(leaf, fields).map(({ field }) => field)))
    for (const name of tested) {
      const { field: kind, array } = fields.get(name) as Field
      if (!among.has(name) || array || (kind !== 'string' && kind !== 'path')) continue
      if (seen.has(name)) shared.add(name)
      seen.add(name)
    }
  }
  return shared
}

/** Fields of the event itself whose values recur and that some rule tests. */
function ownKeys(rules: readonly PlacedRule[], { fields, type }: EventDefinition): string[] {
  const tested = new Set<string>()
  for (const { condition } of rules) fieldsIn(condition, tested)
  return [...fields]
    .filter(([name, field]) => field.recurs && !field.array && name.startsWith(`${type}.`) && tested.has(name))
    .map(([name]) => name)
}

/** Those of the keys that these rules test, in their order. */
function keysOf(rules: readonly { readonly rule: PlacedRule }[], own: ReadonlySet<string>): string[] {
  const tested = new Set<string>()
  for (const { rule } of rules) fieldsIn(rule.condition, tested)
  return [...own].filter((name) => tested.has(name))
}

/** Chooses the demand of the field that most rules demand something of: few fields are read on every event. */
function popularity(all: readonly (readonly Demand[])[]): (demands: readonly Demand[]) => Demand | undefined {
  const counts = new Map<string, number>()
  for (const demands of all) for (const { field } of demands) counts.set(field, (counts.get(field) ?? 0) + 1)
  const countOf = ({ field, weight }: Demand) => (weight < SHORT ? 0 : (counts.get(field) as number))
  return (demands) =>
    demands.reduce<Demand | undefined>((best, one) => (best !== undefined && countOf(best) >= countOf(one) ? best : one), undefined)
}
