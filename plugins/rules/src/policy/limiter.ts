import type { Event } from '@cws/core'

/** How often a rule may report. */
export interface Limit {
  /** At most one finding in this time; 0: one per 100 ms, 40 at once. */
  readonly everyMs: number
  /** Fields: each combination of their values has a limit of its own. */
  readonly token: readonly string[]
}

/** As SECL has it where a rule says nothing. */
const DEFAULT = { everyMs: 100, burst: 40 }
/** Combinations of values that a rule tells apart; the one that was idle longest goes first. */
const MOST_TOKENS = 500

/** A token bucket, or one for each combination of some fields' values. */
export class Limiter {
  readonly #everyMs: number
  readonly #burst: number
  readonly #fields: readonly string[]
  /** By combination when its bucket is full again. Sums of times are exact, which fractions of tokens are not. */
  readonly #fullAt = new Map<string, number>()
  /** Findings that were held back. */
  held = 0

  constructor({ everyMs, token }: Limit) {
    this.#everyMs = everyMs > 0 ? everyMs : DEFAULT.everyMs
    this.#burst = everyMs > 0 ? 1 : DEFAULT.burst
    this.#fields = token
  }

  /** Whether a finding about an event may be reported now, in ms. */
  admits(event: Event, now: number): boolean {
    const key = this.#keyOf(event)
    const known = this.#fullAt.get(key)
    // No bucket is emptier than empty: a clock that was set back silences no rule.
    const full = known === undefined ? now : Math.min(Math.max(now, known), now + this.#burst * this.#everyMs)
    const admitted = full - now <= (this.#burst - 1) * this.#everyMs
    this.#fullAt.delete(key)
    if (known === undefined && this.#fullAt.size >= MOST_TOKENS) this.#fullAt.delete(this.#fullAt.keys().next().value as string)
    this.#fullAt.set(key, admitted ? full + this.#everyMs : full)
    if (!admitted) this.held++
    return admitted
  }

  #keyOf(event: Event): string {
    if (this.#fields.length === 0) return ''
    return JSON.stringify(this.#fields.map((field) => textOf(event.get(field as never))))
  }
}

/** Long texts are told apart by their beginnings: the number of buckets is bounded, and so is what each holds. */
function textOf(value: unknown): string {
  return String(value).slice(0, 256)
}
