import type { MuteView } from '../../notifications/mute-view.ts'
import type { RuleView } from '../../notifications/rule-view.ts'
import type { HeartbeatCounters } from '../protocol.ts'
import type { DestinationView } from './destination-view.ts'

/** `cws notify list`. */
export interface NotifyList {
  /** Null: there are no rules, and every notifier is told of every signal from `low` up. */
  readonly rules: readonly RuleView[] | null
  readonly destinations: readonly DestinationView[]
  /** What became of beats to the watcher outside; null: there is none, or no agent runs. */
  readonly heartbeat: HeartbeatCounters | null
  /** Those that hold, then those that ended within a week. */
  readonly mutes: readonly MuteView[]
}
