import type { Lane } from '../notifications/lanes.ts'
import type { Signal } from '../signals/signal.ts'
import { noticeSignal } from './notice-signal.ts'

/** What is given up at once is one notice, ms; and how often there is one about a destination at most. */
const GATHER_MS = 1_000
const EVERY_MS = 3_600_000

/** Tells of what a destination will not be told since too much waits for it. */
export class ShedNotices {
  readonly #send: (about: string, notice: Signal) => void
  readonly #counts = new Map<string, Map<Lane, number>>()
  readonly #last = new Map<string, number>()
  readonly #timers = new Map<string, NodeJS.Timeout>()

  /** `send` brings a notice about a destination to another one. */
  constructor(send: (about: string, notice: Signal) => void) {
    this.#send = send
  }

  count(destination: string, lane: Lane): void {
    const counts = this.#counts.get(destination) ?? new Map<Lane, number>()
    counts.set(lane, (counts.get(lane) ?? 0) + 1)
    this.#counts.set(destination, counts)
    if (this.#timers.has(destination)) return
    const last = this.#last.get(destination)
    const wait = last === undefined ? GATHER_MS : Math.max(GATHER_MS, last + EVERY_MS - performance.now())
    this.#timers.set(destination, setTimeout(() => this.#tell(destination), wait).unref())
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
  }

  #tell(destination: string): void {
    const counts = this.#counts.get(destination) ?? new Map<Lane, number>()
    this.#timers.delete(destination)
    this.#counts.delete(destination)
    this.#last.set(destination, performance.now())
    this.#send(destination, noticeOf(destination, counts))
  }
}

function noticeOf(destination: string, counts: ReadonlyMap<Lane, number>): Signal {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const parts = [...counts].map(([lane, count]) => `${lane} ${count}`).join(', ')
  const what = total === 1 ? '1 message' : `${total} messages`
  return noticeSignal({
    rule: { id: 'notifications-given-up', name: 'Messages were given up' },
    severity: 'high',
    title: `${what} to ${destination} ${total === 1 ? 'was' : 'were'} given up`,
    message: `Too much waits for \`${destination}\`, so it will not be told: ${parts}.`,
    advice: 'See with `cws notify outbox` why it takes nothing. The signals themselves are kept: `cws signals list`.',
    count: total,
    group: { destination },
  })
}
