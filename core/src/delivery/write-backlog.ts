import type { DeadRow, EntryProgress, EntryRow, EvidenceRow, SignalRow, StoreWrite } from './store-rows.ts'

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
  #evidence: EvidenceRow[] = []
  /** What people said of signals that are on disk. */
  readonly #judged = new Map<string, string>()
  #text = 0
  /** Signals that will not be stored, since there was no room. */
  dropped = 0
  evidenceDropped = 0

  get size(): number {
    return this.#signals.size + this.#entries.size + this.#dead.size + this.#changes.size + this.#evidence.length + this.#judged.size
  }

  add(write: StoreWrite): void {
    switch (write.op) {
      case 'signal':
        for (const key of write.replaces) this.#remove(key)
        this.#putSignal(write.signal)
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
      case 'evidence':
        this.#evidence.push(write.evidence)
        this.#text += write.evidence.body.length
        break
      case 'judge': {
        const signal = this.#signals.get(write.signal)
        if (signal) this.#signals.set(write.signal, { ...signal, status: write.status })
        if (this.#judged.size < MAX_CHANGES) this.#judged.set(write.signal, write.status)
        break
      }
    }
    this.#bound()
  }

  entryBody(key: string): string | undefined {
    return this.#entries.get(key)?.body
  }

  signalBody(id: string): string | undefined {
    return this.#signals.get(id)?.body
  }

  signal(id: string): SignalRow | undefined {
    return this.#signals.get(id)
  }

  evidence(signal: string): string[] {
    return this.#evidence.filter((row) => row.signal === signal).map(({ body }) => body)
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
    for (const evidence of this.#evidence) yield { op: 'evidence', evidence }
    for (const [signal, status] of this.#judged) yield { op: 'judge', signal, status }
  }

  clear(): void {
    for (const map of [this.#signals, this.#entries, this.#dead, this.#changes, this.#judged]) map.clear()
    this.#evidence = []
    this.#text = 0
  }

  #putSignal(row: SignalRow): void {
    const status = this.#signals.get(row.id)?.status ?? this.#judged.get(row.id)
    this.#swap(this.#signals, row.id, status !== undefined && row.status === 'open' ? { ...row, status } : row)
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

  /** Evidence goes first, then what was refused, then the oldest signals with what is owed of them. */
  #bound(): void {
    while (this.#text > MAX_TEXT && this.#evidence.length > 0) {
      this.#text -= (this.#evidence.shift() as EvidenceRow).body.length
      this.evidenceDropped++
    }
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
