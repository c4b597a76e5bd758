import type { Supervision } from '../protocol.ts'

/** How long a death in a notifier's code is held against it. */
const BLAME_MS = 3600_000
const LAST_BACKOFF_MS = 30_000
const DEATHS_TO_LEAVE_OUT = 2
/** While a message was made: what two threads died with is made in the plainest form, and may well be made then. */
const DEATHS_IN_MAKING = 3

interface Death {
  readonly at: number
  readonly notifier: string | undefined
}

export interface Verdict {
  readonly reason: string
  /** The notifier that is left out from now on. */
  readonly leftOut?: string
  /** When to try again; undefined: it died too often. */
  readonly waitMs?: number
}

/** What the deaths of the delivery thread lead to: a notifier in whose code it died twice, or three times while that made messages, is left out; too many deaths end the agent. */
export class Mortality {
  readonly #options: Pick<Supervision, 'restarts' | 'windowMs' | 'backoffMs'>
  readonly #now: () => number
  readonly #leftOut = new Map<string, string>()
  #deaths: Death[] = []
  restarts = 0
  lastReason: string | undefined

  constructor(options: Pick<Supervision, 'restarts' | 'windowMs' | 'backoffMs'>, now: () => number = () => performance.now()) {
    this.#options = options
    this.#now = now
  }

  /** By name, why a notifier is left out. */
  get leftOut(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#leftOut)
  }

  leaveOut(notifier: string, reason: string): void {
    this.#leftOut.set(notifier, reason)
  }

  /** It has changed: what was held against it was held against another. */
  forgive(notifier: string): void {
    this.#leftOut.delete(notifier)
    this.#deaths = this.#deaths.filter((death) => death.notifier !== notifier)
  }

  /** `notifier`: whose code ran when it died; `making`: it made a message. */
  died(cause: Error, notifier: string | undefined, making = false): Verdict {
    const limit = making ? DEATHS_IN_MAKING : DEATHS_TO_LEAVE_OUT
    const { restarts, windowMs, backoffMs } = this.#options
    const at = this.#now()
    const reason = notifier === undefined ? cause.message : `${cause.message} (in code of the notifier "${notifier}")`
    this.lastReason = reason
    this.#deaths = [...this.#deaths.filter((death) => at - death.at < Math.max(BLAME_MS, windowMs)), { at, notifier }]
    if (notifier !== undefined && this.#deaths.filter((death) => death.notifier === notifier).length >= limit) {
      this.leaveOut(notifier, reason)
      // Without it the thread begins anew: others are not to pay for its deaths.
      this.#deaths = this.#deaths.filter((death) => death.notifier !== notifier)
      this.restarts++
      return { reason, leftOut: notifier, waitMs: backoffMs }
    }
    const recent = this.#deaths.filter((death) => at - death.at < windowMs).length
    if (recent > restarts) return { reason }
    this.restarts++
    return { reason, waitMs: Math.min(backoffMs * 2 ** (recent - 1), LAST_BACKOFF_MS) }
  }
}
