import type { Outcome } from '../../plugin/notifier.ts'
import type { DestinationCounters } from '../protocol.ts'
import { Breaker } from './breaker.ts'
import type { OutboxOptions } from './options.ts'
import type { Item } from './schedule.ts'

type Failure = Exclude<Outcome, { readonly result: 'delivered' | 'reject' }>

/** How a destination is, as far as its set-up and its tries tell; what is to outlive the process is stored. */
export class Health {
  readonly #options: Pick<OutboxOptions, 'name' | 'store' | 'log' | 'now'>
  readonly #breaker = new Breaker()
  #state: DestinationCounters['state'] = 'starting'
  /** Since when it is not `ok`, by the steady clock, ms. */
  #unwellSince: number
  #lastError: { readonly text: string; readonly at: string | undefined } | undefined

  constructor(options: Pick<OutboxOptions, 'name' | 'store' | 'log' | 'now'>) {
    this.#options = options
    this.#unwellSince = options.now()
    const known = options.store.destination(options.name)
    if (!known) return
    this.#breaker.restore(known, options.now())
    this.#unwellSince = Math.min(known.opened_at ?? this.#unwellSince, this.#unwellSince)
    if (this.#breaker.isOpen && known.last_error !== null)
      this.#lastError = { text: known.last_error, at: known.last_error_at ?? undefined }
  }

  get lastError(): string | undefined {
    return this.#lastError?.text
  }

  set lastError(text: string | undefined) {
    this.#lastError = text === undefined ? undefined : { text, at: new Date().toISOString() }
  }

  /** When that was, RFC 3339, UTC. */
  get lastErrorAt(): string | undefined {
    return this.#lastError?.at
  }

  get state(): DestinationCounters['state'] {
    return this.#state
  }

  /** For how long it is not `ok`, ms. */
  get unwellMs(): number {
    return this.#state === 'ok' ? 0 : Math.max(0, this.#options.now() - this.#unwellSince)
  }

  /** One try at a time, to see whether it takes something again. */
  get isProbed(): boolean {
    return this.#breaker.isOpen || this.#state === 'broken'
  }

  /** Whether it takes nothing, by more than one message or by what the receiver itself says. */
  get isConfirmed(): boolean {
    return this.#breaker.isOpen && !this.#breaker.isDoubted
  }

  /** Whether it may not be the destination: one message, or those of one rule, were refused, and nothing else was tried since. */
  get isDoubted(): boolean {
    return this.#breaker.isDoubted
  }

  /** See `Breaker`. */
  isDoubtedFor(item: Item): boolean {
    return this.#breaker.isDoubtedFor(item)
  }

  isApart(item: Item): boolean {
    return this.#breaker.isApart(item)
  }

  /** No try before, by the steady clock, ms. */
  get probeAt(): number {
    return this.#breaker.probeAt
  }

  /** Its notifier is set up. */
  started(): void {
    this.#state = this.#breaker.isBroken ? 'broken' : this.#breaker.isOpen ? 'failing' : 'ok'
    if (this.#state === 'ok') this.lastError = undefined
  }

  /** Its notifier is not called. */
  down(state: 'broken' | 'failed', reason: string): void {
    this.#turn(state)
    this.lastError = reason
  }

  /** Another notifier takes its place, which may be right where this one was wrong. */
  retired(): void {
    this.#unwellSince = this.#options.now()
    this.#state = 'starting'
    if (this.#breaker.recovered()) this.remember()
  }

  /** A try failed. Returns when the next one may be made, if all wait for that. */
  troubled(outcome: Failure, detail: string, item: Item): number | undefined {
    const { log, now } = this.#options
    this.lastError = detail
    if (this.#breaker.failed(outcome, item, now())) this.remember()
    const state = outcome.result === 'broken' ? 'broken' : 'failing'
    const { key, attempt } = item
    const about = { key, attempt }
    if (this.#state !== state) log.warn(about, `${state}: ${detail}`)
    else log.debug(about, `${outcome.result}: ${detail}`)
    this.#turn(state)
    return this.#breaker.isOpen ? this.#breaker.probeAt : undefined
  }

  /** A try failed of a message while the destination takes others: that says nothing of it. */
  excused(outcome: Failure, detail: string, { key, attempt }: Item): void {
    const { log, now } = this.#options
    this.lastError = detail
    if (this.#breaker.excused(outcome, now())) this.remember()
    log.debug({ key, attempt }, `${outcome.result}: ${detail}`)
  }

  /** Whether a message failed that is not known to be refused alone, since it took something. */
  get isWitnessed(): boolean {
    return this.#breaker.isWitnessed
  }

  /** It took something, or refused it as such. Returns whether it was probed until now. */
  recovered(): boolean {
    const { isOpen } = this.#breaker
    if (this.#state !== 'ok') this.#options.log.info('delivers again')
    this.#state = 'ok'
    if (this.#breaker.recovered()) this.remember()
    return isOpen
  }

  /** A test arrived: what is owed is tried now. Until that arrives too, it is as it was. */
  expect(): void {
    this.#breaker.expect()
  }

  /** From one way to be unwell to another nothing has become better. */
  #turn(state: 'broken' | 'failed' | 'failing'): void {
    if (this.#state === 'ok') this.#unwellSince = this.#options.now()
    this.#state = state
  }

  remember(): void {
    const { store, name } = this.#options
    store.write({
      op: 'destination',
      destination: { name, ...this.#breaker.row, last_error: this.lastError ?? null, last_error_at: this.lastErrorAt ?? null },
    })
  }
}
