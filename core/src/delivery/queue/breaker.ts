import type { Outcome } from '../../plugin/notifier.ts'
import type { DestinationRow } from '../store/store-rows.ts'
import { backoffFor, waitFor } from './backoff.ts'
import type { Item } from './schedule.ts'

/** Failures in a row after which the destination as a whole waits and is probed by one try at a time. */
const FAILURES_TO_OPEN = 5
/** The first probe comes within this time, unless the receiver asks for more, ms. */
const FIRST_PROBE_MS = 10_000
/** Rules that are remembered. */
const MAX_RULES = 1_000

type Failure = Exclude<Outcome, { readonly result: 'delivered' | 'reject' }>

/** What failures say of a destination as a whole. Times of the steady clock, ms; what is to outlive the process is in `row`. */
export class Breaker {
  #failures = 0
  #openedAt: number | null = null
  #probeAt = 0
  #backoff = 0
  #isBroken = false
  /** Of what failed since something was taken, and is not known to be refused alone: the last, whether there were others, and their rules. */
  #witness: Item | undefined
  #areMany = false
  readonly #rules = new Set<string | undefined>()
  /** By an earlier agent, or by the receiver itself. */
  #isSure = false

  /** Takes up what an earlier agent knew. It waits no longer than it would have then. */
  restore({ failures, opened_at, probe_at, backoff, is_broken }: DestinationRow, now: number): void {
    this.#failures = failures
    this.#openedAt = opened_at
    this.#isBroken = is_broken === 1
    this.#backoff = backoff
    this.#probeAt = Math.min(probe_at, now + backoff)
    this.#isSure = this.isOpen
  }

  /** Whether one try at a time is made, to see whether it is back. */
  get isOpen(): boolean {
    return this.#openedAt !== null
  }

  /** Open, and only for what one message says, or those of one rule, or what alone was refused before: it may be them. */
  get isDoubted(): boolean {
    return this.isOpen && !this.#isSure && !(this.#areMany && this.#rules.size > 1)
  }

  /** Whether what failed says nothing of this message: it is of another rule. */
  isApart({ rule }: Item): boolean {
    return !this.#rules.has(rule)
  }

  /** Whether this message, never tried, needs not wait for the probe. */
  isDoubtedFor(item: Item): boolean {
    return this.isDoubted && (!this.#areMany || this.isApart(item))
  }

  /** Whether a message failed that is not known to be refused alone, since something was taken. */
  get isWitnessed(): boolean {
    return this.#witness !== undefined
  }

  get isBroken(): boolean {
    return this.#isBroken
  }

  /** No try before. */
  get probeAt(): number {
    return this.#probeAt
  }

  get row(): Omit<DestinationRow, 'name' | 'last_error' | 'last_error_at'> {
    const is_broken = this.#isBroken ? 1 : 0
    return { failures: this.#failures, opened_at: this.#openedAt, probe_at: this.#probeAt, backoff: this.#backoff, is_broken }
  }

  /** A try failed. Returns whether that is to be stored. */
  failed(outcome: Failure, message: Item, now: number): boolean {
    this.#failures++
    if (message.aloneSince === undefined) {
      this.#areMany ||= this.#witness !== undefined && this.#witness !== message
      this.#witness = message
      if (this.#rules.size < MAX_RULES) this.#rules.add(message.rule)
    }
    // Who asks for time is there, and means all.
    this.#isSure ||= outcome.retryAfterMs !== undefined
    this.#isBroken = outcome.result === 'broken'
    const opens = this.#openedAt === null && (this.#isBroken || this.#failures >= FAILURES_TO_OPEN)
    if (opens) this.#openedAt = now
    if (!this.isOpen && outcome.retryAfterMs === undefined) return false
    const backoff = backoffFor(this.#failures, message.severity)
    this.#backoff = Math.ceil(waitFor(opens ? Math.min(backoff, FIRST_PROBE_MS) : backoff, outcome.retryAfterMs))
    this.#probeAt = now + this.#backoff
    return true
  }

  /** A try failed of a message that alone is refused. It counts for nothing, but for a little of the time that the receiver asks for. Returns whether that is to be stored. */
  excused({ retryAfterMs }: Failure, now: number): boolean {
    const asked = Math.min(waitFor(0, retryAfterMs), FIRST_PROBE_MS)
    if (now + asked <= Math.max(now, this.#probeAt)) return false
    this.#backoff = Math.ceil(asked)
    this.#probeAt = now + this.#backoff
    return true
  }

  /** It seems to be back: the next try may be made now, still one at a time. */
  expect(): void {
    this.#probeAt = 0
  }

  /** A try arrived, or another notifier takes its place. Returns whether that is to be stored. */
  recovered(): boolean {
    const known = this.#openedAt !== null || this.#probeAt > 0
    this.#failures = 0
    this.#openedAt = null
    this.#probeAt = 0
    this.#backoff = 0
    this.#isBroken = false
    this.#witness = undefined
    this.#areMany = false
    this.#rules.clear()
    this.#isSure = false
    return known
  }
}
