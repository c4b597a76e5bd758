import type { Evidence } from '@cws/core'
import type { Conclusion } from './conclusion.ts'
import { Facts } from './facts.ts'
import { type Entry, Window } from './window.ts'

/** Bytes of an entry with its value, which many share. */
const ENTRY_BYTES = 64

/** When a threshold is reached: `count` findings, or `distinct` values, after all. */
export interface Limits {
  /** ms */
  readonly within: number
  readonly count: number
  readonly distinct: boolean
}

/** What is remembered of one key of a threshold. */
export class Threshold {
  readonly #window = new Window()
  #facts = new Facts()

  /** `value`: what is counted if different ones are. */
  add(at: number, value: string, fact: Evidence, { within, count, distinct }: Limits): Conclusion | undefined | 'late' {
    const window = this.#window
    if (!window.add(at, value, within)) return 'late'
    this.#facts.add(at, value, fact, distinct)
    if ((distinct ? window.distinct : window.count) < count) return undefined
    return { count: window.count, distinct: window.distinct, evidence: this.#facts.since(this.newest - within) }
  }

  get newest(): number {
    return this.#window.newest ?? 0
  }

  get weight(): number {
    return ENTRY_BYTES * this.#window.count + this.#facts.weight
  }

  toJSON(): unknown {
    return [this.#window.entries, this.#facts]
  }

  static from(saved: unknown): Threshold {
    const [entries, facts] = saved as [readonly Entry[], unknown]
    const threshold = new Threshold()
    for (const [at, value] of entries) threshold.#window.add(at, value, Number.POSITIVE_INFINITY)
    threshold.#facts = Facts.from(facts)
    return threshold
  }
}
