/** Findings, and different values, that one window remembers; the count says no more than this. */
export const MAX_COUNT = 1_000
/** What comes later than this and a window behind the newest is no straggler: the clock was set back. */
const SET_BACK_MS = 60_000

/**
 * What happened within a time before the newest event, in the order of the events' own times. Events may come late: one that still lies in the window is
 * counted, one that does not is not. Of each value the latest time is remembered beside: who repeats one cannot make the others be forgotten.
 */
export class Window {
  readonly #times: number[] = []
  /** The least touched first; by time, unless an event came late. */
  readonly #values = new Map<string, number>()
  #disordered = false

  /** False if it came too late to be counted. `value` is undefined where only findings are counted. */
  add(at: number, value: string | undefined, within: number): boolean {
    const newest = this.newest
    if (newest !== undefined && at <= newest - within) {
      if (at > newest - within - SET_BACK_MS) return false
      this.#times.length = 0
      this.#values.clear()
      this.#disordered = false
    }
    let place = this.#times.length
    while (place > 0 && (this.#times[place - 1] as number) > at) place--
    if (place === this.#times.length) this.#times.push(at)
    else {
      this.#times.splice(place, 0, at)
      this.#disordered = true
    }
    if (value !== undefined) {
      const before = this.#values.get(value) ?? at
      this.#values.delete(value)
      this.#values.set(value, Math.max(before, at))
    }
    this.#forget((this.newest as number) - within)
    return true
  }

  get newest(): number | undefined {
    return this.#times.at(-1)
  }

  get count(): number {
    return this.#times.length
  }

  /** Different values. */
  get distinct(): number {
    return this.#values.size
  }

  toJSON(): unknown {
    return [this.#times, [...this.#values]]
  }

  static from(saved: unknown): Window {
    const [times, values] = saved as [readonly number[], readonly (readonly [string, number])[]]
    const window = new Window()
    window.#times.push(...times)
    for (const [value, at] of values) window.#values.set(value, at)
    window.#disordered = true
    return window
  }

  #forget(until: number): void {
    let gone = Math.max(0, this.#times.length - MAX_COUNT)
    while (gone < this.#times.length && (this.#times[gone] as number) <= until) gone++
    this.#times.splice(0, gone)
    for (const [value, at] of this.#values) {
      if (at <= until) this.#values.delete(value)
      else if (!this.#disordered) break
    }
    if (this.#values.size > MAX_COUNT) this.#values.delete(this.#values.keys().next().value as string)
  }
}
