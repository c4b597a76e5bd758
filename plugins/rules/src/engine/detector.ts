import {
  type CheckedRule,
  compileCondition,
  type Event,
  type EventDefinition,
  type EventType,
  type PluginContext,
  type Predicate,
  type Surroundings,
  simplify,
} from '@cws/core'
import type { TunedRule } from '../tune.ts'
import { type Compiled, judgeEach, type OnTrue } from './candidates.ts'
import { Dispatch } from './dispatch.ts'

type Reporter = Pick<PluginContext, 'report' | 'undecided'>

/** What rules do and read besides events. */
export interface Effects<R extends CheckedRule> {
  /** The variables that conditions read. */
  readonly surroundings?: Surroundings
  /** What a rule does when it fires, before it reports. What one does the next ones see on the same event. */
  readonly act?: (rule: R, event: Event) => void
}

/**
 * Judges the events of one type by all its rules: every rule that is true fires. Rules that met UNKNOWN are judged once more, together,
 * when the missing fields are there; what then only an exception does not know, fires. A `when` that throws costs no other rule; it is thrown on
 * at the end, for the fault to be told.
 */
export function detectorFor<R extends TunedRule>(
  rules: readonly R[],
  definition: EventDefinition,
  reporter: Reporter,
  { surroundings, act }: Effects<R> = {},
): (event: Event) => void {
  const dispatch = new Dispatch(rules, definition, surroundings)
  const unexcepted = new Map<CheckedRule, Predicate>()
  for (const rule of rules) if (rule.unexcepted) unexcepted.set(rule, compileCondition(simplify(rule.unexcepted), surroundings))
  let errors: Error[] = []

  const fire = (rule: CheckedRule, event: Event) => {
    try {
      if (rule.when !== undefined && !rule.when(event)) return
      act?.(rule as R, event)
      reporter.report(event, rule.finding)
    } catch (error) {
      errors.push(new Error(`rule "${rule.id}": ${error instanceof Error ? error.message : String(error)}`, { cause: error }))
    }
  }
  const onTrue = fire as OnTrue
  const throwErrors = () => {
    if (errors.length === 0) return
    const [first, ...more] = errors
    errors = []
    throw more.length ? new AggregateError([first, ...more], (first as Error).message) : first
  }
  /** Fires what nothing but an unknown exception holds back; true if something else is unknown. */
  const settle = (waiting: readonly Compiled[], event: Event): boolean => {
    let still = false
    for (const { rule } of waiting) {
      if (unexcepted.get(rule)?.(event) === true) fire(rule, event)
      else still = true
    }
    return still
  }
  const again = (waiting: readonly Compiled[]) => (kept: Event) => {
    const unknown = judgeEach(waiting, kept, onTrue)
    if (unknown && settle(unknown, kept)) reporter.undecided(kept, () => {})
    throwErrors()
  }

  return (event) => {
    const waiting = dispatch.judge(event, onTrue)
    if (waiting && !reporter.undecided(event, again(waiting))) settle(waiting, event)
    throwErrors()
  }
}

/** Puts rules to work: interests to the sources, one tap an event type. */
export function detect<R extends TunedRule>(rules: readonly R[], ctx: PluginContext, effects: Effects<R> = {}): void {
  for (const [type, ofType] of Map.groupBy(rules, (rule) => rule.on)) {
    const on = type as EventType
    for (const rule of ofType) ctx.interest(on, rule.condition)
    const judge = detectorFor(ofType, ctx.model.get(type), ctx, effects)
    ctx.hooks.detect.for(on).tap((event) => judge(event as unknown as Event))
  }
}
