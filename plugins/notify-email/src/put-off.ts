/** How long a recipient may be put off before he holds up no mail any more: what keeps strangers waiting lets go within minutes, a full mailbox does not. */
const PATIENCE_MS = 10 * 60_000
/** Mails whose recipients are remembered; of more the oldest is forgotten, and a new try of it goes to all. */
const MAX_MAILS = 1_000

/**
 * Who has taken a mail that others were put off for: the next try is for those alone. Kept in memory: after a restart all get it again, under the
 * same message id.
 */
export class PutOff {
  readonly #taken = new Map<string, Set<string>>()
  readonly #since = new Map<string, number>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  taken(key: string): ReadonlySet<string> {
    return this.#taken.get(key) ?? new Set()
  }

  /** `accepted` have it: they are not asked again for this mail. */
  accepted(key: string, accepted: readonly string[]): void {
    for (const recipient of accepted) this.#since.delete(recipient)
    if (accepted.length === 0) return
    const taken = this.#taken.get(key) ?? new Set()
    for (const recipient of accepted) taken.add(recipient)
    this.#taken.set(key, taken)
    if (this.#taken.size > MAX_MAILS) this.#taken.delete(this.#taken.keys().next().value as string)
  }

  /** Whether it is worth waiting for who was put off just now. */
  isFresh(recipient: string): boolean {
    const now = this.#now()
    const since = this.#since.get(recipient) ?? now
    this.#since.set(recipient, since)
    return now - since < PATIENCE_MS
  }

  /** No more tries of this mail. */
  done(key: string): void {
    this.#taken.delete(key)
  }
}
