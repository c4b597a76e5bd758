import type { Readable } from '@cws/core'
import type { Candidates, Compiled } from './candidates.ts'
import type { Gate } from './gate.ts'
import type { Lookup } from './lookup.ts'

/** Rules behind the gates of one field: those are candidates of which an event fulfils a key. */
export class Gated {
  readonly lookup: Lookup
  readonly #byKey = new Map<number, Compiled[]>()
  readonly #all: Compiled[] = []

  constructor(lookup: Lookup) {
    this.lookup = lookup
  }

  get size(): number {
    return this.#all.length
  }

  add(one: Compiled, { keys }: Gate): void {
    this.#all.push(one)
    for (const key of new Set(keys)) {
      const list = this.#byKey.get(key)
      if (list) list.push(one)
      else this.#byKey.set(key, [one])
    }
  }

  /** All, if nobody knows what the event has there. */
  collect(event: Readable, into: Candidates): void {
    const { lookup } = this
    if (!lookup.read(event)) {
      into.addAll(this.#all)
      return
    }
    for (let i = 0; i < lookup.count; i++) {
      const list = this.#byKey.get(lookup.found[i] as number)
      if (list !== undefined) into.addAll(list)
    }
  }

  /** By look-up; a rule with several gates is behind each of them. */
  static by(rules: readonly { readonly one: Compiled; readonly gates: readonly Gate[] }[]): Gated[] {
    const byLookup = new Map<Lookup, Gated>()
    for (const { one, gates } of rules)
      for (const gate of gates) {
        const gated = byLookup.get(gate.lookup) ?? new Gated(gate.lookup)
        byLookup.set(gate.lookup, gated)
        gated.add(one, gate)
      }
    return [...byLookup.values()]
  }
}
