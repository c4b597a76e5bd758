import type { SecretRef } from '../config/secret.ts'
import type { Signal } from '../signals/signal.ts'
import type { Logger } from './logger.ts'

/** One delivery. Every try of it has the same key and the same signal. */
export interface Notification {
  /** `<signal.id>:<revision>:<destination>`. */
  readonly key: string
  readonly signal: Signal
  /** The same signal as the bytes that were stored before the first try: what a redelivery must repeat. */
  readonly body: string
  /** 1 for the first try. */
  readonly attempt: number
}

/** How a try ended. `retry`: not delivered, try again. `ambiguous`: it may have arrived, try again under the same key. `broken`: the destination refuses everything. `reject`: it refuses this message for good. */
export type Outcome =
  | { readonly result: 'delivered'; readonly detail?: string }
  | { readonly result: 'retry' | 'ambiguous' | 'broken'; readonly detail: string; readonly retryAfterMs?: number }
  | { readonly result: 'reject'; readonly detail: string }

export interface Notifier {
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
