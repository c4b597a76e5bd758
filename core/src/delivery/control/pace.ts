export interface PaceOptions {
  /** How many at once. */
  readonly burst: number
  /** After how long there is one more, ms. */
  readonly everyMs: number
}

/** How often something may be done for each of a few names: a burst, then one each time. */
export class Pace {
  readonly #options: PaceOptions
  readonly #now: () => number
  /** When all of the burst is there again. */
  readonly #fullAt = new Map<string, number>()

  constructor(options: PaceOptions, now: () => number = () => performance.now()) {
    this.#options = options
    this.#now = now
  }

  /** 0: it may be done now, and counts as done; else how long that takes, ms. */
  take(name: string): number {
    const { burst, everyMs } = this.#options
    const now = this.#now()
    const fullAt = Math.max(this.#fullAt.get(name) ?? 0, now) + everyMs
    const wait = fullAt - now - burst * everyMs
    if (wait > 0) return wait
    this.#fullAt.set(name, fullAt)
    return 0
  }

  /** What counted was not done after all. */
  undo(name: string): void {
    this.#fullAt.set(name, (this.#fullAt.get(name) ?? 0) - this.#options.everyMs)
  }
}
