/** Messages that are remembered; of more the oldest is forgotten, and its next try triggers again. */
const MAX_MESSAGES = 1_000

/**
 * Messages of which PagerDuty took the trigger and not the resolve yet: the next try is of that alone, for a trigger sent once more would page anew
 * where somebody has resolved the alert meanwhile. By which routing key it was taken stands there as a fingerprint. Kept in memory.
 */
export class HalfTaken {
  readonly #routes = new Map<string, string>()

  /** Fingerprint of the routing key by which the trigger of this message was taken; undefined: it was not, as far as is known. */
  routeOf(key: string): string | undefined {
    return this.#routes.get(key)
  }

  taken(key: string, route: string): void {
    this.#routes.set(key, route)
    if (this.#routes.size > MAX_MESSAGES) this.#routes.delete(this.#routes.keys().next().value as string)
  }

  /** No more tries of this message. */
  done(key: string): void {
    this.#routes.delete(key)
  }
}
