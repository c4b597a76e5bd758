import { isDeepStrictEqual } from 'node:util'

interface Kept {
  readonly value: unknown
  readonly options: unknown
}

/** Long-lived things that outlive a composition: a reload adopts them where the plugin's options are equal, and disposes of the others. */
export class KeepStore {
  #kept = new Map<string, Kept>()

  /** A view for the next composition: what it asks for moves over when `adopt` is called. */
  next(): { keep<V>(plugin: string, options: unknown, key: string, create: () => V): V; adopt(): Promise<void> } {
    const taken = new Map<string, Kept>()
    return {
      keep: <V>(plugin: string, options: unknown, key: string, create: () => V): V => {
        const name = `${plugin}\0${key}`
        const before = taken.get(name) ?? this.#kept.get(name)
        const kept = before && isDeepStrictEqual(before.options, options) ? before : { value: create(), options }
        taken.set(name, kept)
        return kept.value as V
      },
      adopt: async () => {
        const old = this.#kept
        this.#kept = taken
        for (const [name, kept] of old) if (taken.get(name) !== kept) await dispose(kept.value)
      },
    }
  }

  async close(): Promise<void> {
    const old = this.#kept
    this.#kept = new Map()
    for (const kept of old.values()) await dispose(kept.value)
  }
}

async function dispose(value: unknown): Promise<void> {
  if (typeof value !== 'object' || value === null) return
  const disposable = value as Partial<AsyncDisposable & Disposable & { close(): unknown }>
  if (typeof disposable[Symbol.asyncDispose] === 'function') await disposable[Symbol.asyncDispose]?.()
  else if (typeof disposable[Symbol.dispose] === 'function') disposable[Symbol.dispose]?.()
  else if (typeof disposable.close === 'function') await disposable.close()
}
