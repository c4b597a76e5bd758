import type { BaseEvent } from '../model/event-class.ts'

/** At most this many values a `ctx.per`; the oldest go first. */
const MAX_VALUES = 10_000

/** Values by a key that dies some day: a process, a container. Map keeps the order of insertion, so the first key is the oldest. */
export class PerScope<V> {
  readonly #values = new Map<number | string, V>()
  readonly #create: () => V
  readonly #keyOf: (event: BaseEvent) => number | string | undefined

  constructor(create: () => V, keyOf: (event: BaseEvent) => number | string | undefined) {
    this.#create = create
    this.#keyOf = keyOf
  }

  /** The value of whoever the event is about; a new one that nobody shares if that is unknown. */
  of(event: BaseEvent): V {
    const key = this.#keyOf(event)
    if (key === undefined) return this.#create()
    let value = this.#values.get(key)
    if (value === undefined) {
      value = this.#create()
      if (this.#values.size >= MAX_VALUES) this.#values.delete(this.#values.keys().next().value as number | string)
      this.#values.set(key, value)
    }
    return value
  }

  release(key: number | string): void {
    this.#values.delete(key)
  }
}
