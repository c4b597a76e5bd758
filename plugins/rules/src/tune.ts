import { type CheckedRule, type Condition, conditionOf, type Scope } from '@cws/core'
import type { Tuning } from './options.ts'

/** `unexcepted`: the condition without the user's exceptions, if there are any. Only a true exception excepts; one that nobody knows must not hide a rule. */
export interface TunedRule extends CheckedRule {
  readonly unexcepted?: Condition
}

/**
 * A rule with the user's changes.
 * @throws CwsError CWS_ERR_CONDITION if `unless` or `groupBy` does not fit the rule's event.
 */
export function tuned(rule: CheckedRule, tuning: Tuning, scope: Scope): TunedRule {
  const { unless, severity, name, message, advice, tags, groupBy } = tuning
  const exceptions = (unless === undefined ? [] : Array.isArray(unless) ? unless : [unless]).map((one) => conditionOf(one as string, scope))
  const condition: Condition = exceptions.length
    ? { op: 'and', of: [rule.condition, ...exceptions.map((of): Condition => ({ op: 'not', of }))] }
    : rule.condition
  const finding = {
    ...rule.finding,
    ...(severity === undefined ? {} : { severity }),
    ...(name === undefined ? {} : { name, title: name }),
    ...(message === undefined ? {} : { message }),
    ...(advice === undefined ? {} : { advice }),
    ...(tags === undefined ? {} : { tags: [...new Set([...(rule.finding.tags ?? []), ...tags])] }),
    ...(groupBy === undefined ? {} : { groupBy }),
  }
  return { ...rule, condition, finding: Object.freeze(finding), ...(exceptions.length ? { unexcepted: rule.condition } : {}) }
}
