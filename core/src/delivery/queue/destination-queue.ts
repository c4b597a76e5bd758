import { isDeepStrictEqual } from 'node:util'
import { CwsError } from '../../errors/cws-error.ts'
import type { Conversation } from '../../notifications/conversation.ts'
import { type Manner, usualManner } from '../../plugin/manner.ts'
import type { Notification, Notifier, Outcome } from '../../plugin/notifier.ts'
import type { Signal } from '../../signals/signal.ts'
import type { SignalHead } from '../../signals/signal-line.ts'
import type { Standing } from '../heartbeat/audit.ts'
import type { DestinationCounters } from '../protocol.ts'
import type { MessageRow } from '../store/store-rows.ts'
import { Allowance } from './allowance.ts'
import { Flights } from './flights.ts'
import { Health } from './health.ts'
import type { OutboxOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import { Owed, type OwedOptions } from './owed.ts'
import { type Planned, Planning } from './planning.ts'
import { type Item, isTried } from './schedule.ts'
import { Settling } from './settling.ts'
import { Tries } from './tries.ts'

const CONCURRENCY = 4
/** One in so many tries serves who was not tried for longest, whatever its lane. */
const AGEING = 8

export interface QueueOptions extends Omit<OutboxOptions, 'within'>, OwedOptions {
  readonly deadlineMs: number
  /** How it is told. */
  readonly manner?: Partial<Manner>
  readonly within?: OutboxOptions['within']
}

/** One destination: its notifier, and when it is called. What it is owed is in `Owed`, how a message is made and ends in `Outbox`, `Settling` and `Tries`. */
export class DestinationQueue {
  readonly name: string
  readonly #options: QueueOptions
  readonly #within: OutboxOptions['within']
  readonly #planning: Planning
  readonly #outbox: Outbox
  readonly #health: Health
  readonly #owed: Owed
  readonly #flights: Flights
  readonly #tries: Tries
  #allowance: Allowance
  #notifier: Notifier | undefined
  #timer: NodeJS.Timeout | undefined
  /** Tries that were begun. */
  #begun = 0
  #isStopping = false

  constructor(options: QueueOptions) {
    this.name = options.name
    this.#options = options
    this.#within = options.within ?? ((code) => code())
    this.#planning = new Planning(options, { ...usualManner, ...options.manner })
    const settling = new Settling(options, this.#planning)
    const outbox = new Outbox({ ...options, within: this.#within }, this.#planning, settling)
    this.#outbox = outbox
    this.#health = new Health(options)
    this.#owed = new Owed(options, { planning: this.#planning, settling, health: this.#health })
    this.#flights = new Flights({ ...options, within: this.#within, onLanded: () => this.#kick() })
    this.#tries = new Tries(options, {
      planning: this.#planning,
      outbox,
      settling,
      owed: this.#owed,
      flights: this.#flights,
      health: this.#health,
    })
    this.#allowance = this.#allowed()
  }

  get counters(): DestinationCounters {
    const { state, lastError, lastErrorAt } = this.#health
    const { failed, pending } = this.#owed
    const { delivered, refused, refusedInPart } = this.#tries
    const counts = { delivered, failed: failed + refusedInPart, refused: refused + refusedInPart }
    const { templateFailures, templateError } = this.#outbox
    return { state, ...counts, pending, heldBack: this.#heldBack, lastError, lastErrorAt, templateFailures, templateError }
  }

  /** Who is told every revision is told at once: to hold one back makes none of them newer, and the list longer. */
  #allowed(): Allowance {
    return new Allowance(this.tellsEach ? undefined : this.#planning.manner.rate, this.#options.now)
  }

  /** How much is due, and waits since the destination was sent as much as it takes. */
  get #heldBack(): number {
    if (!this.#allowance.isSpent) return 0
    const { schedule } = this.#owed
    const now = this.#options.now()
    return [...schedule].filter((item) => item.due <= now && !item.inFlight && this.#allowance.wait(schedule.laneOf(item, now)) > 0).length
  }

  /** How it stands, for who audits. What waits for a probe, for quiet hours, for its turn behind others or for the rate of its destination is not overdue. */
  standing(overdueMs: number): Standing {
    const now = this.#options.now()
    const { state, lastError, unwellMs, probeAt } = this.#health
    const due = this.#notifier ? this.#owed.schedule.earliest() : undefined
    const stalledMs = due === undefined || this.#allowance.isSpent ? 0 : Math.max(0, now - Math.max(due, probeAt, this.#flights.moved))
    return { name: this.name, state, lastError, unwellMs, stalledMs, forgotten: this.#owed.forgotten(now - overdueMs) }
  }

  /** For how long it takes nothing, ms; 0: it is well. */
  get unwellMs(): number {
    return this.#health.unwellMs
  }

  /** Whether it is told every revision, as files and archives are. */
  get tellsEach(): boolean {
    return this.#owed.tellsEach
  }

  /** Whether it takes others, and refuses what tells this signal. */
  isAlone(signal: string): boolean {
    return this.#owed.schedule.isAlone(signal)
  }

  get items(): Iterable<Readonly<Item>> {
    return this.#owed.schedule
  }

  /** The notifier is ready: deliveries begin. */
  start(notifier: Notifier): void {
    this.#notifier = notifier
    this.#planning.notifier = notifier
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
    this.#owed.retryNow()
    clearTimeout(this.#timer)
    if (old) await this.#flights.landed()
    abort.abort(new Error('another configuration'))
    if (old) await this.#close(old)
  }

  /** Takes up what an earlier agent owed. `looksAtOpen`: also at all about signals that are open, whether or not a word was due. */
  restore(looksAtOpen: boolean): void {
    this.#owed.restore()
    this.review(looksAtOpen)
  }

  /** Looks anew at conversations: at those that are due some time, or at all about signals that are open. */
  review(looksAtOpen: boolean): void {
    this.#owed.review(looksAtOpen)
    this.#kick()
  }

  /** From now on it is told so: what is owed is brought into that form. */
  adopt(manner: Partial<Manner>): void {
    const before = this.#planning.manner
    this.#owed.adopt(manner)
    const { mode, rate } = this.#planning.manner
    if (mode !== before.mode || !isDeepStrictEqual(rate, before.rate)) this.#allowance = this.#allowed()
    this.#kick()
  }

  /** See `Planning`. The caller stores what comes, then calls `take`. */
  plan(conversation: Conversation, head: SignalHead, line?: string): Planned {
    return this.#planning.plan(conversation, head, line)
  }

  /** Takes what was stored. */
  take(planned: Planned): void {
    this.#owed.put(planned)
    this.#owed.bound()
    this.#kick()
  }

  /** Tells a signal once more, under a key of its own, which is returned; undefined: nobody here was told of it, or it has left the store. */
  replay(signal: string): string | undefined {
    const step = this.#outbox.replay(signal)
    if (step) this.takeStep(step, this.#options.store.signal(signal)?.rule)
    return step?.key
  }

  /** Whether it is told when something else is at work. */
  get hearsChanges(): boolean {
    return this.#planning.manner.changes
  }

  /** See `Outbox`. The caller stores what comes, then calls `takeStep`. */
  changeStep(signal: Signal): MessageRow {
    return this.#outbox.changeStep(signal)
  }

  /** Takes a step that was stored. `rule`: of its signal, if that is one of a rule. */
  takeStep(step: MessageRow, rule?: string): void {
    this.#owed.putStep(step, rule)
    this.#owed.bound()
    this.#kick()
  }

  /** Stores a signal of the agent's own, and tells of it. See `Outbox`. */
  notice(signal: Signal, shedTold?: string): void {
    // Beyond all bounds: it may tell of what was given up for their sake.
    this.#owed.putStep(this.#outbox.notice(signal, shedTold), signal.rule.id)
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
    const trying = this.#flights.call(notifier, notification)
    this.#flights.add(trying)
    const outcome = await trying
    if (outcome.result === 'delivered' && this.#health.state !== 'ok') {
      this.#health.expect()
      this.#owed.retryNow()
      this.#kick()
    }
    const { clean } = this.#options
    const { result, detail = '' } = outcome
    const inPart = 'refused' in outcome && outcome.refused !== undefined ? { refused: clean(outcome.refused) } : {}
    return { key, outcome: { result, detail: clean(detail), ...inPart } }
  }

  /** Starts what is due, as far as concurrency allows, and arms the timer for the rest. */
  #kick(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const notifier = this.#notifier
    if (!notifier || this.#flights.areOver) return
    const { schedule } = this.#owed
    const time = this.#options.now()
    const limit = this.#health.isProbed ? 1 : Math.max(1, Math.min(notifier.concurrency ?? CONCURRENCY, CONCURRENCY))
    let allowedAt = time
    const may = this.#mayAt(time)
    while (this.#flights.size < limit) {
      const item = this.#next(time, may)
      if (!item) break
      // Where who is served first must wait, all must.
      allowedAt = time + this.#allowance.wait(schedule.laneOf(item, time))
      if (allowedAt > time) break
      const message = this.#tries.prepare(item)
      if (!message) continue
      this.#allowance.spend()
      this.#begun++
      this.#flights.add(this.#tries.run(item, message, notifier))
    }
    if (this.#isStopping || this.#flights.size >= limit) return
    const due = schedule.nextDue(time)
    if (due === undefined) return
    const probed = Math.max(due, this.#health.probeAt)
    const first = this.#health.isDoubted ? Math.min(probed, schedule.nextDue(time, may) ?? probed) : probed
    // Not all wait equally long for the rate.
    const step = allowedAt > time ? schedule.nextStep(time) : undefined
    this.#timer = setTimeout(() => this.#kick(), Math.min(Math.min(Math.max(first, allowedAt), step ?? Infinity) - time, 2 ** 30))
  }

  /** Who is tried next. While it is probed each has its turn, so that what is always refused is not tried over and over while others wait. */
  #next(time: number, may: (item: Item) => boolean): Item | undefined {
    const { schedule } = this.#owed
    if (!this.#health.isProbed) return schedule.next(time, this.#isAgeing ? 'turns' : 'lanes', may)
    if (this.#begun % 2 === 1) return schedule.next(time, 'turns', may)
    // Texts of one rule are alike: another one says more.
    const apart = schedule.next(time, 'lanes', (item) => may(item) && !isTried(item) && this.#health.isApart(item))
    return apart ?? schedule.next(time, 'untried', may)
  }

  get #isAgeing(): boolean {
    return this.#begun % AGEING === AGEING - 1 && !this.#allowance.isSpent
  }

  /** What may be tried before the time of the probe. */
  #mayAt(time: number): (item: Item) => boolean {
    if (time >= this.#health.probeAt) return () => true
    return (item) => !isTried(item) && this.#health.isDoubtedFor(item)
  }

  /** Tells what only waits for its update interval and what is due, until the time is over; then aborts the tries under way. Returns how much is left. */
  async stop(timeoutMs: number): Promise<number> {
    this.#isStopping = true
    this.#owed.hurry()
    this.#kick()
    await this.#flights.end(timeoutMs)
    clearTimeout(this.#timer)
    if (this.#notifier) await this.#close(this.#notifier)
    return this.#owed.pending
  }

  async #close(notifier: Notifier): Promise<void> {
    try {
      await Promise.race([this.#within(() => notifier.close?.()), new Promise((resolve) => setTimeout(resolve, 1_000).unref())])
    } catch (error) {
      this.#options.log.warn({ error }, 'closing failed')
    }
  }
}
