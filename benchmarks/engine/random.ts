/** Numbers that are the same in each run: mulberry32. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** At least 0, below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let x = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }

  below(end: number): number {
    return Math.floor(this.next() * end)
  }

  pick<T>(of: readonly T[]): T {
    return of[this.below(of.length)] as T
  }

  /** The first ones far more often than the last, as programs are on a host. */
  zipf<T>(of: readonly T[]): T {
    return of[Math.floor(of.length ** this.next()) - 1] as T
  }
}
