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

/** What others are to hear of a destination: what waits for it, the gravest first, and how it is. */
interface Outage {
  readonly subject: string
  readonly title: string
  readonly waiting: readonly [Readonly<Item>, ...Readonly<Item>[]]
  readonly words: string
  /** How much is told, among others of its subject. */
  readonly count: number
}

/**
 * Tells those who can be told that another destination takes nothing while something grave waits for it, once for each outage and again when something
 * graver does; and of each grave message that it refuses while it takes others. Neither hides the other.
 */
export class Outages {
  readonly #parts: OutagesParts
  /** By destination that takes nothing the greatest severity of what others heard that waits for it. */
  readonly #down = new Map<string, number>()
  /** By destination that takes others what it refuses, as far as that was told. */
  readonly #refused = new Map<string, ReadonlySet<Readonly<Item>>>()

  constructor(parts: OutagesParts) {
    this.#parts = parts
  }

  /** Call it now and then. */
  look(): void {
    for (const queue of this.#parts.queues()) {
      if (queue.unwellMs === 0) this.#down.delete(queue.name)
      if (takesNothing(queue)) this.#ofAll(queue)
      else this.#ofSome(queue)
    }
  }

  #ofAll({ name, items, unwellMs, counters: { state, lastError } }: DestinationQueue): void {
    const [worst, ...others] = gravestFirst([...items].filter((item) => this.#isGrave(item)))
    if (!worst || worst.severity <= (this.#down.get(name) ?? 0)) return
    const words = `is ${state} for ${durationText(unwellMs)}${because(lastError)}`
    const outage = { subject: subjects.down(name), title: 'takes no messages', waiting: [worst, ...others], words, count: 1 } as const
    if (this.#tell(name, outage, this.#well)) this.#down.set(name, worst.severity)
  }

  /** Where nobody else is, it can be told of that itself. */
  #ofSome(queue: DestinationQueue): void {
    const { name, items } = queue
    const now = this.#parts.now()
    const all = [...items].filter((item) => now - (item.aloneSince ?? now) >= FAILING_MS && this.#isGrave(item))
    const told = all.filter((item) => this.#refused.get(name)?.has(item))
    this.#refused.set(name, new Set(told))
    const [worst, ...rest] = gravestFirst(all.filter((item) => !told.includes(item)))
    if (!worst) return
    // Why is not said: the receiver may repeat what it refuses, and would refuse this too.
    const words = `takes other messages, and refuses some for ${durationText(now - (worst.aloneSince ?? now))} (cws notify outbox says why)`
    // What is told with it is counted, so that the title says only how much more there is.
    const outage = { subject: subjects.refusing(name), title: 'refuses messages', waiting: [worst], words, count: 1 + rest.length } as const
    const others = this.#well.filter((other) => other !== queue)
    if (this.#tell(name, outage, others.length > 0 ? others : this.#well)) this.#refused.set(name, new Set(all))
  }

  get #well(): readonly DestinationQueue[] {
    return this.#parts.queues().filter((queue) => !queue.tellsEach && queue.unwellMs === 0)
  }

  /** Returns whether that is stored. */
  #tell(name: string, { subject, title, waiting, words, count }: Outage, hearers: readonly DestinationQueue[]): boolean {
    if (hearers.length === 0) return false
    const [worst] = waiting
    const signals = new Set(waiting.flatMap((item) => this.#graveIn(item))).size
    const what = signals === 1 ? 'a signal that is high or critical waits' : `${signals} signals that are high or critical wait`
    const [first] = this.#graveIn(worst)
    const text = `${new Date().toISOString()}: ${name} ${words}; ${what} for it, as ${first}.`
    const notice = { subject, title: `${name} ${title}: ${what}`, text, weight: worst.severity, count }
    try {
      this.#parts.store.administer((database) => {
        for (const { name: destination } of hearers) oweNotice(database, { destination, ...notice })
      }, false)
    } catch {
      // The store says itself that it cannot be written.
      return false
    }
    this.#parts.tell()
    return true
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

function takesNothing({ unwellMs, counters: { state } }: DestinationQueue): boolean {
  return unwellMs >= (state === 'broken' || state === 'failed' ? BROKEN_MS : FAILING_MS)
}

const gravestFirst = (items: readonly Readonly<Item>[]): readonly Readonly<Item>[] => items.toSorted((a, b) => b.severity - a.severity)

const because = (error: string | null | undefined): string => (error ? ` (${error})` : '')
