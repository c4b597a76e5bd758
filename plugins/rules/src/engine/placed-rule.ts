import { type CheckedRule, type Condition, compileCondition, type Predicate, type Surroundings, simplify } from '@cws/core'
import type { Compiled } from './candidates.ts'

/** A rule of an event type, judged whole. */
export interface PlacedRule extends Compiled {
  /** Simplified. */
  readonly condition: Condition
  /** Compiles parts of it. */
  readonly compile: (condition: Condition) => Predicate
}

/** `surroundings`: what conditions read besides events. */
export function placed(rules: readonly CheckedRule[], surroundings?: Surroundings): PlacedRule[] {
  return rules.map((rule, place) => {
    const condition = simplify(rule.condition)
    return {
      rule,
      place,
      condition,
      compile: (one) => compileCondition(one, surroundings),
      holds: compileCondition(condition, surroundings),
    }
  })
}
