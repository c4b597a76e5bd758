interface Branch {
  readonly from: number
  /** Behind the last branch inside of it. */
  to: number
  taken: boolean
}

/** All ways through the conditions and loops of a template, so that each part can be looked at before there is a signal. */
export class Branches {
  readonly #all: Branch[] = []

  /** A part of a template that is not always written; `inside` makes what it consists of. */
  branch<T>(inside: () => T): readonly [number: number, made: T] {
    const number = this.#all.length
    const branch = { from: number, to: number + 1, taken: false }
    this.#all.push(branch)
    const made = inside()
    branch.to = this.#all.length
    return [number, made]
  }

  /** The one of two that leads to something that was not written yet. */
  choose(one: number, other: number): boolean {
    const first = this.#isNew(one) || !this.#isNew(other)
    const chosen = this.#all[first ? one : other]
    if (chosen) chosen.taken = true
    return first
  }

  get done(): boolean {
    return this.#all.every(({ taken }) => taken)
  }

  #isNew(number: number): boolean {
    const { from, to } = this.#all[number] as Branch
    return this.#all.slice(from, to).some(({ taken }) => !taken)
  }
}
