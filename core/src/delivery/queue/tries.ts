import { messageOf } from '../../errors/cws-error.ts'
import type { Notification, Notifier, Outcome } from '../../plugin/notifier.ts'
import type { Signal } from '../../signals/signal.ts'
import { decodeSignal } from '../../signals/signal-json.ts'
import type { MessageRow } from '../store/store-rows.ts'
import { backoffFor, isWait, waitFor } from './backoff.ts'
import { coveredBy, severityOf } from './covered.ts'
import type { Flights } from './flights.ts'
import type { Health } from './health.ts'
import type { OutboxOptions } from './options.ts'
import type { Outbox } from './outbox.ts'
import type { Owed } from './owed.ts'
import type { Planned, Planning } from './planning.ts'
import { bytesOf, type Item, progressOf, unblamed } from './schedule.ts'
import type { Settling } from './settling.ts'

interface Parts {
  readonly planning: Planning
  readonly outbox: Outbox
  readonly settling: Settling
  readonly owed: Owed
  readonly flights: Flights
  readonly health: Health
}

/** Of another form nothing is known yet. */
const untold = { failures: 0, ...unblamed } as const

/** One try: the message that is made for it, the call, and what its outcome does to what is owed. */
export class Tries {
  readonly #options: Pick<OutboxOptions, 'name' | 'store' | 'log' | 'clean' | 'now'>
  readonly #planning: Planning
  readonly #outbox: Outbox
  readonly #settling: Settling
  readonly #owed: Owed
  readonly #flights: Flights
  readonly #health: Health
  delivered = 0
  /** What the destination took, or refused as such. */
  #taken = 0
  /** Of what failed, what the receiver refused for good. */
  refused = 0
  /** Of what was delivered, what was refused for some of several. */
  refusedInPart = 0

  constructor(
    options: Pick<OutboxOptions, 'name' | 'store' | 'log' | 'clean' | 'now'>,
    { planning, outbox, settling, owed, flights, health }: Parts,
  ) {
    this.#options = options
    this.#planning = planning
    this.#outbox = outbox
    this.#settling = settling
    this.#owed = owed
    this.#flights = flights
    this.#health = health
  }

  /**
   * The message that is tried now, stored before its first byte leaves; undefined: there is none after all. What cannot be read from the store costs
   * itself alone.
   */
  prepare(item: Item): MessageRow | undefined {
    try {
      return this.#prepare(item)
    } catch (error) {
      this.#owed.giveUp(item, `it could not be read: ${this.#options.clean(messageOf(error))}`)
      return undefined
    }
  }

  #prepare(item: Item): MessageRow | undefined {
    const { store } = this.#options
    if (item.key === undefined) return this.#claim(item)
    const message = store.message(item.key)
    if (!message) {
      this.#owed.giveUp(item, 'its text could not be read from the store')
      return undefined
    }
    if (message.state === 'waiting' || message.state === 'making') return this.#make(item, message)
    if (!item.isAmbiguous && this.#planning.isOvertaken(message)) return this.#claim(item, message.key)
    item.attempt++
    item.state = 'sending'
    store.write({ op: 'progress', key: message.key, progress: progressOf(item) })
    return message
  }

  #claim(item: Item, replaces?: string): MessageRow | undefined {
    const { schedule, hurries } = this.#owed
    const others = () => schedule.due(this.#options.now())
    const claimed = this.#outbox.claim(item.signal, { hurries, others, replaces })
    if (claimed.is === 'gone') {
      this.#owed.giveUp(item, 'its signal has left the store')
      return undefined
    }
    schedule.remove(item)
    if (claimed.is !== 'message') {
      if (claimed.is === 'dead') this.#owed.failed++
      for (const planned of claimed.planned) this.#owed.put(planned)
      return undefined
    }
    const { key, reason } = claimed.message
    const severity = severityOf(claimed.message)
    const covers = coveredBy(claimed.message).map(({ signal }) => signal)
    for (const signal of covers) for (const other of schedule.of(signal)) schedule.remove(other)
    Object.assign(item, { key, reason, severity, covers, bytes: bytesOf(claimed.message), attempt: 1, state: 'sending', backoff: 0 })
    schedule.add(item)
    schedule.hear(item.rule, this.#options.now())
    return claimed.message
  }

  #make(item: Item, step: MessageRow): MessageRow | undefined {
    const { schedule } = this.#owed
    const message = this.#outbox.make(step)
    if (message) {
      Object.assign(item, { attempt: 1, state: 'sending' })
      schedule.resize(item, bytesOf(message))
      schedule.hear(item.rule, this.#options.now())
    } else {
      schedule.remove(item)
      this.#owed.failed++
    }
    return message
  }

  /** Tries a message. Settles when what became of it is stored. */
  async run(item: Item, message: MessageRow, notifier: Notifier): Promise<void> {
    item.inFlight = true
    this.#owed.took(item)
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
    const receipt = this.#options.store.conversation(item.signal, this.#options.name)?.receipt ?? undefined
    const notification: Notification = { key, reason, signal, body, attempt: item.attempt, receipt }
    return await this.#flights.call(notifier, notification)
  }

  #settle(item: Item, message: MessageRow, outcome: Outcome): void {
    const { store, clean, now, log } = this.#options
    if (outcome.result === 'delivered') {
      this.delivered++
      const refused = this.#refusedInPart(message, outcome.refused)
      this.#ended(item, this.#settling.settle(message, { receipt: outcome.receipt, refused }))
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
    item.failures++
    const { retryAfterMs } = outcome
    if (retryAfterMs !== undefined && !isWait(retryAfterMs))
      log.warn({ key: message.key }, `asked to wait for ${String(retryAfterMs)} ms, which is ignored`)
    item.backoff = waitFor(backoffFor(item.failures, item.severity), outcome.retryAfterMs)
    item.due = now() + item.backoff
    if (!this.#flights.areOver) this.#blame(item, outcome, detail)
    store.write({ op: 'progress', key: message.key, progress: progressOf(item) })
  }

  /**
   * A message that fails again, while others were taken since it did, fails for its own sake: whoever chose its text is not to keep others waiting. One
   * of which that is known says something of the destination only where others fail too.
   */
  #blame(item: Item, outcome: Exclude<Outcome, { readonly result: 'delivered' | 'reject' }>, detail: string): void {
    const areOthersTaken = item.taken !== undefined && item.taken < this.#taken
    const isKnown = item.aloneSince !== undefined && !this.#health.isWitnessed
    item.taken = this.#taken
    if ((areOthersTaken || isKnown) && !this.#health.isConfirmed) {
      this.#owed.isAlone(item)
      this.#health.excused(outcome, detail, item)
      return
    }
    const probeAt = this.#health.troubled(outcome, detail, item)
    // A probe is a real message: it waits no longer than the probe.
    if (probeAt !== undefined && item.aloneSince === undefined) item.due = Math.min(item.due, probeAt)
  }

  #ended(item: Item, next: readonly Planned[]): void {
    this.#owed.schedule.remove(item)
    for (const planned of next) this.#owed.put(planned)
  }

  /** A plainer form of it is tried at once; what cannot be plainer is dead. */
  #refused(item: Item, message: MessageRow, detail: string): void {
    const { log, now } = this.#options
    const plainer = this.#outbox.plainer(message)
    if (plainer) {
      log.warn({ key: message.key, tier: message.tier }, `refused in this form, tried in a plainer one: ${detail}`)
      this.#owed.schedule.resize(item, bytesOf(plainer))
      Object.assign(item, { key: plainer.key, attempt: 0, state: 'failed', isAmbiguous: false, backoff: 0, due: now(), ...untold })
      return
    }
    this.#owed.failed++
    this.refused++
    this.#health.lastError = detail
    log.error({ key: message.key }, `refused for good: ${detail}`)
    this.#ended(item, this.#settling.settle(message, { dead: detail }))
  }

  /** The rest arrived: nothing plainer is tried, and nobody else is told. */
  #refusedInPart({ key }: MessageRow, refused: string | undefined): string | undefined {
    if (refused === undefined) return undefined
    const detail = this.#options.clean(refused)
    this.refusedInPart++
    this.#health.lastError = detail
    this.#options.log.error({ key }, `refused for good in part: ${detail}`)
    return detail
  }

  #recovered(): void {
    this.#taken++
    this.#owed.recovered()
  }
}
