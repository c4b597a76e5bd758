import type { Signal } from '../signals/signal.ts'
import type { Document } from './document.ts'

/**
 * Why somebody is told. `opened`: for the first time. `updated`: it has grown, or keeps more quiet (`kept`). `raised`: it has become more severe. `repeat`: it is still open.
 * `escalated`: nobody has acknowledged it. `acknowledged`, `archived`: people have judged it. `replayed`: somebody asked for it again.
 * `digest`: what came in quiet hours, one message of several signals. `notice`: about the agent's own notifications. `changed`: something else is at work, as rules
 * (only to notifiers whose definition asks for it). `test`: to see whether it arrives.
 */
export type Reason =
  | 'opened'
  | 'updated'
  | 'raised'
  | 'repeat'
  | 'escalated'
  | 'acknowledged'
  | 'archived'
  | 'replayed'
  | 'digest'
  | 'notice'
  | 'changed'
  | 'test'

/** What a notifier makes a message of. */
export interface Letter {
  /** Key of the delivery: `<signal.id>:<revision>:<destination>`, with `:<n>` when the same revision is told once more. */
  readonly key: string
  readonly reason: Reason
  /** Name of the notification rule that wants it told; undefined where there are no rules. */
  readonly rule: string | undefined
  readonly signal: Signal
  /** Of the signal, one line, fit to be shown. */
  readonly title: string
  /** The rendered template. */
  readonly message: Document
  /** How often this signal was opened anew after it was archived, from 1: to channels that cannot reopen what is closed it is another one. */
  readonly generation: number
  /** What the receiver returned for the last message about this signal that it took (`Outcome.receipt`), so that it can be changed or answered. */
  readonly receipt: string | undefined
  /** How many less severe signals are not told there while this one is open, since they are part of it; `message` says so too. Undefined: none. */
  readonly kept?: number | undefined
  /** When it is made, RFC 3339, UTC. */
  readonly time: string
}
