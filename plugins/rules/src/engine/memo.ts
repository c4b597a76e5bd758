import type { Condition, Readable, Recurrence } from '@cws/core'
import type { Candidates, Compiled } from './candidates.ts'
import type { Gate, Gates } from './gate.ts'
import { Gated } from './gated.ts'
import type { Lookup } from './lookup.ts'
import type { PlacedRule } from './placed-rule.ts'
import { ByNumber, ByValues, type Recall } from './recall.ts'
import { type Rest, Rests } from './rest.ts'

/** What is left of the rules for events that have the settled fields alike. */
export interface Entry {
  readonly open: readonly Compiled[]
  readonly gated: readonly Gated[]
}

/** What follows from a number that many have is worth to be found out the second time; from one that few have, later, since as much is to be found out. */
const WORTH_AFTER = { often: 1, seldom: 8 } as const
/** So few rules behind a gate of their own are judged sooner than it is. */
const FEW = 2
/** Entries that are kept to be shared: lineages are many, what they leave of the rules is alike for most. */
const MAX_SHARED = 1024
const NOTHING_LEFT: Entry = { open: [], gated: [] }

/**
 * Rules that ask mostly about what recurs: which program, below which others, which file. For what came before it is known which of them that
 * rules out, and what is left to judge of the others. What is new is looked up.
 */
export class Memo {
  readonly #recall: Recall<Entry>
  /** By what they demand of a settled field, and those that demand nothing of one. */
  readonly #gated: readonly Gated[]
  readonly #others: readonly Compiled[]
  readonly #rests: ReadonlyMap<number, Rests>
  readonly #shared = new Map<string, Entry>()
  /** Look-ups that are made for every event, or cost next to nothing; `isRead` are those that are made where nothing is remembered. */
  readonly #always: (lookup: Lookup) => boolean
  /** All that screens look at is settled: what they rule out is ruled out for good. */
  readonly #screensSettle: boolean

  constructor(
    of: { readonly recurrence: Recurrence; readonly recurs: keyof typeof WORTH_AFTER } | { readonly keys: readonly string[] },
    rules: readonly { readonly rule: PlacedRule; readonly gate: Gate | undefined }[],
    gates: Gates,
    { isAlwaysRead, isRead }: { readonly isAlwaysRead: (lookup: Lookup) => boolean; readonly isRead: (lookup: Lookup) => boolean },
  ) {
    const settled = 'keys' in of ? new Set(of.keys) : of.recurrence.fields
    this.#recall = 'keys' in of ? new ByValues(of.keys) : new ByNumber(of.recurrence, WORTH_AFTER[of.recurs])
    // What is looked up of an event that is new can screen what was not found by it.
    const read = new Set(rules.map(({ gate }) => gate?.lookup))
    let screensSettle = true
    const screens = (lookup: Lookup) => {
      if (!read.has(lookup) && !isRead(lookup)) return false
      screensSettle &&= settled.has(lookup.field)
      return true
    }
    const whole = (rule: PlacedRule) => ({ ...rule, screen: gates.screenOf(rule.condition, screens) })
    this.#gated = Gated.by(rules.flatMap(({ rule, gate }) => (gate ? [{ one: whole(rule), gates: [gate] }] : [])))
    this.#others = rules.filter(({ gate }) => gate === undefined).map(({ rule }) => whole(rule))
    this.#screensSettle = screensSettle
    const said = {
      gatesOf: (rest: Condition) => gates.of(rest),
      screenOf: (rest: Condition) => gates.screenOf(rest, isAlwaysRead),
    }
    this.#rests = new Map(rules.map(({ rule }) => [rule.place, new Rests(rule, settled, said)]))
    this.#always = isAlwaysRead
  }

  /** Adds the rules that may be true of the event. `scratch` is used and left empty. */
  collect(event: Readable, into: Candidates, scratch: Candidates): void {
    if (!this.collectKnown(event, into, scratch)) this.#lookUp(event, into)
  }

  /** The same of an event that recurs; false, and nothing is added, for one that is new. */
  collectKnown(event: Readable, into: Candidates, scratch: Candidates): boolean {
    const known = this.#recall.get(event)
    if (known === 'new') return false
    const { open, gated } = known ?? this.#fill(event, scratch)
    into.addAll(open)
    for (let i = 0; i < gated.length; i++) (gated[i] as Gated).collect(event, into)
    return true
  }

  #lookUp(event: Readable, into: Candidates): void {
    for (const gated of this.#gated) gated.collect(event, into)
    into.addAll(this.#others)
  }

  #fill(event: Readable, scratch: Candidates): Entry {
    scratch.clear()
    this.#lookUp(event, scratch)
    const rests: Rest[] = []
    for (const { place, screen } of scratch.sorted()) {
      if (this.#screensSettle && screen !== undefined && !screen(event)) continue
      const rest = (this.#rests.get(place) as Rests).of(event)
      if (rest) rests.push(rest)
    }
    const entry = rests.length === 0 ? NOTHING_LEFT : this.#share(rests)
    this.#recall.set(event, entry)
    return entry
  }

  /** One entry for all that leave the same: copies of a program, whoever makes them, cost a place each and no more. */
  #share(rests: readonly Rest[]): Entry {
    const name = rests.map((rest) => rest.name).join(' ')
    const known = this.#shared.get(name)
    if (known) return known
    if (this.#shared.size >= MAX_SHARED) this.#shared.clear()
    const entry = this.#entryOf(rests)
    this.#shared.set(name, entry)
    return entry
  }

  #entryOf(rests: readonly Rest[]): Entry {
    const all = Gated.by(rests.flatMap((one) => (one.gates ? [{ one, gates: one.gates }] : [])))
    const worth = new Set(all.filter((one) => one.size > FEW || this.#always(one.lookup)).map(({ lookup }) => lookup))
    const open: Rest[] = []
    const behind: { one: Rest; gates: readonly Gate[] }[] = []
    for (const one of rests)
      if (one.gates?.every(({ lookup }) => worth.has(lookup))) behind.push({ one, gates: one.gates })
      else open.push(one)
    return { open, gated: Gated.by(behind) }
  }
}
