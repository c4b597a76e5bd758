/** Problems that anybody can make by making folders are shown up to so many, the newest; and so many a minute are logged. */
const SHOWN = 20
const LOGGED = 20
const MINUTE = 60_000
/** After so long one of these is no longer shown, unless it came again. */
const HOUR = 60 * MINUTE

/** What cannot be watched. What the configuration asked for stays in sight, however many others come. */
export class Problems {
  readonly #asked = new Set<string>()
  /** Others, and when they came last, the oldest first. */
  readonly #others = new Map<string, number>()
  readonly #log: (problem: string) => void
  readonly #show: (text: string) => void
  readonly #now: () => number
  #minute = Number.NEGATIVE_INFINITY
  #logged = 0
  #unlogged = 0

  constructor(log: (problem: string) => void, show: (text: string) => void, now: () => number = () => performance.now()) {
    this.#log = log
    this.#show = show
    this.#now = now
  }

  /** `asked`: it is about what the configuration names, or about all. */
  add(problem: string, asked: boolean): void {
    if (asked) {
      if (this.#asked.has(problem)) return
      this.#asked.add(problem)
      this.#log(problem)
    } else {
      const known = this.#others.delete(problem)
      this.#others.set(problem, this.#now())
      if (known) return
      this.#logSome(problem)
    }
    this.#show(this.#text())
  }

  #logSome(problem: string): void {
    const now = this.#now()
    if (now - this.#minute >= MINUTE) {
      if (this.#unlogged > 0) this.#log(`${this.#unlogged} more like these were not logged`)
      this.#minute = now
      this.#logged = this.#unlogged = 0
    }
    if (this.#logged++ < LOGGED) this.#log(problem)
    else this.#unlogged++
  }

  #text(): string {
    const oldest = this.#now() - HOUR
    for (const [problem, at] of this.#others) {
      if (this.#others.size <= SHOWN && at >= oldest) break
      this.#others.delete(problem)
    }
    return [...this.#asked, ...this.#others.keys()].join('; ')
  }
}
