import type { StateStore } from './context.ts'

/** Most text that one plugin may keep, in characters of JSON. */
const MAX_STATE = 1024 * 1024

/** A plugin's durable store: read from memory, written behind by the delivery thread. */
export class MemoryState implements StateStore {
  readonly #values: Map<string, string>
  readonly #write: (key: string, value: string | null) => void
  #size = 0

  constructor(initial: Readonly<Record<string, string>>, write: (key: string, value: string | null) => void) {
    this.#values = new Map(Object.entries(initial))
    this.#write = write
    for (const [key, value] of this.#values) this.#size += key.length + value.length
  }

  get(key: string): unknown {
    const text = this.#values.get(key)
    return text === undefined ? undefined : JSON.parse(text)
  }

  /** @throws RangeError when the plugin's state would outgrow 1 MiB. */
  set(key: string, value: unknown): void {
    const text = JSON.stringify(value)
    if (text === undefined) throw new TypeError(`state value of "${key}" is not JSON`)
    const before = this.#values.get(key)
    const size = this.#size + text.length - (before === undefined ? -key.length : before.length)
    if (size > MAX_STATE) throw new RangeError(`plugin state is limited to ${MAX_STATE} characters`)
    this.#size = size
    this.#values.set(key, text)
    this.#write(key, text)
  }

  delete(key: string): void {
    const before = this.#values.get(key)
    if (before === undefined) return
    this.#size -= key.length + before.length
    this.#values.delete(key)
    this.#write(key, null)
  }

  keys(): readonly string[] {
    return [...this.#values.keys()]
  }
}
