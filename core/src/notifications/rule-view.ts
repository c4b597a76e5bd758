import type { EscalationInput, NotificationRule, QuietHoursInput } from '../config/define-config.ts'
import type { MuteView } from './mute-view.ts'

/** A notification rule as commands show it: what is not said is null. */
export interface RuleView {
  readonly name: string
  readonly when: string | null
  readonly to: readonly string[]
  readonly message: string | null
  readonly wait: string | null
  readonly update: string | null
  readonly repeat: string | null
  readonly quiet: QuietHoursInput | null
  readonly escalate: readonly EscalationInput[] | null
  readonly enabled: boolean
}

export function ruleView({ name, when, to, message, wait, update, repeat, quiet, escalate, enabled }: NotificationRule): RuleView {
  return {
    name,
    when: when ?? null,
    to: typeof to === 'string' ? [to] : to,
    message: message ?? null,
    wait: wait ?? null,
    update: update ?? null,
    repeat: repeat ?? null,
    quiet: quiet ?? null,
    escalate: escalate ?? null,
    enabled: enabled ?? true,
  }
}

/** Where messages go, and how that stands. */
export interface DestinationView {
  readonly name: string
  /** `stopped`: no agent runs. Else as in `cws status`. */
  readonly state: 'starting' | 'ok' | 'failing' | 'broken' | 'failed' | 'stopped'
  readonly delivered: number | null
  readonly failed: number | null
  /** Messages and words that are owed now. */
  readonly pending: number
  readonly last_error: string | null
}

/** `cws notify list`. */
export interface NotifyList {
  /** Null: there are no rules, and every notifier is told of every signal from `low` up. */
  readonly rules: readonly RuleView[] | null
  readonly destinations: readonly DestinationView[]
  /** Those that hold, then those that ended within a week. */
  readonly mutes: readonly MuteView[]
}
