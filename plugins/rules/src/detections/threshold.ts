import type { Evidence } from '@cws/core'
import type { Conclusion } from './conclusion.ts'
import { Facts } from './facts.ts'
import { Window } from './window.ts'

/** Bytes of a time, and of a value with its time, about. */
const TIME_BYTES = 8
const VALUE_BYTES = 128

/** When a threshold is reached: `count` findings, or `distinct` values, after all. */
export interface Limits {
  /** ms */
  readonly within: number
  readonly count: number
  readonly distinct: boolean
}

/** What is remembered of one key of a threshold. */
export class Threshold {
  readonly #window: Window
  readonly #facts: Facts

  constructor(window = new Window(), facts = new Facts()) {
    this.#window = window
    this.#facts = facts
  }

  /** `value`: what is counted if different ones are. */
  add(at: number, value: string, fact: Evidence, { within, count, distinct }: Limits): Conclusion | undefined | 'late' {
    const window = this.#window
    if (!window.add(at, distinct ? value : undefined, within)) return 'late'
    this.#facts.add(at, value, fact, distinct)
    if ((distinct ? window.distinct : window.count) < count) return undefined
    return { count: window.count, distinct: window.distinct, evidence: this.#facts.since(this.newest - within) }
  }

  get newest(): number {
    return this.#window.newest ?? 0
  }

  get weight(): number {
    return TIME_BYTES * this.#window.count + VALUE_BYTES * this.#window.distinct + this.#facts.weight
  }

  toJSON(): unknown {
    return [this.#window, this.#facts]
  }

  static from(saved: unknown): Threshold {
    const [window, facts] = saved as [unknown, unknown]
    return new Threshold(Window.from(window), Facts.from(facts))
  }
}
