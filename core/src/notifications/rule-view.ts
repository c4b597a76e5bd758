import type { EscalationInput, QuietHoursInput } from '../config/define-config.ts'
import type { DestinationCounters, HeartbeatCounters } from '../delivery/protocol.ts'
import type { MuteView } from './mute-view.ts'
import { type Edit, isConflict, type PatchedRule, type RuleOrigin } from './patch.ts'

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
  /** False too where it does not fire whatever it says. */
  readonly enabled: boolean
  readonly origin: RuleOrigin
  /** What was changed of it while an agent ran. */
  readonly edits: readonly EditView[]
  /** Why it does not fire as it was changed: it fires as the configuration has it, or not at all. */
  readonly problem: string | null
}

/** A change of a rule, with what the configuration says now. */
export interface EditView extends Omit<Edit, 'rule'> {
  /** Null: nothing, or there is no such rule. */
  readonly config: unknown
  /** The configuration has come to say something else than when it was changed. */
  readonly is_conflict: boolean
}

export function ruleView({ name, origin, rule, config, edits, problem }: PatchedRule & { readonly problem: string | null }): RuleView {
  const { when, to = [], message, wait, update, repeat, quiet, escalate, enabled = true } = rule ?? config ?? {}
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
    enabled: enabled && rule !== undefined,
    origin,
    edits: edits.map((edit) => editView(edit, config)),
    problem,
  }
}

function editView(edit: Edit, config: PatchedRule['config']): EditView {
  const { rule: _, ...rest } = edit
  const { field } = edit
  const now = field === 'added' || field === 'deleted' ? null : (config?.[field] ?? null)
  return { ...rest, config: now, is_conflict: isConflict(edit, config) }
}

/** Where messages go, and how that stands. */
export interface DestinationView {
  readonly name: string
  /** `stopped`: no agent runs. Else as in `cws status`. */
  readonly state: 'starting' | 'ok' | 'failing' | 'broken' | 'failed' | 'stopped'
  readonly delivered: number | null
  /** What was given up. */
  readonly failed: number | null
  /** Of these, what the receiver refused for good. */
  readonly refused: number | null
  /** Messages and words that are owed now. */
  readonly pending: number
  /** Of these, what waits since the destination was sent as much as it takes. */
  readonly held_back: number
  readonly last_error: string | null
  /** RFC 3339, UTC. */
  readonly last_error_at: string | null
}

/** What an agent counts of a destination, as commands show it. */
export function viewOf(name: string, { heldBack, lastError, lastErrorAt, ...counts }: DestinationCounters): DestinationView {
  return { name, ...counts, held_back: heldBack, last_error: lastError ?? null, last_error_at: lastErrorAt ?? null }
}

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
