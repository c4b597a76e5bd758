import { type CheckedRule, type Event, type EventDefinition, type EventType, type PluginContext, UNKNOWN } from '@cws/core'
import { Dispatch } from './dispatch.ts'

type Reporter = Pick<PluginContext, 'report' | 'undecided'>

/**
 * Judges the events of one type by all its rules: every rule that is true fires. Rules that met UNKNOWN are judged once more, together,
 * when the missing fields are there. A `when` that throws costs no other rule; it is thrown on at the end, for the fault to be told.
 */
export function detectorFor(rules: readonly CheckedRule[], definition: EventDefinition, reporter: Reporter): (event: Event) => void {
  const dispatch = new Dispatch(rules, definition)
  let errors: Error[] = []

  const fire = (rule: CheckedRule, event: Event) => {
    try {
      if (rule.when === undefined || rule.when(event)) reporter.report(event, rule.finding)
    } catch (error) {
      errors.push(new Error(`rule "${rule.id}": ${error instanceof Error ? error.message : String(error)}`, { cause: error }))
    }
  }
  const throwErrors = () => {
    if (errors.length === 0) return
    const [first, ...more] = errors
    errors = []
    throw more.length ? new AggregateError([first, ...more], (first as Error).message) : first
  }

  return (event) => {
    const waiting = dispatch.judge(event, (rule) => fire(rule, event))
    if (waiting) {
      reporter.undecided(event, (kept) => {
        let still = false
        for (const { rule, holds } of waiting) {
          const truth = holds(kept)
          if (truth === true) fire(rule, kept)
          else if (truth === UNKNOWN) still = true
        }
        if (still) reporter.undecided(kept, () => {})
        throwErrors()
      })
    }
    throwErrors()
  }
}

/** Puts rules to work: interests to the sources, one tap an event type. */
export function detect(rules: readonly CheckedRule[], ctx: PluginContext): void {
  for (const [type, ofType] of Map.groupBy(rules, (rule) => rule.on)) {
    const on = type as EventType
    for (const rule of ofType) ctx.interest(on, rule.condition)
    const judge = detectorFor(ofType, ctx.model.get(type), ctx)
    ctx.hooks.detect.for(on).tap((event) => judge(event as unknown as Event))
  }
}
