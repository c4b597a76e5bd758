import type { Template } from '../../messages/template.ts'
import type { Decision } from '../../notifications/decide.ts'
import type { Terms } from '../../notifications/terms.ts'
import type { SignalHead } from '../../signals/signal-line.ts'
import type { DeliveryLog } from '../log.ts'
import type { SignalStore } from '../store/store.ts'
import type { Composer } from './compose-message.ts'

/** What the parts of one destination share. */
export interface OutboxOptions {
  readonly name: string
  readonly store: SignalStore
  readonly log: DeliveryLog
  /** Makes text of others fit to be logged and shown. */
  readonly clean: (text: string) => string
  /** The steady clock. */
  readonly now: () => number
  /** What a rule of this name says; of none where there are no rules. */
  readonly terms: (rule: string | null) => Terms
  /** Puts off what is not to be told yet. */
  readonly hold?: ((decision: Decision, head: SignalHead) => Decision) | undefined
  /** What makes the message of a signal under a rule. */
  readonly template: (rule: string | null) => Pick<Template, 'render'>
  /** Hears, before that is stored, of signals that will never be told; what it returns is called afterwards. */
  readonly onLost?: ((signals: readonly string[], why: string) => () => void) | undefined
  /** Runs code of the notifier, so that it is known whose code runs. */
  readonly within: Composer['within']
}
