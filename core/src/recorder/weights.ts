/** What is weighed: linked among those of the same weight, in the order in which they came to it. */
export interface Weighed<T> {
  weight: number
  before: T | undefined
  after: T | undefined
}

/** Things by weight (a small whole number): the heaviest is known at once, of several the one that has been so heavy for longest. */
export class Weights<T extends Weighed<T>> {
  readonly #first: (T | undefined)[] = []
  readonly #last: (T | undefined)[] = []
  #top = 0

  get heaviest(): T | undefined {
    while (this.#top > 0 && this.#first[this.#top] === undefined) this.#top--
    return this.#first[this.#top]
  }

  add(thing: T): void {
    const { weight } = thing
    const last = this.#last[weight]
    thing.before = last
    thing.after = undefined
    if (last) last.after = thing
    else this.#first[weight] = thing
    this.#last[weight] = thing
    if (weight > this.#top) this.#top = weight
  }

  remove(thing: T): void {
    const { weight, before, after } = thing
    if (before) before.after = after
    else this.#first[weight] = after
    if (after) after.before = before
    else this.#last[weight] = before
    thing.before = thing.after = undefined
  }

  change(thing: T, by: number): void {
    this.remove(thing)
    thing.weight += by
    this.add(thing)
  }

  clear(): void {
    this.#first.length = this.#last.length = this.#top = 0
  }
}
