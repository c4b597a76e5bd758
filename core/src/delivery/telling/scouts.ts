import type { DeliveryLog } from '../log.ts'
import type { DestinationQueue } from '../queue/destination-queue.ts'
import type { Planned } from '../queue/planning.ts'
import type { SignalStore } from '../store/store.ts'

/** How long a destination takes nothing before the first is sent, ms; the next one when that has doubled, or after an hour. */
const FIRST_MS = 60_000
const MAX_BETWEEN_MS = 3_600_000
/** What was looked for in vain is looked for again after this, ms: in an outage it is asked of all that waits. */
const IN_VAIN_MS = 60_000

export interface ScoutsParts {
  readonly store: SignalStore
  /** By the steady clock. */
  readonly now: () => number
  readonly queues: () => readonly DestinationQueue[]
  readonly log: DeliveryLog | undefined
}

interface Sent {
  /** How long the destination had taken nothing when the last one was sent, ms. */
  unwellMs: number
  readonly signals: Set<string>
}

/**
 * Where a destination takes nothing, is that an outage, or are messages refused for what is in them? Whoever chose their texts could keep it from hearing
 * of anything else that they do: what is part of something worse is kept quiet, and nothing else may come that shows that others are taken. So one signal
 * that is kept quiet so is told as if it were not. If it is taken, what was refused is known to be refused alone, and keeps nothing quiet.
 */
export class Scouts {
  readonly #parts: ScoutsParts
  readonly #sent = new Map<string, Sent>()
  /** By destination, when it is looked for again. */
  readonly #inVain = new Map<string, number>()

  constructor(parts: ScoutsParts) {
    this.#parts = parts
  }

  /** Whether it is told to this destination whatever keeps it quiet. */
  has(signal: string, destination: string): boolean {
    return this.#sent.get(destination)?.signals.has(signal) ?? false
  }

  /** Call it now and then. */
  look(): void {
    for (const queue of this.#parts.queues()) {
      try {
        this.#lookAt(queue)
      } catch (error) {
        this.#parts.log?.error({ destination: queue.name, error }, 'nothing of what is kept quiet could be told to see whether it is taken')
      }
    }
  }

  #lookAt(queue: DestinationQueue): void {
    const { name, unwellMs } = queue
    const last = this.#sent.get(name)
    // Shorter than it was: another outage.
    if (last && unwellMs < last.unwellMs) this.#sent.delete(name)
    const sent = this.#sent.get(name)
    if (queue.tellsEach || unwellMs < (sent ? sent.unwellMs + Math.min(sent.unwellMs, MAX_BETWEEN_MS) : FIRST_MS)) return
    const now = this.#parts.now()
    if (now < (this.#inVain.get(name) ?? now)) return
    const planned = this.#next(queue, now)
    if (!planned) {
      this.#inVain.set(name, now + IN_VAIN_MS)
      return
    }
    const { signal } = planned.conversation
    this.#sent.set(name, { unwellMs, signals: new Set([...(sent?.signals ?? []), signal]) })
    this.#parts.store.write({ op: 'converse', conversations: [planned.conversation] })
    queue.take(planned)
  }

  /** The gravest of what could be told now, if possible of a rule of which nothing waits: texts of one rule are alike. */
  #next(queue: DestinationQueue, now: number): Planned | undefined {
    const { store } = this.#parts
    const items = [...queue.items]
    if (!items.some(({ failures }) => failures > 0)) return undefined
    // Also what waits for its first try behind those that fail.
    const keepers = items.flatMap(({ signal, covers }) => [signal, ...covers])
    const rules = new Set(items.map(({ rule }) => rule))
    let first: Planned | undefined
    for (const { conversation, head } of store.keptByUntold(queue.name, keepers)) {
      const isApart = !rules.has(head.rule)
      if (first && !isApart) continue
      const planned = queue.plan({ ...conversation, kept_by: null }, head)
      if (!planned.decision || planned.decision.due > now) continue
      if (isApart) return planned
      first = planned
    }
    return first
  }
}
