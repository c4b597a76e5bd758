import type { Notification, Notifier, Outcome } from '../../plugin/notifier.ts'
import { attempt } from './attempt.ts'

export interface FlightsOptions {
  readonly deadlineMs: number
  /** The steady clock. */
  readonly now: () => number
  /** Runs code of the notifier, so that it is known whose code runs. */
  readonly within: <T>(code: () => T) => T
  /** Hears of each that has ended. */
  readonly onLanded: () => void
}

/** Tries of one destination that are under way. */
export class Flights {
  readonly #options: FlightsOptions
  readonly #flights = new Set<Promise<unknown>>()
  readonly #abort = new AbortController()
  #idle: (() => void)[] = []
  #moved: number

  constructor(options: FlightsOptions) {
    this.#options = options
    this.#moved = options.now()
  }

  get size(): number {
    return this.#flights.size
  }

  /** When one last began or ended, by the steady clock, ms. */
  get moved(): number {
    return this.#moved
  }

  /** Whether no more are to begin. */
  get areOver(): boolean {
    return this.#abort.signal.aborted
  }

  /** Hands a notification to a notifier, once. Never rejects. */
  call(notifier: Notifier, notification: Notification): Promise<Outcome> {
    return this.#options.within(() => attempt(notifier, notification, this.#options.deadlineMs, this.#abort.signal))
  }

  /** A try, from its beginning to what became of it. */
  add(flight: Promise<unknown>): void {
    this.#moved = this.#options.now()
    const landing = flight.finally(() => {
      this.#flights.delete(landing)
      this.#moved = this.#options.now()
      this.#options.onLanded()
      if (this.#flights.size === 0) for (const settle of this.#idle.splice(0)) settle()
    })
    this.#flights.add(landing)
  }

  /** Settles when those that are under way now have ended. */
  async landed(): Promise<void> {
    await Promise.all([...this.#flights])
  }

  /** Settles when none is left; what lasts longer than that, or begins later, is aborted. */
  async end(timeoutMs: number): Promise<void> {
    const reason = new Error('the agent stops')
    if (this.#flights.size > 0) {
      const timer = setTimeout(() => this.#abort.abort(reason), timeoutMs)
      await new Promise<void>((resolve) => this.#idle.push(resolve))
      clearTimeout(timer)
    }
    this.#abort.abort(reason)
  }
}
