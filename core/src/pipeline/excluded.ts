import { required } from '../condition/analyse.ts'
import type { HooksOf } from '../hooks/hooks-of.ts'
import type { EventDefinition } from '../model/define-event.ts'
import type { Reader, Readers } from '../plugin/source.ts'
import type { Interests } from './interests.ts'

/** A field that all interests demand a value of, and the values that one of them would have. */
interface Demanded {
  readonly read: Reader
  readonly values: ReadonlySet<unknown>
}

/**
 * Tells records of one type that no interest can hold for by the numbers that stand in them (`exit.cause`), before an event is made. Nothing is
 * excluded while somebody listens who declared no interest.
 */
export class Excluded {
  readonly #type: string
  readonly #numbers: readonly (readonly [string, Reader])[]
  readonly #hooks: HooksOf
  readonly #interests: Interests
  #known = { interests: -1, taps: -1 }
  #demanded: readonly Demanded[] = []

  constructor({ type, fields }: EventDefinition, readers: Readers, hooks: HooksOf, interests: Interests) {
    this.#type = type
    this.#numbers = Object.entries(readers).filter(([name]) => {
      const field = fields.get(name)
      return field?.field === 'int' && !field.array
    })
    this.#hooks = hooks
    this.#interests = interests
  }

  /** Whether it is certain that nobody wants the record at this cursor. What is UNKNOWN excludes nothing. */
  has(cursor: number): boolean {
    const taps = this.#hooks.detect?.taps.length ?? 0
    const interests = this.#interests.count
    if (taps !== this.#known.taps || interests !== this.#known.interests) {
      this.#known = { taps, interests }
      this.#demanded = this.#work()
    }
    const demanded = this.#demanded
    for (let i = 0; i < demanded.length; i++) {
      const { read, values } = demanded[i] as Demanded
      const value = read(cursor)
      if (typeof value === 'number' && !values.has(value)) return true
    }
    return false
  }

  #work(): Demanded[] {
    const interests = this.#interests.of(this.#type)
    const declared = new Set(interests.map(({ plugin }) => plugin))
    const taps = this.#hooks.detect?.taps ?? []
    if (interests.length === 0 || this.#hooks.enrich || !taps.every(({ name }) => declared.has(name))) return []
    return this.#numbers.flatMap(([field, read]) => {
      const values = new Set<unknown>()
      for (const { condition } of interests) {
        const demand = required(condition, field)
        if (demand === undefined) return []
        for (const one of demand) {
          if (one.kind !== 'value' || typeof one.value !== 'number') return []
          values.add(one.value)
        }
      }
      return [{ read, values }]
    })
  }
}
