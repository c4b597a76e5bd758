import type { StringId, Strings } from '../table/strings.ts'

/** Environments are inherited: on a busy host a few dozen are in use at a time. */
const MAX_LISTS = 64

/**
 * Lists that are kept decoded by the number of their bytes: decoding an environment costs more than judging an exec by all rules. A kept one
 * holds a reference, so that its number stays its own.
 */
export class KeptLists {
  readonly #strings: Strings
  readonly #decode: (id: StringId) => readonly string[]
  readonly #lists = new Map<StringId, readonly string[]>()

  constructor(strings: Strings, decode: (id: StringId) => readonly string[]) {
    this.#strings = strings
    this.#decode = decode
  }

  of(id: StringId): readonly string[] {
    const known = this.#lists.get(id)
    if (known) return known
    if (this.#lists.size >= MAX_LISTS) {
      for (const old of this.#lists.keys()) this.#strings.release(old)
      this.#lists.clear()
    }
    const list = this.#decode(id)
    this.#strings.retain(id)
    this.#lists.set(id, list)
    return list
  }
}
