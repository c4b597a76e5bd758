/** Findings that one window remembers; older ones go, and the count says no more than this. */
export const MAX_COUNT = 1_000
/** What comes later than this and a window behind the newest is no straggler: the clock was set back. */
const SET_BACK_MS = 60_000

/** A time in ms since the epoch, and the value that is counted. */
export type Entry = readonly [at: number, value: string]

/**
 * What happened within a time before the newest event, in the order of the events' own times. Events may come late: one that still lies in the window is
 * counted, one that does not is not.
 */
export class Window {
  #entries: Entry[] = []
  readonly #values = new Map<string, number>()

  /** False if it came too late to be counted. */
  add(at: number, value: string, within: number): boolean {
    const newest = this.newest
    if (newest !== undefined && at <= newest - within) {
      if (at > newest - within - SET_BACK_MS) return false
      this.#entries = []
      this.#values.clear()
    }
    let place = this.#entries.length
    while (place > 0 && (this.#entries[place - 1] as Entry)[0] > at) place--
    if (place === this.#entries.length) this.#entries.push([at, value])
    else this.#entries.splice(place, 0, [at, value])
    this.#values.set(value, (this.#values.get(value) ?? 0) + 1)
    this.#forget((this.newest as number) - within)
    return true
  }

  get newest(): number | undefined {
    return this.#entries.at(-1)?.[0]
  }

  get count(): number {
    return this.#entries.length
  }

  /** Different values among them. */
  get distinct(): number {
    return this.#values.size
  }

  get entries(): readonly Entry[] {
    return this.#entries
  }

  #forget(until: number): void {
    let gone = Math.max(0, this.#entries.length - MAX_COUNT)
    while (gone < this.#entries.length && (this.#entries[gone] as Entry)[0] <= until) gone++
    if (gone === 0) return
    for (const [, value] of this.#entries.splice(0, gone)) {
      const left = (this.#values.get(value) as number) - 1
      if (left > 0) this.#values.set(value, left)
      else this.#values.delete(value)
    }
  }
}
