import { UPDATE_MS } from '../console/console.ts'

const MAX_IDS = 10_000

interface Revision {
  readonly number: number
  readonly at: number
}

/** Signals whose newest revision may not be on stdout yet, by id: the next delivery thread shows them again. Bounded, the oldest leave first. */
export class Unshown {
  readonly #now: () => number
  readonly #first = new Map<string, Revision>()
  readonly #later = new Map<string, Revision>()

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  add(id: string, revision: number, number: number): void {
    const it = { number, at: this.#now() }
    this.#first.delete(id)
    this.#later.delete(id)
    const map = revision === 1 ? this.#first : this.#later
    map.set(id, it)
    if (map.size > MAX_IDS) map.delete(map.keys().next().value as string)
  }

  /** Lines up to this number are written, but for those that were held back. */
  shown(number: number): void {
    for (const [id, it] of this.#first) {
      if (it.number > number) break
      this.#first.delete(id)
    }
    const old = this.#now() - UPDATE_MS
    for (const [id, it] of this.#later) {
      if (it.number > number || it.at > old) break
      this.#later.delete(id)
    }
  }

  /** Ids and numbers, oldest first. */
  all(): (readonly [id: string, number: number])[] {
    return [...this.#first, ...this.#later].map(([id, { number }]) => [id, number] as const).sort((a, b) => a[1] - b[1])
  }
}
