import type { Condition } from '../condition/ir.ts'
import type { Interest, InterestSet } from '../plugin/source.ts'

const NONE: readonly Interest[] = []

/** What detectors want, collected while plugins are set up, handed to sources as data and replaced by generations. */
export class Interests {
  readonly #byType = new Map<string, Interest[]>()
  #generation = 0
  /** Rises with each that is added. */
  count = 0

  add(type: string, plugin: string, condition: Condition, urgent: boolean): void {
    const list = this.#byType.get(type) ?? []
    this.#byType.set(type, list)
    list.push({ plugin, condition, urgent })
    this.count++
  }

  /** What is wanted of one type so far. */
  of(type: string): readonly Interest[] {
    return this.#byType.get(type) ?? NONE
  }

  /** A new generation of all that is wanted now. `after`: the last generation of the composition before, above which numbers go on. */
  next(after = 0): InterestSet {
    this.#generation = Math.max(this.#generation, after) + 1
    return { generation: this.#generation, byType: new Map([...this.#byType].map(([type, list]) => [type, [...list]])) }
  }
}

/** What sensors hold while one composition replaces another: nothing that either wants may be filtered away. */
export function union(a: InterestSet, b: InterestSet): InterestSet {
  const byType = new Map<string, readonly Interest[]>(a.byType)
  for (const [type, list] of b.byType) byType.set(type, [...(byType.get(type) ?? []), ...list])
  return { generation: Math.max(a.generation, b.generation), byType }
}
