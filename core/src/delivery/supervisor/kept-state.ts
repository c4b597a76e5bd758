export interface KeptValue {
  readonly number: number
  readonly plugin: string
  readonly key: string
  readonly value: string | null
}

/** The values of plugins' state that are not durable yet, the newest of each key. Bounded by what plugins keep. */
export class KeptState {
  readonly #values = new Map<string, KeptValue>()
  #number = 0

  add(plugin: string, key: string, value: string | null): KeptValue {
    const kept = { number: ++this.#number, plugin, key, value }
    const id = `${plugin}\0${key}`
    // Deleted first, so that the order is that of the numbers.
    this.#values.delete(id)
    this.#values.set(id, kept)
    return kept
  }

  /** All up to this number are durable. */
  durable(number: number): void {
    for (const [id, kept] of this.#values) {
      if (kept.number > number) break
      this.#values.delete(id)
    }
  }

  /** All, oldest first. */
  all(): KeptValue[] {
    return [...this.#values.values()]
  }
}
