import type { Lane } from '../../notifications/lanes.ts'
import type { Rate } from '../../plugin/manner.ts'

const MINUTE_MS = 60_000
/** This part of a burst is for who must be heard: a flood of the rest does not spend it. */
const RESERVED = 0.2
const FIRST: ReadonlySet<Lane> = new Set(['critical', 'first of a rule'])

/** How many messages a destination may be sent now: a bucket of tokens that fills with time. Full at first, and never more than full, however long nothing was sent. */
export class Allowance {
  readonly #rate: Rate | undefined
  readonly #now: () => number
  /** When it is full again. */
  #fullAt = 0

  /** `now`: a clock that is not set, ms. Undefined: as many as there are. */
  constructor(rate: Rate | undefined, now: () => number) {
    this.#rate = rate
    this.#now = now
  }

  /** How long until a message of this lane may be sent, ms; 0: now. */
  wait(lane: Lane): number {
    if (!this.#rate) return 0
    const { burst } = this.#rate
    const kept = FIRST.has(lane) ? 0 : Math.floor(burst * RESERVED)
    return Math.max(0, this.#full + (kept + 1 - burst) * this.#everyMs - this.#now())
  }

  /** Whether somebody would have to wait: what is not served first. */
  get isSpent(): boolean {
    return this.wait('digests') > 0
  }

  /** One was sent. */
  spend(): void {
    this.#fullAt = Math.max(this.#full, this.#now()) + this.#everyMs
  }

  get #everyMs(): number {
    return MINUTE_MS / (this.#rate?.perMinute ?? Number.POSITIVE_INFINITY)
  }

  /** A clock that went back empties it, and no more than that. */
  get #full(): number {
    return Math.min(this.#fullAt, this.#now() + (this.#rate?.burst ?? 0) * this.#everyMs)
  }
}
