import { hash, randomBytes } from 'node:crypto'

/** Values that one detection knows. */
export const MAX_VALUES = 4_096
/** Of a value in JSON. */
const VALUE_CHARACTERS = 24
const DAY_MS = 86_400_000

interface Saved {
  readonly salt: string
  readonly since: number | null
  readonly evicted: number
  readonly values: readonly (readonly [digest: string, day: number])[]
}

/**
 * Values that were seen before, as digests: whoever chooses values neither fills the memory with long ones nor finds one that is taken for another, for
 * the salt is the detection's own. Of too many those go that were not seen longest.
 */
export class KnownValues {
  readonly #salt: string
  readonly #days: Map<string, number>
  #since: number | undefined
  evicted: number

  constructor(saved?: Saved) {
    this.#salt = saved?.salt ?? randomBytes(16).toString('base64url')
    this.#since = saved?.since ?? undefined
    this.#days = new Map(saved?.values)
    this.evicted = saved?.evicted ?? 0
  }

  get size(): number {
    return this.#days.size
  }

  /** Whether a value is new and the time of learning, which begins with the first value, is over. It is known from now on. */
  add(value: string, at: number, learn: number): { readonly isNew: boolean; readonly changed: boolean } {
    const began = this.#since === undefined
    this.#since ??= at
    const digest = hash('sha256', this.#salt + value, 'base64url').slice(0, 12)
    const day = Math.floor(at / DAY_MS)
    const seen = this.#days.get(digest)
    if (seen === day) return { isNew: false, changed: began }
    if (seen !== undefined) this.#days.delete(digest)
    else if (this.#days.size >= MAX_VALUES) {
      this.#days.delete(this.#days.keys().next().value as string)
      this.evicted++
    }
    this.#days.set(digest, day)
    return { isNew: seen === undefined && at >= this.#since + learn, changed: true }
  }

  /** For the store, in about so many characters: those seen last. */
  saved(most: number): Saved {
    const values = [...this.#days].slice(-Math.floor(most / VALUE_CHARACTERS))
    return { salt: this.#salt, since: this.#since ?? null, evicted: this.evicted, values }
  }

  static from(saved: unknown): KnownValues {
    return new KnownValues(saved as Saved)
  }
}
