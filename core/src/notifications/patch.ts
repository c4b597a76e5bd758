import { isDeepStrictEqual } from 'node:util'
import type { NotificationRule } from '../config/define-config.ts'

/** What of a rule can be changed while an agent runs. */
export const editableFields = ['when', 'to', 'wait', 'update', 'repeat', 'quiet', 'escalate', 'message', 'enabled'] as const
export type EditableField = (typeof editableFields)[number]

/** One change of a rule, over what the configuration says. */
export interface Edit {
  /** Name of the rule. */
  readonly rule: string
  /** `added`: the rule is not of the configuration. `deleted`: it fires no more. */
  readonly field: EditableField | 'added' | 'deleted'
  /** Null: the field is absent. */
  readonly value: unknown
  /** What the configuration said when it was changed; null: nothing. */
  readonly base: unknown
  /** RFC 3339. */
  readonly at: string
  /** Who asked for it, as the command said. */
  readonly by: string
}

/** `orphaned`: its edits are kept, and it does not fire, since the configuration has no such rule any more. */
export type RuleOrigin = 'config' | 'edited' | 'added' | 'deleted' | 'orphaned'

/** A rule of the configuration, or of edits, with what was made of it. */
export interface PatchedRule {
  readonly name: string
  readonly origin: RuleOrigin
  /** As it fires, whether or not it is enabled; undefined: it does not. */
  readonly rule: NotificationRule | undefined
  readonly config: NotificationRule | undefined
  readonly edits: readonly Edit[]
}

/** Lays edits over the rules of a configuration, by name: each as it is then. Added rules come last, in the order of their names. */
export function patchRules(rules: readonly NotificationRule[], edits: readonly Edit[]): readonly PatchedRule[] {
  const configured = rules.map((config): PatchedRule => {
    const own = edits.filter(({ rule }) => rule === config.name)
    if (own.length === 0) return { name: config.name, origin: 'config', rule: config, config, edits: own }
    if (own.some(({ field }) => field === 'deleted')) return { name: config.name, origin: 'deleted', rule: undefined, config, edits: own }
    return { name: config.name, origin: 'edited', rule: withEdits(config, own), config, edits: own }
  })
  const others = new Set(edits.map(({ rule }) => rule).filter((name) => !rules.some((rule) => rule.name === name)))
  const added = [...others].sort().map((name): PatchedRule => {
    const own = edits.filter(({ rule }) => rule === name)
    const isAdded = own.some(({ field }) => field === 'added')
    const rule = isAdded ? withEdits({ name, to: [] }, own) : undefined
    return { name, origin: isAdded ? 'added' : 'orphaned', rule, config: undefined, edits: own }
  })
  return [...configured, ...added]
}

/** Whether the configuration has come to say something else than it did when this was changed, and than what it was changed to. */
export function isConflict({ field, value, base }: Edit, config: NotificationRule | undefined): boolean {
  if (field === 'added') return config !== undefined
  if (field === 'deleted' || config === undefined) return false
  const now = config[field] ?? null
  return !isDeepStrictEqual(now, base) && !isDeepStrictEqual(now, value)
}

function withEdits(rule: NotificationRule, edits: readonly Edit[]): NotificationRule {
  const fields = new Map<string, unknown>(Object.entries(rule))
  for (const { field, value } of edits) {
    if (field === 'added' || field === 'deleted') continue
    if (value === null) fields.delete(field)
    else fields.set(field, value)
  }
  return Object.fromEntries(fields) as unknown as NotificationRule
}
