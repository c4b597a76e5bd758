import type { Condition, Field, Leaf, Undecoded } from '@cws/core'
import { alternativesOf, type Demand, demandsOf, type Key } from './demand.ts'
import { Lookup, type Turn } from './lookup.ts'
import { type Screen, screenOf } from './screen.ts'

/** Unless a look-up finds one of these keys, what stands behind the gate is false. */
export interface Gate {
  readonly lookup: Lookup
  readonly keys: readonly number[]
}

/** The look-ups that events of one type are put through: one a field, for the keys of all rules. */
export class Gates {
  readonly #fields: ReadonlyMap<string, Field>
  readonly #bytes: Undecoded['bytes']
  readonly #turn: Turn
  readonly #lookups = new Map<string, Lookup>()

  constructor(fields: ReadonlyMap<string, Field>, bytes: Undecoded['bytes'], turn: Turn) {
    this.#turn = turn
    this.#fields = fields
    this.#bytes = bytes
  }

  /** The gate of these keys, which are looked for from now on. */
  add(field: string, keys: readonly Key[]): Gate {
    let lookup = this.#lookups.get(field)
    if (!lookup) {
      lookup = new Lookup(field, this.#fields.get(field) as Field, this.#bytes?.get(field), this.#turn)
      this.#lookups.set(field, lookup)
    }
    return { lookup, keys: keys.map((key) => (lookup as Lookup).add(key)) }
  }

  /** Makes ready for what may be left of a condition: each of its tests of these fields may come to decide. */
  prepare(leaves: readonly Leaf[], isWanted: (field: string) => boolean): void {
    for (const leaf of leaves) for (const { field, keys } of demandsOf(leaf, this.#fields)) if (isWanted(field)) this.add(field, keys)
  }

  /** Whether something is looked for in this field. */
  has(field: string): boolean {
    return this.#lookups.has(field)
  }

  build(): void {
    for (const lookup of this.#lookups.values()) lookup.build()
  }

  /** The gates of a condition among the keys that are looked for: unless one of them opens, it is false. */
  of(condition: Condition): readonly Gate[] | undefined {
    return alternativesOf(condition, this.#fields, (demand) => this.#gateOf(demand) !== undefined)?.map(
      (demand) => this.#gateOf(demand) as Gate,
    )
  }

  /** What look-ups that may be used for it say of a condition beyond the gates that it stands behind. */
  screenOf(condition: Condition, mayUse: (lookup: Lookup) => boolean): Screen | undefined {
    return screenOf(condition, (test) => {
      const gates = demandsOf(test, this.#fields).map((demand) => this.#gateOf(demand))
      return gates.find((gate) => gate !== undefined && mayUse(gate.lookup))
    })
  }

  #gateOf({ field, keys }: Demand): Gate | undefined {
    const lookup = this.#lookups.get(field)
    if (!lookup) return undefined
    const numbers = keys.map((key) => lookup.numberOf(key))
    return numbers.every((number) => number !== undefined) ? { lookup, keys: numbers } : undefined
  }
}
