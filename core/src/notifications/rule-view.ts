import type { EscalationInput, QuietHoursInput } from '../config/define-config.ts'
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
