import { type CheckedRule, lackingFields, type PluginContext } from '@cws/core'

type IsFed = PluginContext['model']['isFed']

/**
 * What a rule needs that nobody feeds, so that it can never fire: its event type, else the fields for want of which its condition cannot be true.
 * Empty if it can fire.
 */
export function unfedBy({ on, condition }: Pick<CheckedRule, 'on' | 'condition'>, isFed: IsFed): readonly string[] {
  return isFed(on) ? lackingFields(condition, (field) => isFed(on, field)) : [on]
}
