import type { Conversation } from './conversation.ts'
import type { EscalationStep } from './terms.ts'

interface Escalating {
  readonly name: string
  readonly escalate?: readonly EscalationStep[] | undefined
}

/**
 * When a signal that is open from `now` on escalates to whom: by destination the rule, and the times. Of rules that owned a conversation about it before
 * nothing begins anew: what was fixed when it opened stays, whatever becomes of the rule.
 */
export function escalationsFrom(
  owners: Iterable<Escalating | undefined>,
  before: readonly Conversation[],
  now: number,
): ReadonlyMap<string, { readonly rule: string; readonly times: readonly number[] }> {
  const escalations = new Map<string, { rule: string; times: number[] }>()
  for (const rule of new Set(owners)) {
    if (!rule?.escalate || before.some((each) => each.rule === rule.name && each.opened_at !== null)) continue
    let at = now
    for (const { after, to } of rule.escalate) {
      at += after
      for (const destination of to) {
        const known = escalations.get(destination)
        if (known) known.times.push(at)
        else escalations.set(destination, { rule: rule.name, times: [at] })
      }
    }
  }
  for (const { times } of escalations.values()) times.sort((a, b) => a - b)
  return escalations
}
