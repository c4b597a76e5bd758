/** How long a recipient may be put off before he holds up no mail any more: what keeps strangers waiting lets go within minutes, a full mailbox does not. */
const PATIENCE_MS = 10 * 60_000
/** How much longer than the time that the server names, so that there is a try after it; the longest patience, and how long nobody is remembered. */
const BEYOND_MS = 60_000
const HOUR_MS = 60 * 60_000
/** Mails whose recipients are remembered; of more the oldest is forgotten, and a new try of it goes to all. */
const MAX_MAILS = 1_000

/** A recipient who is put off, on the clock: first, last, and until when he is waited for. */
interface Waited {
  readonly since: number
  last: number
  until: number
  /** The longest wait that was named, ms. */
  named: number
}

/**
 * Who has taken a mail that others were put off for: the next try is for those alone. Kept in memory: after a restart all get it again,
 * under the same message id.
 */
export class PutOff {
  readonly #taken = new Map<string, Set<string>>()
  readonly #waited = new Map<string, Waited>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  taken(key: string): ReadonlySet<string> {
    return this.#taken.get(key) ?? new Set()
  }

  /** `accepted` have it: they are not asked again for this mail. */
  accepted(key: string, accepted: readonly string[]): void {
    for (const recipient of accepted) this.#waited.delete(recipient)
    if (accepted.length === 0) return
    const taken = this.#taken.get(key) ?? new Set()
    for (const recipient of accepted) taken.add(recipient)
    this.#taken.set(key, taken)
    if (this.#taken.size > MAX_MAILS) this.#taken.delete(this.#taken.keys().next().value as string)
  }

  /**
   * Whether it is worth waiting for who was put off just now; `namedMs`: for as long as the server says. Who was not put off for an hour begins anew:
   * that he was given up is no reason against him for ever.
   */
  isFresh(recipient: string, namedMs = 0): boolean {
    const now = this.#now()
    let waited = this.#waited.get(recipient)
    if (waited === undefined || now - waited.last >= HOUR_MS) waited = { since: now, last: now, until: now + PATIENCE_MS, named: 0 }
    this.#waited.set(recipient, waited)
    waited.last = now
    if (now >= waited.until) return false
    // A server that names the same again and again is waited for once.
    if (namedMs > waited.named) {
      waited.named = namedMs
      waited.until = Math.max(waited.until, Math.min(now + namedMs + BEYOND_MS, waited.since + HOUR_MS))
    }
    return true
  }

  /** No more tries of this mail. */
  done(key: string): void {
    this.#taken.delete(key)
  }
}
