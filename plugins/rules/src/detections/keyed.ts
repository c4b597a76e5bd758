/** What is remembered of one key. */
export interface Weighed {
  /** About how many bytes it takes. */
  readonly weight: number
}

interface Slot<V> {
  readonly value: V
  weight: number
}

/** Memories by a key that somebody else chooses: bounded by weight, those that were not touched longest go first, counted. */
export class Keyed<V extends Weighed> {
  readonly #slots = new Map<string, Slot<V>>()
  #weight = 0
  /** Those that had to go to make room. */
  evicted = 0

  get size(): number {
    return this.#slots.size
  }

  get weight(): number {
    return this.#weight
  }

  /** Works on the memory of a key, made if there is none, then makes room for what it has grown by. It is the last to go now. */
  with<R>(key: string, most: number, create: () => V, work: (value: V) => R): R {
    const slot = this.#slots.get(key) ?? { value: create(), weight: 0 }
    this.#slots.delete(key)
    this.#slots.set(key, slot)
    const result = work(slot.value)
    const weight = slot.value.weight + 2 * key.length
    this.#weight += weight - slot.weight
    slot.weight = weight
    while (this.#weight > most && this.#slots.size > 1) {
      this.#delete(this.#slots.keys().next().value as string)
      this.evicted++
    }
    return result
  }

  /** Lets go of what does not matter any more, from the least touched on. */
  sweep(isOver: (value: V) => boolean): void {
    for (const [key, { value }] of this.#slots) {
      if (!isOver(value)) break
      this.#delete(key)
    }
  }

  /** Those touched last first. */
  newestFirst(): [string, V][] {
    return [...this.#slots].reverse().map(([key, { value }]) => [key, value])
  }

  #delete(key: string): void {
    this.#weight -= (this.#slots.get(key) as Slot<V>).weight
    this.#slots.delete(key)
  }
}
