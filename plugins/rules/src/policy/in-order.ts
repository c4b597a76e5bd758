import { compileCondition, type Event, type EventType, type PluginContext, type Predicate, simplify, UNKNOWN } from '@cws/core'
import type { TunedRule } from '../tune.ts'
import { type Act, actOf, type Effects } from './actions.ts'
import type { PolicyRule } from './compile-rule.ts'

type OrderedRule = PolicyRule & TunedRule

interface Judged {
  readonly rule: OrderedRule
  readonly holds: Predicate
  /** Without the user's exceptions. */
  readonly unexcepted: Predicate | undefined
  readonly acts: readonly Act[]
}

/** Whether the order in which a rule is judged matters: it acts, or its condition reads what others set. */
export function needsOrder(rule: PolicyRule): boolean {
  return rule.actions.length > 0 || rule.readsVariables
}

/**
 * Puts rules to work that act or read variables: one after another, and what one sets the next one sees on the same event. Silent rules report too:
 * detections look at them, and nobody else is told.
 */
export function judgeInOrder(
  rules: readonly OrderedRule[],
  effects: Effects & { failed(rule: PolicyRule): void },
  ctx: Pick<PluginContext, 'interest' | 'hooks' | 'report' | 'undecided'>,
): void {
  for (const [type, ofType] of Map.groupBy(rules, (rule) => rule.on)) {
    const on = type as EventType
    for (const rule of ofType) ctx.interest(on, rule.condition)
    const judge = judgeFor(inOrder(ofType), effects, ctx)
    ctx.hooks.detect.for(on).tap((event) => judge(event as unknown as Event))
  }
}

function inOrder(rules: readonly OrderedRule[]): OrderedRule[] {
  return [...rules].sort(({ order: a }, { order: b }) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])
}

function judgeFor(
  rules: readonly OrderedRule[],
  effects: Effects & { failed(rule: PolicyRule): void },
  ctx: Pick<PluginContext, 'report' | 'undecided'>,
): (event: Event) => void {
  const all = rules.map(
    (rule): Judged => ({
      rule,
      holds: compileCondition(simplify(rule.condition), effects),
      unexcepted: rule.unexcepted && compileCondition(simplify(rule.unexcepted), effects),
      acts: rule.actions.map((action) => actOf(action, effects)),
    }),
  )

  const fire = ({ rule, acts }: Judged, event: Event) => {
    if (rule.when && !rule.when(event)) return
    let failed = false
    for (const [i, act] of acts.entries()) {
      // One that fails ends the `set` actions of the rule.
      if (failed && rule.actions[i]?.kind === 'set') continue
      if (act(event as never)) continue
      failed = true
      effects.failed(rule)
    }
    ctx.report(event, rule.finding)
  }
  const judge = (some: readonly Judged[], event: Event): Judged[] => {
    const waiting: Judged[] = []
    for (const one of some) {
      const truth = one.holds(event as never)
      if (truth === true) fire(one, event)
      else if (truth === UNKNOWN) waiting.push(one)
    }
    return waiting
  }
  /** Fires what nothing but an unknown exception holds back; true if something else is unknown. */
  const settle = (waiting: readonly Judged[], event: Event): boolean => {
    const known = waiting.filter(({ unexcepted }) => unexcepted?.(event as never) === true)
    for (const one of known) fire(one, event)
    return known.length < waiting.length
  }
  return (event) => {
    const waiting = judge(all, event)
    if (waiting.length === 0) return
    const again = (kept: Event) => {
      const still = judge(waiting, kept)
      if (still.length > 0 && settle(still, kept)) ctx.undecided(kept, () => {})
    }
    if (!ctx.undecided(event, again)) settle(waiting, event)
  }
}
