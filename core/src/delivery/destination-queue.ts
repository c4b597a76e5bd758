import { CwsError, messageOf } from '../errors/cws-error.ts'
import type { Reason } from '../messages/letter.ts'
import type { Conversation } from '../notifications/conversation.ts'
import type { Lane } from '../notifications/lanes.ts'
import { type Manner, usualManner } from '../plugin/manner.ts'
import type { Notification, Notifier, Outcome } from '../plugin/notifier.ts'
import type { Signal } from '../signals/signal.ts'
import { decodeSignal } from '../signals/signal-json.ts'
import type { SignalHead } from '../signals/signal-line.ts'
import { attempt } from './attempt.ts'
import { backoffFor, waitFor } from './backoff.ts'
import { coveredBy } from './covered.ts'
import { Health } from './health.ts'
import type { Standing } from './heartbeat/audit.ts'
import { Outbox, type OutboxOptions, type Planned } from './outbox.ts'
import type { DestinationCounters } from './protocol.ts'
import { bytesOf, type Item, itemOf, newItem, progressOf, Schedule } from './schedule.ts'
import type { MessageRow } from './store-rows.ts'

const CONCURRENCY = 4
const MAX_ITEMS = 10_000
/** Conversations that are given up in one transaction. */
const GIVEN_UP_AT_ONCE = 1_000
/** One in so many tries serves who waits longest, whatever its lane. */
const AGEING = 8

export interface QueueOptions extends Omit<OutboxOptions, 'within'> {
  readonly deadlineMs: number
  /** How it is told. */
  readonly manner?: Partial<Manner>
  readonly maxItems?: number
  /** Of the texts of its messages, in UTF-16 units. */
  readonly maxBytes: () => number
  /** Hears of what is given up since too much waits. */
  readonly onShed?: (lane: Lane) => void
  readonly within?: OutboxOptions['within']
}

/** What one destination is owed, and the tries to deliver it. Memory holds the schedule, the store the conversations and the texts. */
export class DestinationQueue {
  readonly name: string
  readonly #options: QueueOptions
  readonly #within: OutboxOptions['within']
  readonly #outbox: Outbox
  readonly #schedule = new Schedule()
  readonly #health: Health
  readonly #abort = new AbortController()
  #notifier: Notifier | undefined
  /** Tries under way. */
  readonly #flights = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #sequence = 0
  readonly #began: number
  /** When a try last began or ended. */
  #moved: number
  #tries = 0
  #isStopping = false
  #idle: (() => void)[] = []
  #delivered = 0
  #failed = 0

  constructor(options: QueueOptions) {
    this.name = options.name
    this.#options = options
    this.#within = options.within ?? ((code) => code())
    this.#outbox = new Outbox({ ...options, within: this.#within }, { ...usualManner, ...options.manner })
    this.#health = new Health(options)
    this.#began = this.#moved = options.now()
  }

  get counters(): DestinationCounters {
    const { state, lastError } = this.#health
    return { state, delivered: this.#delivered, failed: this.#failed, pending: this.#pending, lastError }
  }

  /** How it stands, for who audits. What waits for a probe, for quiet hours or for its turn behind others is not overdue. */
  standing(overdueMs: number): Standing {
    const now = this.#options.now()
    const { state, lastError, unwellMs, probeAt } = this.#health
    const due = this.#notifier ? this.#schedule.earliest() : undefined
    const stalledMs = due === undefined ? 0 : Math.max(0, now - Math.max(due, probeAt, this.#moved))
    return { name: this.name, state, lastError, unwellMs, stalledMs, forgotten: this.#forgotten(now - overdueMs) }
  }

  /** Signals that should have been told before then, as the store knows it, and that the schedule does not. What was given up is known. */
  #forgotten(before: number): number {
    const found = this.#options.store.untold(this.name, this.#began, before).filter(({ conversation, head }) => {
      if (this.#schedule.knows(head.id)) return false
      if (this.tellsEach) return true
      const { decision } = this.plan(conversation, head)
      return decision !== undefined && decision.due < before
    })
    return Math.max(0, found.length - this.#failed)
  }

  /** Whether it is told every revision, as files and archives are. */
  get tellsEach(): boolean {
    return this.#outbox.manner.mode === 'every'
  }

  get items(): Iterable<Readonly<Item>> {
    return this.#schedule
  }

  /** What is told again later, if nobody does anything until then, is not owed yet; what comes after a message about the same signal is one with it. */
  get #pending(): number {
    const now = this.#options.now()
    let count = 0
    for (const item of this.#schedule) {
      const isLater = item.due > now && (item.reason === 'repeat' || item.reason === 'escalated')
      if (item.key !== undefined || (!isLater && this.#schedule.of(item.signal)[0] === item)) count++
    }
    return count
  }

  /** The notifier is ready: deliveries begin. */
  start(notifier: Notifier): void {
    this.#notifier = notifier
    this.#outbox.notifier = notifier
    this.#health.started()
    this.#kick()
  }

  /** The notifier could not be set up; what is owed waits. */
  broken(reason: string): void {
    this.#health.down('broken', reason)
  }

  /** The notifier will not be called by this thread; what is owed waits. */
  leaveOut(reason: string): void {
    this.#health.down('failed', reason)
  }

  /**
   * The notifier is called no more: when its tries have ended it is closed and `abort` tells it. What is owed waits for another; it may be right
   * where this one was wrong, so failures are forgotten. Settles when all is over.
   */
  async retire(abort: AbortController): Promise<void> {
    const old = this.#notifier
    this.#notifier = undefined
    this.#health.retired()
    this.#retryNow()
    clearTimeout(this.#timer)
    if (old) await Promise.all([...this.#flights])
    abort.abort(new Error('another configuration'))
    if (old) await this.#close(old)
  }

  /** Takes up what an earlier agent owed. `looksAtOpen`: also at all about signals that are open, whether or not a word was due. */
  restore(looksAtOpen: boolean): void {
    const { store, now } = this.#options
    const time = now()
    for (const row of store.messages(this.name)) {
      const wait = Math.min(Math.max(0, row.not_before - time), Math.max(row.backoff, 0))
      this.#schedule.add(itemOf(row, store.signal(row.signal)?.rule, this.#sequence++, time + wait))
    }
    this.review(looksAtOpen)
  }

  /** Looks anew at conversations: at those that are due some time, or at all about signals that are open. */
  review(looksAtOpen: boolean): void {
    const { store, now } = this.#options
    const time = now()
    const changed: Conversation[] = []
    for (const { conversation, head } of store.pending(this.name, looksAtOpen)) {
      // The clock may have gone back since: nothing is to wait for that time to come again.
      const since = { ...conversation, told_at: Math.min(conversation.told_at, time) }
      // Where every revision is told, what is due is no step yet: it was judged while no agent ran.
      const line = this.tellsEach && conversation.due !== null ? store.signalBody(head.id) : undefined
      const planned = this.plan(since, head, line)
      if (planned.step) store.write({ op: 'claim', message: planned.step, conversations: [planned.conversation] })
      else if (planned.conversation.due !== conversation.due) changed.push(planned.conversation)
      this.#put(planned)
    }
    if (changed.length > 0) store.write({ op: 'converse', conversations: changed })
    this.#bound()
    this.#kick()
  }

  /** See `Outbox`. The caller stores what comes, then calls `take`. */
  plan(conversation: Conversation, head: SignalHead, line?: string): Planned {
    return this.#outbox.plan(conversation, head, line)
  }

  /** Takes what was stored. */
  take(planned: Planned): void {
    this.#put(planned)
    this.#bound()
    this.#kick()
  }

  /** Tells a signal once more, under a key of its own, which is returned; undefined: nobody here was told of it, or it has left the store. */
  replay(signal: string): string | undefined {
    const step = this.#outbox.replay(signal)
    if (!step) return undefined
    this.#schedule.add(itemOf(step, this.#options.store.signal(signal)?.rule, this.#sequence++, this.#options.now()))
    this.#bound()
    this.#kick()
    return step.key
  }

  /** Whether it is told when something else is at work. */
  get hearsChanges(): boolean {
    return this.#outbox.manner.changes
  }

  /** See `Outbox`. The caller stores what comes, then calls `takeStep`. */
  changeStep(signal: Signal): MessageRow {
    return this.#outbox.changeStep(signal)
  }

  takeStep(step: MessageRow): void {
    this.#schedule.add(itemOf(step, undefined, this.#sequence++, this.#options.now()))
    this.#bound()
    this.#kick()
  }

  /** Stores a signal of the agent's own, and tells of it. */
  notice(signal: Signal): void {
    const step = this.#outbox.notice(signal)
    this.#schedule.add(itemOf(step, signal.rule.id, this.#sequence++, this.#options.now()))
    this.#kick()
  }

  /**
   * Tries one message that nobody is owed, whatever the state of the destination; nothing of it is stored. If it arrives, what waits for a
   * destination that failed is tried at once: who tests has just mended it.
   * @throws CwsError CWS_ERR_DELIVERY while no notifier is set up
   */
  async test(signal: Signal, rule: string | null): Promise<{ readonly key: string; readonly outcome: Outcome }> {
    const notifier = this.#notifier
    if (!notifier)
      throw new CwsError('CWS_ERR_DELIVERY', `"${this.name}" is ${this.#health.state}: ${this.#health.lastError ?? 'try again'}`)
    const { key, body } = this.#outbox.sample(signal, rule)
    const notification: Notification = { key, reason: 'test', signal, body, attempt: 1, receipt: undefined }
    const trying = this.#within(() => attempt(notifier, notification, this.#options.deadlineMs, this.#abort.signal))
    const flight: Promise<void> = trying.then(() => this.#landed(flight))
    this.#flights.add(flight)
    const outcome = await trying
    if (outcome.result === 'delivered' && this.#health.state !== 'ok') {
      this.#health.expect()
      this.#retryNow()
      this.#kick()
    }
    return { key, outcome: { ...outcome, detail: this.#options.clean(outcome.detail ?? '') } }
  }

  /** Tells what only waits for its update interval and what is due, until the time is over; then aborts the tries under way. Returns how much is left. */
  async stop(timeoutMs: number): Promise<number> {
    this.#isStopping = true
    const now = this.#options.now()
    for (const item of this.#schedule) if (item.attempt === 0 && this.#hurries(item.reason)) item.due = now
    this.#kick()
    if (this.#flights.size > 0) {
      const timer = setTimeout(() => this.#abort.abort(new Error('the agent stops')), timeoutMs)
      await new Promise<void>((resolve) => this.#idle.push(resolve))
      clearTimeout(timer)
    }
    clearTimeout(this.#timer)
    this.#abort.abort(new Error('the agent stops'))
    if (this.#notifier) await this.#close(this.#notifier)
    return this.#pending
  }

  async #close(notifier: Notifier): Promise<void> {
    try {
      await Promise.race([this.#within(() => notifier.close?.()), new Promise((resolve) => setTimeout(resolve, 1_000).unref())])
    } catch (error) {
      this.#options.log.warn({ error }, 'closing failed')
    }
  }

  /** When the agent stops, the last count is told. */
  readonly #hurries = (reason: Reason): boolean => this.#isStopping && reason === 'updated' && !this.#outbox.manner.interrupts

  /** From now on it is told so: what is owed is brought into that form. */
  adopt(given: Partial<Manner>): void {
    const before = this.#outbox.manner
    const manner = { ...usualManner, ...given }
    this.#outbox.manner = manner
    if (manner.mode === before.mode || manner.mode === 'latest') return
    const { store } = this.#options
    for (const item of [...this.#schedule]) {
      if (item.key !== undefined) continue
      this.#schedule.remove(item)
      const row = store.signal(item.signal)
      const conversation = store.conversation(item.signal, this.name)
      if (!row || !conversation) continue
      const planned = this.plan(conversation, row, row.body)
      if (planned.step) store.write({ op: 'claim', message: planned.step, conversations: [planned.conversation] })
      this.#put(planned)
    }
  }

  #put({ conversation: { signal }, decision, head, step }: Planned): void {
    if (step) this.#schedule.add(itemOf(step, head.rule, this.#sequence++, this.#options.now()))
    const item = this.#schedule.of(signal).find(({ key }) => key === undefined)
    if (!decision) {
      if (item) this.#schedule.remove(item)
    } else if (item) Object.assign(item, { reason: decision.reason, due: decision.due, severity: head.severity })
    else this.#schedule.add(newItem(head, decision, this.#sequence++))
  }

  /** Too many wait: what would be served last goes. Counted as failed. */
  #bound(): void {
    const now = this.#options.now()
    const victims = this.#schedule.excess(this.#options.maxItems ?? MAX_ITEMS, this.#options.maxBytes(), now)
    for (const victim of victims) this.#options.onShed?.(this.#schedule.laneOf(victim, now))
    this.#giveUpAll(victims, 'too many deliveries wait')
  }

  /** Those of which no message is made are stored together: after a restart they may be as many as there are signals. */
  #giveUpAll(items: readonly Item[], reason: string): void {
    if (items.length === 0) return
    const unmade = items.filter(({ key }) => key === undefined)
    for (let i = 0; i < unmade.length; i += GIVEN_UP_AT_ONCE)
      this.#outbox.giveUp(
        unmade.slice(i, i + GIVEN_UP_AT_ONCE).map(({ signal }) => signal),
        undefined,
      )
    for (const { signal, covers, key } of items) if (key !== undefined) this.#outbox.giveUp([signal, ...covers], key)
    for (const item of items) this.#schedule.remove(item)
    this.#failed += items.length
    this.#health.lastError = reason
    const [{ key, signal }] = items as [Item]
    if (items.length === 1) this.#options.log.warn({ key, signal }, `a delivery was given up: ${reason}`)
    else this.#options.log.warn(`${items.length} deliveries were given up: ${reason}`)
  }

  #giveUp(item: Item, reason: string): void {
    this.#giveUpAll([item], reason)
  }

  /** Starts what is due, as far as concurrency allows, and arms the timer for the rest. */
  #kick(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const notifier = this.#notifier
    if (!notifier || this.#abort.signal.aborted) return
    const time = this.#options.now()
    const limit = this.#health.isProbed ? 1 : Math.max(1, Math.min(notifier.concurrency ?? CONCURRENCY, CONCURRENCY))
    while (this.#flights.size < limit && time >= this.#health.probeAt) {
      const item = this.#schedule.next(time, this.#tries % AGEING === AGEING - 1)
      if (!item) break
      const message = this.#prepared(item)
      if (!message) continue
      this.#tries++
      this.#moved = time
      const flight = this.#try(item, message, notifier).finally(() => this.#landed(flight))
      this.#flights.add(flight)
    }
    if (this.#isStopping || this.#flights.size >= limit) return
    const due = this.#schedule.nextDue(time)
    if (due === undefined) return
    this.#timer = setTimeout(() => this.#kick(), Math.min(Math.max(due, this.#health.probeAt) - time, 2 ** 30))
  }

  #landed(flight: Promise<void>): void {
    this.#flights.delete(flight)
    this.#moved = this.#options.now()
    this.#kick()
    if (this.#flights.size === 0) for (const settle of this.#idle.splice(0)) settle()
  }

  /** What cannot be read from the store costs itself alone. */
  #prepared(item: Item): MessageRow | undefined {
    try {
      return this.#prepare(item)
    } catch (error) {
      this.#giveUp(item, `it could not be read: ${this.#options.clean(messageOf(error))}`)
      return undefined
    }
  }

  /** The message that is tried now, stored before its first byte leaves; undefined: there is none after all. */
  #prepare(item: Item): MessageRow | undefined {
    const { store } = this.#options
    if (item.key === undefined) return this.#claim(item)
    const message = store.message(item.key)
    if (!message) {
      this.#giveUp(item, 'its text could not be read from the store')
      return undefined
    }
    if (message.state === 'waiting' || message.state === 'making') return this.#make(item, message)
    if (!item.isAmbiguous && this.#outbox.isOvertaken(message)) return this.#claim(item, message.key)
    item.attempt++
    item.state = 'sending'
    store.write({ op: 'progress', key: message.key, progress: progressOf(item) })
    return message
  }

  #claim(item: Item, replaces?: string): MessageRow | undefined {
    const others = () => this.#schedule.due(this.#options.now())
    const claimed = this.#outbox.claim(item.signal, { hurries: this.#hurries, others, replaces })
    if (claimed.is === 'gone') {
      this.#giveUp(item, 'its signal has left the store')
      return undefined
    }
    this.#schedule.remove(item)
    if (claimed.is !== 'message') {
      if (claimed.is === 'dead') this.#failed++
      for (const planned of claimed.planned) this.#put(planned)
      return undefined
    }
    const { key, reason, severity } = claimed.message
    const covers = coveredBy(claimed.message).map(({ signal }) => signal)
    for (const signal of covers) for (const other of this.#schedule.of(signal)) this.#schedule.remove(other)
    Object.assign(item, { key, reason, severity, covers, bytes: bytesOf(claimed.message), attempt: 1, state: 'sending', backoff: 0 })
    this.#schedule.add(item)
    this.#schedule.hear(item.rule, this.#options.now())
    return claimed.message
  }

  #make(item: Item, step: MessageRow): MessageRow | undefined {
    const message = this.#outbox.make(step)
    if (message) {
      Object.assign(item, { attempt: 1, state: 'sending' })
      this.#schedule.resize(item, bytesOf(message))
      this.#schedule.hear(item.rule, this.#options.now())
    } else {
      this.#schedule.remove(item)
      this.#failed++
    }
    return message
  }

  async #try(item: Item, message: MessageRow, notifier: Notifier): Promise<void> {
    item.inFlight = true
    const outcome = await this.#deliver(item, message, notifier)
    item.inFlight = false
    this.#settle(item, message, outcome)
  }

  async #deliver(item: Item, message: MessageRow, notifier: Notifier): Promise<Outcome> {
    const { key, reason, body, line } = message
    let signal: Signal
    try {
      signal = decodeSignal(line ?? body)
    } catch {
      return { result: 'reject', detail: 'its text in the store is no signal' }
    }
    const { deadlineMs, store } = this.#options
    const receipt = store.conversation(item.signal, this.name)?.receipt ?? undefined
    const notification: Notification = { key, reason, signal, body, attempt: item.attempt, receipt }
    return await this.#within(() => attempt(notifier, notification, deadlineMs, this.#abort.signal))
  }

  #settle(item: Item, message: MessageRow, outcome: Outcome): void {
    const { store, clean, now } = this.#options
    if (outcome.result === 'delivered') {
      this.#delivered++
      this.#ended(item, this.#outbox.settle(message, outcome.receipt))
      this.#recovered()
      return
    }
    const detail = clean(outcome.detail)
    if (outcome.result === 'reject') {
      this.#recovered()
      this.#refused(item, message, detail)
      return
    }
    if (outcome.result === 'ambiguous') item.isAmbiguous = true
    item.state = item.isAmbiguous ? 'ambiguous' : 'failed'
    item.lastError = detail
    item.backoff = waitFor(backoffFor(item.attempt, item.severity), outcome.retryAfterMs)
    item.due = now() + item.backoff
    // A probe is a real message: it waits no longer than the probe.
    const probeAt = this.#abort.signal.aborted ? undefined : this.#health.troubled(outcome, detail, item)
    if (probeAt !== undefined) item.due = Math.min(item.due, probeAt)
    store.write({ op: 'progress', key: message.key, progress: progressOf(item) })
  }

  #ended(item: Item, next: readonly Planned[]): void {
    this.#schedule.remove(item)
    for (const planned of next) this.#put(planned)
  }

  /** A plainer form of it is tried at once; what cannot be plainer is dead. */
  #refused(item: Item, message: MessageRow, detail: string): void {
    const { log, now } = this.#options
    const plainer = this.#outbox.plainer(message)
    if (plainer) {
      log.warn({ key: message.key, tier: message.tier }, `refused in this form, tried in a plainer one: ${detail}`)
      this.#schedule.resize(item, bytesOf(plainer))
      Object.assign(item, { key: plainer.key, attempt: 0, state: 'failed', isAmbiguous: false, backoff: 0, due: now() })
      return
    }
    this.#failed++
    this.#health.lastError = detail
    log.error({ key: message.key }, `refused for good: ${detail}`)
    this.#ended(item, this.#outbox.settle(message, undefined, detail))
  }

  #recovered(): void {
    if (this.#health.recovered()) this.#retryNow()
  }

  /** What failed for the destination's sake is tried at once. */
  #retryNow(): void {
    const now = this.#options.now()
    for (const item of this.#schedule) if (item.attempt > 0 && item.due > now) item.due = now
  }
}
