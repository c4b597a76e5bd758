import { type CheckedRule, type Condition, compileCondition, simplify } from '@cws/core'
import type { Compiled } from './candidates.ts'

/** A rule of an event type, judged whole. */
export interface PlacedRule extends Compiled {
  /** Simplified. */
  readonly condition: Condition
}

export function placed(rules: readonly CheckedRule[]): PlacedRule[] {
  return rules.map((rule, place) => {
    const condition = simplify(rule.condition)
    return { rule, place, condition, holds: compileCondition(condition) }
  })
}
