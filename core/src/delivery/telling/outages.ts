import { durationText } from '../../notifications/duration.ts'
import { rankOf } from '../../signals/severity.ts'
import type { DestinationQueue } from '../queue/destination-queue.ts'
import type { Item } from '../queue/schedule.ts'
import type { SignalStore } from '../store/store.ts'
import { oweNotice } from './change-notices.ts'
import { subjects } from './notice-kinds.ts'

const HIGH = rankOf('high')
/** How long a destination may take nothing before others hear of it, ms: one that refuses everything, and one that may be back with the next try. */
const BROKEN_MS = 60_000
const FAILING_MS = 5 * 60_000
const FIRST_WORDS: ReadonlySet<string> = new Set(['opened', 'raised', 'escalated', 'digest'])

export interface OutagesParts {
  readonly store: SignalStore
  /** By the steady clock. */
  readonly now: () => number
  readonly queues: () => readonly DestinationQueue[]
  /** Tells what is owed as notices. */
  readonly tell: () => void
}

/** What is grave and is not told there. `words`: how the destination is. */
interface Outage {
  readonly words: string
  readonly title: string
  readonly waiting: readonly Readonly<Item>[]
  /** Who can be told of it. */
  readonly hearers: readonly DestinationQueue[]
}

/** Tells those who can be told that another destination takes nothing, or not this, while something grave waits for it: once for each outage, and again when something graver does. */
export class Outages {
  readonly #parts: OutagesParts
  /** By destination the greatest severity of what others heard that waits for it. */
  readonly #told = new Map<string, number>()

  constructor(parts: OutagesParts) {
    this.#parts = parts
  }

  /** Call it now and then. */
  look(): void {
    for (const queue of this.#parts.queues()) {
      const outage = this.#ofAll(queue) ?? this.#ofSome(queue)
      if (outage) this.#tell(queue.name, outage)
      else if (queue.unwellMs === 0) this.#told.delete(queue.name)
    }
  }

  /** It takes nothing for long. */
  #ofAll(queue: DestinationQueue): Outage | undefined {
    const { unwellMs } = queue
    if (unwellMs < BROKEN_MS) return undefined
    const { state, lastError } = queue.counters
    if (unwellMs < FAILING_MS && state !== 'broken' && state !== 'failed') return undefined
    const waiting = [...queue.items].filter((item) => this.#isGrave(item))
    const words = `is ${state} for ${durationText(unwellMs)}${because(lastError)}`
    return { words, title: 'takes no messages', waiting, hearers: this.#well }
  }

  /** It takes others for long. Where nobody else is, it can be told of that itself. */
  #ofSome(queue: DestinationQueue): Outage | undefined {
    const now = this.#parts.now()
    const waiting = [...queue.items].filter((item) => now - (item.aloneSince ?? now) >= FAILING_MS && this.#isGrave(item))
    const [first] = waiting
    if (!first) return undefined
    const others = this.#well.filter((other) => other !== queue)
    const words = `takes other messages, and refuses some for ${durationText(now - (first.aloneSince ?? now))}${because(first.lastError)}`
    return { words, title: 'refuses messages', waiting, hearers: others.length > 0 ? others : this.#well }
  }

  get #well(): readonly DestinationQueue[] {
    return this.#parts.queues().filter((queue) => !queue.tellsEach && queue.unwellMs === 0)
  }

  #tell(name: string, { words, title, waiting, hearers }: Outage): void {
    const told = this.#told.get(name) ?? 0
    if (hearers.length === 0 || !waiting.some(({ severity }) => severity > told)) return
    const worst = waiting.reduce((worst, item) => (item.severity > worst.severity ? item : worst))
    const count = new Set(waiting.flatMap((item) => this.#graveIn(item))).size
    const what = count === 1 ? 'a signal that is high or critical waits' : `${count} signals that are high or critical wait`
    const [first] = this.#graveIn(worst)
    const text = `${new Date().toISOString()}: ${name} ${words}; ${what} for it, as ${first}.`
    const notice = { subject: subjects.down(name), title: `${name} ${title}: ${what}`, text, weight: worst.severity }
    try {
      this.#parts.store.administer((database) => {
        for (const { name: destination } of hearers) oweNotice(database, { destination, ...notice })
      }, false)
    } catch {
      // The store says itself that it cannot be written.
      return
    }
    this.#told.set(name, worst.severity)
    this.#parts.tell()
  }

  /** Ids of the grave signals that it tells, the gravest first: of a digest not all are. */
  #graveIn({ signal, covers }: Readonly<Item>): readonly string[] {
    if (covers.length === 0) return [signal]
    const all = [signal, ...covers].map((id) => ({ id, severity: this.#parts.store.signal(id)?.severity ?? 0 }))
    const grave = all.filter(({ severity }) => severity >= HIGH).sort((a, b) => b.severity - a.severity)
    return grave.length > 0 ? grave.map(({ id }) => id) : [signal]
  }

  #isGrave({ severity, reason, due, attempt }: Readonly<Item>): boolean {
    return severity >= HIGH && FIRST_WORDS.has(reason) && (attempt > 0 || due <= this.#parts.now())
  }
}

const because = (error: string | null | undefined): string => (error ? ` (${error})` : '')
