import type { Event, PluginContext } from '@cws/core'
import { detect } from '../engine/detector.ts'
import type { TunedRule } from '../tune.ts'
import { actOf, type Effects } from './actions.ts'
import type { PolicyRule } from './compile-rule.ts'

type OrderedRule = PolicyRule & TunedRule

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
  ctx: PluginContext,
): void {
  const actions = new Map(rules.map((rule) => [rule, rule.actions.map((action) => ({ kind: action.kind, act: actOf(action, effects) }))]))
  const act = (rule: OrderedRule, event: Event) => {
    let failed = false
    for (const one of actions.get(rule) ?? []) {
      // One that fails ends the `set` actions of the rule.
      if ((failed && one.kind === 'set') || one.act(event as never)) continue
      failed = true
      effects.failed(rule)
    }
  }
  detect(inOrder(rules), ctx, { surroundings: effects, act })
}

function inOrder(rules: readonly OrderedRule[]): OrderedRule[] {
  return [...rules].sort(({ order: a }, { order: b }) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])
}
