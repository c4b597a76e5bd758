import type { SecretRef } from '../config/secret.ts'
import type { Letter, Reason } from '../messages/letter.ts'
import type { Signal } from '../signals/signal.ts'
import type { Logger } from './logger.ts'

/** One delivery. Every try of it has the same key and the same signal. */
export interface Notification {
  /** `<signal.id>:<revision>:<destination>`, with `:<n>` when the same revision is told once more. */
  readonly key: string
  readonly reason: Reason
  readonly signal: Signal
  /** What was stored before the first try, and what a redelivery must repeat: what `render` made, else the signal's JSON line. */
  readonly body: string
  /** 1 for the first try. */
  readonly attempt: number
  /** `receipt` of the last message about this signal that was delivered. */
  readonly receipt: string | undefined
}

/** How a try ended. `retry`: not delivered, try again. `ambiguous`: it may have arrived, try again under the same key. `broken`: the destination refuses everything. `reject`: it refuses this message for good; a shorter one is made if `render` can (`Letter` again, a higher `tier`). `receipt`: what a later message about the same signal needs (at most 4 KiB). `refused`: what of it, or for whom of several, was refused for good while the rest arrived: counted and kept with what was refused. */
export type Outcome =
  | { readonly result: 'delivered'; readonly detail?: string; readonly receipt?: string; readonly refused?: string }
  | { readonly result: 'retry' | 'ambiguous' | 'broken'; readonly detail: string; readonly retryAfterMs?: number }
  | { readonly result: 'reject'; readonly detail: string }

export interface Notifier {
  /** How many tries run at a time, each about another signal: 1 to 4; 4 if absent. */
  readonly concurrency?: number
  /**
   * Makes the bytes of a message, once, before its first try. Depends on nothing but the letter and the options; holds no secret. `tier` is 0; 1, 2 when
   * the receiver refused what the tier before made: shorter and plainer each time. A throw costs the message its form, not its delivery.
   */
  render?(letter: Letter, tier: number): string
  /** In place of `render`, where the body is the signal's JSON line: makes it shorter once it was refused. `tier` is 1, then 2. */
  shorten?(letter: Letter, tier: number): string
  /** Delivers one notification within the deadline of `signal`. A throw counts as `retry`. */
  deliver(notification: Notification, signal: AbortSignal): Promise<Outcome>
  /** Called when the delivery thread stops. */
  close?(): void | Promise<void>
}

/** What a notifier may touch, in the delivery thread. */
export interface NotifierContext<O = unknown> {
  readonly name: string
  readonly options: Readonly<O>
  readonly log: Logger
  readonly signal: AbortSignal
  /** The value of a secret now (files are read anew, so that rotation needs no restart). It is masked in all logs and errors from then on. */
  secret(ref: SecretRef): string
}
