import type { Condition, Field, Leaf, Undecoded } from '@cws/core'
import { alternativesOf, type Demand, demandsOf, type Key } from './demand.ts'
import { Lookup } from './lookup.ts'

/** Unless a look-up finds one of these keys, what stands behind the gate is false. */
export interface Gate {
  readonly lookup: Lookup
  readonly keys: readonly number[]
}

/** The look-ups that events of one type are put through: one a field, for the keys of all rules. */
export class Gates {
  readonly #fields: ReadonlyMap<string, Field>
  readonly #bytes: Undecoded['bytes']
  readonly #lookups = new Map<string, Lookup>()

  constructor(fields: ReadonlyMap<string, Field>, bytes: Undecoded['bytes']) {
    this.#fields = fields
    this.#bytes = bytes
  }

  /** The gate of these keys, which are looked for from now on. */
  add(field: string, keys: readonly Key[]): Gate {
    let lookup = this.#lookups.get(field)
    if (!lookup) {
      lookup = new Lookup(field, this.#fields.get(field) as Field, this.#bytes?.get(field))
      this.#lookups.set(field, lookup)
    }
    return { lookup, keys: keys.map((key) => (lookup as Lookup).add(key)) }
  }

  /** Makes ready for what may be left of a condition: each of its tests but those of settled fields may come to decide. */
  prepare(leaves: readonly Leaf[], settled: ReadonlySet<string>): void {
    for (const leaf of leaves) for (const { field, keys } of demandsOf(leaf, this.#fields)) if (!settled.has(field)) this.add(field, keys)
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

  #gateOf({ field, keys }: Demand): Gate | undefined {
    const lookup = this.#lookups.get(field)
    if (!lookup) return undefined
    const numbers = keys.map((key) => lookup.numberOf(key))
    return numbers.every((number) => number !== undefined) ? { lookup, keys: numbers } : undefined
  }
}
