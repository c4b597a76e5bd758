import type { DeadRow, EntryProgress, EntryRow, SignalRow, StoreWrite } from './store-rows.ts'

/** What memory a broken store may cost, in characters of bodies, and in changes of what is on disk. */
const MAX_TEXT = 32 * 1024 * 1024
const MAX_CHANGES = 100_000

/** What the store could not take: merged while it waits, so that a delivery that was made in the meantime leaves no trace, and applied when the disk is back. */
export class WriteBacklog {
  readonly #signals = new Map<string, SignalRow>()
  readonly #entries = new Map<string, EntryRow>()
  readonly #dead = new Map<string, DeadRow>()
  /** Changes of entries that are on disk. */
  readonly #changes = new Map<string, EntryProgress | 'remove'>()
  #text = 0
  /** Signals that will not be stored, since there was no room. */
  dropped = 0

  get size(): number {
    return this.#signals.size + this.#entries.size + this.#dead.size + this.#changes.size
  }

  add(write: StoreWrite): void {
    switch (write.op) {
      case 'signal':
        for (const key of write.replaces) this.#remove(key)
        this.#swap(this.#signals, write.signal.id, write.signal)
        for (const entry of write.entries) this.#swap(this.#entries, entry.key, entry)
        break
      case 'progress': {
        const entry = this.#entries.get(write.key)
        if (entry) this.#entries.set(write.key, { ...entry, ...write.progress })
        else this.#change(write.key, write.progress)
        break
      }
      case 'remove':
        this.#remove(write.key)
        break
      case 'bury':
        this.#remove(write.dead.key)
        this.#swap(this.#dead, write.dead.key, write.dead)
        break
    }
    this.#bound()
  }

  entryBody(key: string): string | undefined {
    return this.#entries.get(key)?.body
  }

  signalBody(id: string): string | undefined {
    return this.#signals.get(id)?.body
  }

  signals(): SignalRow[] {
    return [...this.#signals.values()]
  }

  /** All of it as writes, in an order that gives the same state. */
  *writes(): Generator<StoreWrite> {
    for (const [key, change] of this.#changes) yield change === 'remove' ? { op: 'remove', key } : { op: 'progress', key, progress: change }
    const entries = Map.groupBy(this.#entries.values(), (entry) => entry.signal)
    for (const signal of this.#signals.values()) {
      yield { op: 'signal', signal, entries: entries.get(signal.id) ?? [], replaces: [] }
    }
    for (const dead of this.#dead.values()) yield { op: 'bury', dead }
  }

  clear(): void {
    for (const map of [this.#signals, this.#entries, this.#dead, this.#changes]) map.clear()
    this.#text = 0
  }

  #remove(key: string): void {
    if (this.#entries.has(key)) this.#swap(this.#entries, key, undefined)
    // It may be on disk as well: a commit that failed when it was synced.
    this.#change(key, 'remove')
  }

  #change(key: string, change: EntryProgress | 'remove'): void {
    if (this.#changes.has(key) || this.#changes.size < MAX_CHANGES) this.#changes.set(key, change)
  }

  #swap<V extends { readonly body: string }>(map: Map<string, V>, key: string, value: V | undefined): void {
    this.#text += (value?.body.length ?? 0) - (map.get(key)?.body.length ?? 0)
    map.delete(key)
    if (value) map.set(key, value)
  }

  /** What was refused goes first, then the oldest signals with what is owed of them. */
  #bound(): void {
    while (this.#text > MAX_TEXT && this.#dead.size > 0) this.#swap(this.#dead, first(this.#dead), undefined)
    while (this.#text > MAX_TEXT && this.#signals.size > 1) {
      const id = first(this.#signals)
      this.#swap(this.#signals, id, undefined)
      for (const entry of this.#entries.values()) if (entry.signal === id) this.#swap(this.#entries, entry.key, undefined)
      this.dropped++
    }
  }
}

const first = <V>(map: Map<string, V>): string => map.keys().next().value as string
