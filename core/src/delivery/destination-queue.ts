import type { Reason } from '../messages/letter.ts'
import type { Notifier, Outcome } from '../plugin/notifier.ts'
import type { Signal } from '../signals/signal.ts'
import { decodeSignal } from '../signals/signal-json.ts'
import { attempt } from './attempt.ts'
import { backoffFor, waitFor } from './backoff.ts'
import { type Entry, entryOf, order, progressOf } from './entry.ts'
import type { DeliveryLog } from './log.ts'
import type { DestinationCounters } from './protocol.ts'
import type { SignalStore } from './store.ts'
import type { EntryRow } from './store-rows.ts'

const CONCURRENCY = 4
/** Failures in a row after which the destination as a whole waits and is probed by one try at a time. */
const FAILURES_TO_PAUSE = 5
/** Later revisions of a signal come no sooner than this after the last one that was told. */
const UPDATE_MS = 10_000
const MAX_ENTRIES = 10_000
/** One in so many tries serves who waits longest, whatever its severity. */
const AGEING = 8

export interface QueueOptions {
  readonly name: string
  readonly store: SignalStore
  readonly log: DeliveryLog
  /** Makes text of others fit to be logged and shown. */
  readonly clean: (text: string) => string
  readonly deadlineMs: number
  readonly maxEntries?: number
  /** Runs code of the notifier, so that it is known whose code runs. */
  readonly within?: <T>(code: () => T) => T
}

/** What one destination is owed, and the tries to deliver it. Memory holds the schedule, the store the texts. */
export class DestinationQueue {
  readonly name: string
  readonly #options: QueueOptions
  readonly #entries = new Map<string, Entry>()
  /** Keys by signal, oldest revision first: one at a time, so that order holds within a signal. */
  readonly #bySignal = new Map<string, string[]>()
  /** When a signal was last told, for the update interval. */
  readonly #told = new Map<string, number>()
  readonly #abort = new AbortController()
  #notifier: Notifier | undefined
  /** Tries under way. */
  readonly #flights = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #active = 0
  #sequence = 0
  #tries = 0
  #failures = 0
  #pausedUntil = 0
  #stopping = false
  #idle: (() => void)[] = []
  #state: DestinationCounters['state'] = 'starting'
  #delivered = 0
  #failed = 0
  #lastError: string | undefined

  constructor(options: QueueOptions) {
    this.name = options.name
    this.#options = options
  }

  get counters(): DestinationCounters {
    return { state: this.#state, delivered: this.#delivered, failed: this.#failed, pending: this.#entries.size, lastError: this.#lastError }
  }

  get entries(): IterableIterator<Entry> {
    return this.#entries.values()
  }

  /** The notifier is ready: deliveries begin. */
  start(notifier: Notifier): void {
    this.#notifier = notifier
    this.#state = 'ok'
    this.#lastError = undefined
    this.#kick()
  }

  /** The notifier could not be set up; entries wait. */
  broken(reason: string): void {
    this.#state = 'broken'
    this.#lastError = reason
  }

  /** The notifier will not be called by this thread; entries wait. */
  leaveOut(reason: string): void {
    this.#state = 'failed'
    this.#lastError = reason
  }

  /**
   * The notifier is called no more: when its tries have ended it is closed and `abort` tells it. Entries wait for another; it may be right
   * where this one was wrong, so failures are forgotten. Settles when all is over.
   */
  async retire(abort: AbortController): Promise<void> {
    const old = this.#notifier
    this.#notifier = undefined
    this.#state = 'starting'
    this.#failures = 0
    this.#pausedUntil = 0
    for (const entry of this.#entries.values()) if (entry.attempt > 0) entry.due = 0
    clearTimeout(this.#timer)
    if (old) await Promise.all([...this.#flights])
    abort.abort(new Error('another configuration'))
    if (old) await this.#close(old)
  }

  /** Takes an entry that an earlier agent owed. */
  restore(row: EntryRow): void {
    const wait = Math.min(Math.max(0, row.not_before - Date.now()), Math.max(row.backoff, 0))
    this.#insert(entryOf(row, this.#sequence++, now() + wait))
  }

  /** Makes the row for a new revision, and names the entries that it replaces: those that were never tried. The caller stores both, then calls `add`. */
  prepare(
    signal: string,
    revision: number,
    severity: number,
    body: string,
  ): { readonly row: EntryRow; readonly replaces: readonly string[] } {
    const told = this.#told.get(signal)
    const wait = told === undefined ? 0 : Math.max(0, told + UPDATE_MS - now())
    const key = `${signal}:${revision}:${this.name}`
    const created = Date.now()
    const replaces = (this.#bySignal.get(signal) ?? []).filter((other) => other !== key && this.#entries.get(other)?.attempt === 0)
    return {
      row: {
        key,
        destination: this.name,
        signal,
        revision,
        severity,
        body,
        created,
        attempt: 0,
        not_before: Math.ceil(created + wait),
        backoff: Math.ceil(wait),
        state: 'waiting',
        last_error: null,
      },
      replaces,
    }
  }

  add(row: EntryRow, replaces: readonly string[]): void {
    for (const key of replaces) this.#forget(key)
    this.#insert(entryOf(row, this.#sequence++, now() + row.backoff))
    this.#bound()
    this.#kick()
  }

  /** Tells what only waits for its update interval and what is due, until the time is over; then aborts the tries under way. Returns how many are left. */
  async stop(timeoutMs: number): Promise<number> {
    this.#stopping = true
    this.#told.clear()
    for (const entry of this.#entries.values()) if (entry.attempt === 0) entry.due = 0
    this.#kick()
    if (this.#active > 0) {
      const timer = setTimeout(() => this.#abort.abort(new Error('the agent stops')), timeoutMs)
      await new Promise<void>((resolve) => this.#idle.push(resolve))
      clearTimeout(timer)
    }
    clearTimeout(this.#timer)
    this.#abort.abort(new Error('the agent stops'))
    if (this.#notifier) await this.#close(this.#notifier)
    return this.#entries.size
  }

  async #close(notifier: Notifier): Promise<void> {
    try {
      const { within = (code) => code() } = this.#options
      await Promise.race([within(() => notifier.close?.()), new Promise((resolve) => setTimeout(resolve, 1_000).unref())])
    } catch (error) {
      this.#options.log.warn({ error }, 'closing failed')
    }
  }

  #insert(entry: Entry): void {
    if (this.#entries.has(entry.key)) return
    this.#entries.set(entry.key, entry)
    const keys = this.#bySignal.get(entry.signal)
    if (keys) keys.push(entry.key)
    else this.#bySignal.set(entry.signal, [entry.key])
  }

  #forget(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    const keys = (this.#bySignal.get(entry.signal) ?? []).filter((other) => other !== key)
    if (keys.length > 0) this.#bySignal.set(entry.signal, keys)
    else this.#bySignal.delete(entry.signal)
  }

  /** Too many wait: the least severe go first, updates before first words, the oldest before the newest. Counted as failed. */
  #bound(): void {
    const limit = this.#options.maxEntries ?? MAX_ENTRIES
    while (this.#entries.size > limit) {
      let victim: Entry | undefined
      for (const entry of this.#entries.values()) if (!entry.inFlight && (!victim || order(victim, entry) < 0)) victim = entry
      if (!victim) return
      this.#giveUp(victim, 'too many deliveries wait')
    }
  }

  #giveUp(entry: Entry, reason: string): void {
    this.#options.store.write({ op: 'remove', key: entry.key })
    this.#forget(entry.key)
    this.#failed++
    this.#lastError = reason
    this.#options.log.warn({ key: entry.key }, `a delivery was given up: ${reason}`)
  }

  /** Starts what is due, as far as concurrency allows, and arms the timer for the rest. */
  #kick(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (!this.#notifier || this.#abort.signal.aborted) return
    const time = now()
    const limit = this.#probing ? 1 : CONCURRENCY
    while (this.#active < limit && time >= this.#pausedUntil) {
      const entry = this.#next(time)
      if (!entry) break
      const flight = this.#try(entry, this.#notifier).finally(() => this.#flights.delete(flight))
      this.#flights.add(flight)
    }
    if (this.#stopping || this.#active >= limit) return
    const due = this.#nextDue(time)
    if (due === undefined) return
    this.#timer = setTimeout(() => this.#kick(), Math.min(Math.max(due, this.#pausedUntil) - time, 2 ** 30))
  }

  get #probing(): boolean {
    return this.#failures >= FAILURES_TO_PAUSE || this.#state === 'broken'
  }

  #ready(entry: Entry): boolean {
    return !entry.inFlight && this.#bySignal.get(entry.signal)?.[0] === entry.key
  }

  #next(time: number): Entry | undefined {
    const ageing = this.#tries % AGEING === AGEING - 1
    let best: Entry | undefined
    for (const entry of this.#entries.values()) {
      if (entry.due > time || !this.#ready(entry)) continue
      if (!best || (ageing ? entry.sequence < best.sequence : order(entry, best) < 0)) best = entry
    }
    return best
  }

  #nextDue(time: number): number | undefined {
    let due: number | undefined
    for (const entry of this.#entries.values()) if (this.#ready(entry) && (due === undefined || entry.due < due)) due = entry.due
    return due === undefined ? undefined : Math.max(due, time + 1)
  }

  async #try(entry: Entry, notifier: Notifier): Promise<void> {
    const { store } = this.#options
    this.#active++
    this.#tries++
    entry.inFlight = true
    const body = store.entryBody(entry.key)
    if (body === undefined) this.#giveUp(entry, 'its text could not be read from the store')
    else {
      entry.attempt++
      entry.state = 'sending'
      if (entry.attempt === 1) this.#tell(entry.signal)
      // Before the first byte leaves: after a crash it is known that this one may have arrived.
      store.write({ op: 'progress', key: entry.key, progress: progressOf(entry) })
      this.#settle(entry, body, await this.#deliver(entry, body, notifier))
    }
    entry.inFlight = false
    this.#active--
    this.#kick()
    if (this.#active === 0) for (const settle of this.#idle.splice(0)) settle()
  }

  async #deliver(entry: Entry, body: string, notifier: Notifier): Promise<Outcome> {
    let signal: Signal
    try {
      signal = decodeSignal(body)
    } catch {
      return { result: 'reject', detail: 'its text in the store is no signal' }
    }
    const reason: Reason = entry.revision === 1 ? 'opened' : 'updated'
    const notification = { key: entry.key, reason, signal, body, attempt: entry.attempt, receipt: undefined }
    const { deadlineMs, within = (code) => code() } = this.#options
    return await within(() => attempt(notifier, notification, deadlineMs, this.#abort.signal))
  }

  #tell(signal: string): void {
    const time = now()
    if (this.#told.size > 1_000) for (const [id, at] of this.#told) if (at + UPDATE_MS < time) this.#told.delete(id)
    this.#told.set(signal, time)
  }

  #settle(entry: Entry, body: string, outcome: Outcome): void {
    const { store, log, clean } = this.#options
    if (outcome.result === 'delivered') {
      store.write({ op: 'remove', key: entry.key })
      this.#forget(entry.key)
      this.#delivered++
      this.#recovered()
      return
    }
    const detail = clean(outcome.detail)
    if (outcome.result === 'reject') {
      const { key, signal, revision } = entry
      store.write({ op: 'bury', dead: { key, destination: this.name, signal, revision, reason: detail, body, at: Date.now() } })
      this.#forget(key)
      this.#failed++
      this.#recovered()
      this.#lastError = detail
      log.error({ key }, `refused for good: ${detail}`)
      return
    }
    entry.state = outcome.result === 'ambiguous' ? 'ambiguous' : 'failed'
    entry.lastError = detail
    entry.backoff = waitFor(backoffFor(entry.attempt, entry.severity), outcome.retryAfterMs)
    entry.due = now() + entry.backoff
    store.write({ op: 'progress', key: entry.key, progress: progressOf(entry) })
    if (!this.#abort.signal.aborted) this.#troubled(entry, detail, outcome)
  }

  /** A try failed: what that says of the destination as a whole. */
  #troubled(entry: Entry, detail: string, outcome: Outcome & { readonly retryAfterMs?: number }): void {
    const { log } = this.#options
    const broken = outcome.result === 'broken'
    this.#failures++
    this.#lastError = detail
    if (broken || outcome.retryAfterMs !== undefined || this.#failures >= FAILURES_TO_PAUSE)
      this.#pausedUntil = now() + waitFor(backoffFor(this.#failures, entry.severity), outcome.retryAfterMs)
    const state = broken ? 'broken' : 'failing'
    const about = { key: entry.key, attempt: entry.attempt }
    if (this.#state !== state) log.warn(about, `${state}: ${detail}`)
    else log.debug(about, `${outcome.result}: ${detail}`)
    this.#state = state
  }

  #recovered(): void {
    if (this.#state !== 'ok') this.#options.log.info('delivers again')
    this.#state = 'ok'
    this.#failures = 0
    this.#pausedUntil = 0
  }
}

/** Milliseconds that never go back. */
const now = (): number => performance.now()
