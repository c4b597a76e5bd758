import type { Conversation } from '../../notifications/conversation.ts'
import type { DestinationQueue } from '../queue/destination-queue.ts'
import type { Item } from '../queue/schedule.ts'
import type { SignalStore } from '../store/store.ts'
import type { SignalRow } from '../store/store-rows.ts'

/** How long a destination takes nothing before the first is tried, ms; each next one when that has doubled. */
const FIRST_MS = 60_000
/** Failing messages that are asked what they keep quiet. */
const MAX_KEEPERS = 100

export interface WitnessesParts {
  readonly store: SignalStore
  readonly queues: () => readonly DestinationQueue[]
  /** Whether the destination was told of the signal, as grave as it is. */
  readonly hasHeard: (destination: string, row: SignalRow) => boolean
}

interface Candidate {
  readonly conversation: Conversation
  readonly row: SignalRow
}

interface Called {
  /** How long it had taken nothing when a witness was tried last, ms. */
  unwellMs: number
  readonly signals: Set<string>
}

/**
 * A destination that takes nothing, while all that it is owed keeps something quiet there: is it an outage, or are those messages refused for what is in
 * them? Whoever chose their texts could keep the destination from hearing of anything else that they do. So one signal that is kept quiet is told as if it
 * were not: if it is taken, what was refused is known to be refused alone, and keeps nothing quiet any more.
 */
export class Witnesses {
  readonly #parts: WitnessesParts
  readonly #called = new Map<string, Called>()

  constructor(parts: WitnessesParts) {
    this.#parts = parts
  }

  /** Whether it is told to this destination whatever keeps it quiet. */
  has(signal: string, destination: string): boolean {
    return this.#called.get(destination)?.signals.has(signal) ?? false
  }

  /** Call it now and then. */
  look(): void {
    for (const queue of this.#parts.queues()) {
      const { name, unwellMs } = queue
      if (unwellMs === 0) this.#called.delete(name)
      const called = this.#called.get(name)
      if (queue.tellsEach || unwellMs < (called ? 2 * called.unwellMs : FIRST_MS)) continue
      const witness = this.#candidate(queue)
      if (!witness) continue
      if (called) called.unwellMs = unwellMs
      this.#called.set(name, called ?? { unwellMs, signals: new Set() })
      this.#call(queue, witness)
    }
  }

  #call(queue: DestinationQueue, { conversation, row }: Candidate): void {
    this.#called.get(queue.name)?.signals.add(row.id)
    const planned = queue.plan({ ...conversation, kept_by: null }, row)
    this.#parts.store.write({ op: 'converse', conversations: [planned.conversation] })
    queue.take(planned)
  }

  /** The gravest, if possible of a rule of which nothing waits: texts of one rule are alike. */
  #candidate(queue: DestinationQueue): Candidate | undefined {
    const items = [...queue.items]
    const rules = new Set(items.map(({ rule }) => rule))
    const all = items
      .filter(isFailing)
      .slice(0, MAX_KEEPERS)
      .flatMap((item) => this.#keptBy(queue, item))
    const apart = all.filter(({ row }) => !rules.has(row.rule))
    return (apart.length > 0 ? apart : all).toSorted((a, b) => b.row.severity - a.row.severity)[0]
  }

  #keptBy({ name }: DestinationQueue, { signal, covers }: Readonly<Item>): readonly Candidate[] {
    const { store, hasHeard } = this.#parts
    return [signal, ...covers].flatMap((id) => {
      const keeper = store.signal(id)
      if (!keeper || hasHeard(name, keeper)) return []
      return store.keptBy(id, name).flatMap((conversation) => {
        const row = store.signal(conversation.signal)
        return row?.status === 'open' ? [{ conversation, row }] : []
      })
    })
  }
}

const isFailing = ({ failures }: Readonly<Item>): boolean => failures > 0
