import type { Lane } from '../../notifications/lanes.ts'
import type { Signal } from '../../signals/signal.ts'
import type { SignalStore } from '../store/store.ts'
import { noticeSignal } from './notice-signal.ts'

/** What is given up at once is one notice, ms; and how often there is one about a destination at most. */
const GATHER_MS = 1_000
const EVERY_MS = 3_600_000
/** When one that could not be told is tried again, ms. */
const AGAIN_MS = 60_000

/** Tells of what a destination will not be told since too much waited for it: by the counts of the store, which outlive the process. */
export class ShedNotices {
  readonly #store: SignalStore
  readonly #send: (about: string, notice: Signal) => boolean
  readonly #timers = new Map<string, NodeJS.Timeout>()

  /** `send` brings a notice about a destination to another one, and stores with it that it was told; false: there is none. */
  constructor(store: SignalStore, send: (about: string, notice: Signal) => boolean) {
    this.#store = store
    this.#send = send
    for (const { destination, count } of store.shed()) if (count > 0) this.look(destination)
  }

  /** Something was given up, just now or by an earlier agent. */
  look(destination: string): void {
    if (this.#timers.has(destination)) return
    const since = Date.now() - this.#known(destination).toldAt
    // A clock that was set back holds nothing up.
    this.#arm(destination, since < 0 ? GATHER_MS : Math.max(GATHER_MS, EVERY_MS - since))
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
  }

  #arm(destination: string, wait: number): void {
    this.#timers.set(destination, setTimeout(() => this.#tell(destination), wait).unref())
  }

  #tell(destination: string): void {
    this.#timers.delete(destination)
    const { counts } = this.#known(destination)
    // What cannot be marked as told would be told again, and what is not on disk yet is not counted here.
    const isTold = this.#store.error === undefined && (counts.size === 0 || this.#send(destination, noticeOf(destination, counts)))
    if (!isTold) this.#arm(destination, AGAIN_MS)
  }

  #known(destination: string) {
    const rows = this.#store.shed().filter((row) => row.destination === destination)
    const counts = new Map(rows.filter(({ count }) => count > 0).map(({ lane, count }) => [lane, count]))
    return { counts, toldAt: Math.max(0, ...rows.map(({ told_at }) => told_at)) }
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
    message: `Too much waited for \`${destination}\`, so it will not be told: ${parts}.`,
    advice: 'See with `cws notify outbox` why it takes nothing. The signals themselves are kept: `cws signals list`.',
    count: total,
    group: { destination },
  })
}
