/** Where random tests begin: `CWS_TEST_SEED`, so that a failure can be had again, else another one each time. */
export const seed = Number(process.env['CWS_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

/** Random numbers of a test: the same seed gives the same ones (mulberry32). */
export class Random {
  #state: number

  constructor(start: number) {
    this.#state = start
  }

  /** An integer from 0 up to `limit`, which it does not reach. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)] as T
  }
}
