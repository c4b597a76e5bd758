import { isDeepStrictEqual } from 'node:util'
import type { NotificationRule } from '../config/define-config.ts'

/** Of a condition, in words: characters. */
const MAX_CONDITION = 300

/** What somebody is told no more. */
export interface Loss {
  /** Words that follow the name of the rule. */
  readonly text: string
  /** 3: all of it; 2: perhaps some of it; 1: some of it later. */
  readonly weight: 1 | 2 | 3
}

/**
 * From whom a change of a rule takes what they were told before, and what that is. What a condition narrows is not known: each other
 * condition counts, but for none.
 */
export function lossesOf(before: NotificationRule | undefined, after: NotificationRule | undefined): ReadonlyMap<string, Loss> {
  const losses = new Map<string, Loss>()
  if (!before || before.enabled === false) return losses
  const end = !after ? 'was deleted' : after.enabled === false ? 'was disabled' : undefined
  for (const name of hearersOf(before)) {
    const loss = end === undefined ? lossOf(name, before, after as NotificationRule) : ({ text: end, weight: 3 } as const)
    if (loss !== undefined) losses.set(name, loss)
  }
  return losses
}

function lossOf(name: string, before: NotificationRule, after: NotificationRule): Loss | undefined {
  if (!hearersOf(after).has(name)) return { text: 'does not go here any more', weight: 3 }
  if (listOf(before.to).includes(name) && !listOf(after.to).includes(name))
    return { text: 'goes here only while nobody acknowledges what it tells', weight: 2 }
  if (after.when !== undefined && after.when !== before.when)
    return { text: `holds for ${conditionText(after.when)} now, and held for ${conditionText(before.when)} before`, weight: 2 }
  if (after.quiet && !isDeepStrictEqual(after.quiet, before.quiet))
    return { text: `is quiet from ${after.quiet.from} to ${after.quiet.to} ${after.quiet.zone} now`, weight: 1 }
  return undefined
}

function hearersOf({ to, escalate = [] }: NotificationRule): ReadonlySet<string> {
  return new Set([...listOf(to), ...escalate.flatMap((step) => listOf(step.to))])
}

const listOf = (to: string | readonly string[]): readonly string[] => (typeof to === 'string' ? [to] : to)

function conditionText(condition: string | undefined): string {
  if (condition === undefined) return 'all signals'
  return `\`${condition.length > MAX_CONDITION ? `${condition.slice(0, MAX_CONDITION)}…` : condition}\``
}
