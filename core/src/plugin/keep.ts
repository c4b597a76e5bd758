import { isDeepStrictEqual } from 'node:util'
import { asError } from '../hooks/guard.ts'

interface Kept {
  readonly value: unknown
  readonly on: unknown
}

type Values = Map<string, Kept>

/** What one composition keeps. It looks at what the composition before it keeps until it is adopted or abandoned. */
export interface KeepView {
  /** `plugin`: instance and package, so that another plugin of the same name is handed nothing. `on`: what the value depends on instead of the options. */
  keep<V>(plugin: string, options: unknown, key: string, create: () => V, on?: unknown): V
  /** Whether the plugin was handed something of the composition before that depends on its options. */
  handedTo(plugin: string): boolean
  /** This composition works now: what only the one before kept is disposed of. */
  adopt(): Promise<void>
  /** This composition is given up: what only it keeps is disposed of. */
  abandon(): Promise<void>
}

/** Long-lived things that outlive a composition: a reload adopts them where the plugin's options are equal, and disposes of the others. */
export class KeepStore {
  #kept: Values = new Map()
  readonly #pending = new Set<Values>()
  readonly #onError: (error: Error) => void

  /** `onError` hears of what fails while it is disposed of; the rest is disposed of all the same. */
  constructor(onError: (error: Error) => void = () => {}) {
    this.#onError = onError
  }

  next(): KeepView {
    const taken: Values = new Map()
    const handed = new Set<string>()
    this.#pending.add(taken)
    return {
      keep: <V>(plugin: string, options: unknown, key: string, create: () => V, on?: unknown): V => {
        const name = `${plugin}\0${key}`
        const mine = taken.get(name)
        if (mine) return mine.value as V
        const before = this.#kept.get(name)
        const depends = on ?? options
        const equal = before !== undefined && isDeepStrictEqual(before.on, depends)
        if (equal && on === undefined) handed.add(plugin)
        const kept = equal ? before : { value: create(), on: depends }
        taken.set(name, kept)
        return kept.value as V
      },
      handedTo: (plugin) => handed.has(plugin),
      adopt: async () => {
        this.#pending.delete(taken)
        const old = this.#kept
        this.#kept = taken
        await this.#dispose(old, taken)
      },
      abandon: async () => {
        this.#pending.delete(taken)
        await this.#dispose(taken, this.#kept)
      },
    }
  }

  async close(): Promise<void> {
    const all = [this.#kept, ...this.#pending]
    this.#kept = new Map()
    this.#pending.clear()
    const done = new Set<Kept>()
    for (const values of all)
      for (const kept of values.values()) {
        if (!done.has(kept)) await this.#disposeOf(kept)
        done.add(kept)
      }
  }

  async #dispose(values: Values, except: Values): Promise<void> {
    for (const [name, kept] of values) if (except.get(name) !== kept) await this.#disposeOf(kept)
  }

  async #disposeOf({ value }: Kept): Promise<void> {
    try {
      await dispose(value)
    } catch (error) {
      this.#onError(asError(error))
    }
  }
}

async function dispose(value: unknown): Promise<void> {
  if (typeof value !== 'object' || value === null) return
  const disposable = value as Partial<AsyncDisposable & Disposable & { close(): unknown }>
  if (typeof disposable[Symbol.asyncDispose] === 'function') await disposable[Symbol.asyncDispose]?.()
  else if (typeof disposable[Symbol.dispose] === 'function') disposable[Symbol.dispose]?.()
  else if (typeof disposable.close === 'function') await disposable.close()
}
