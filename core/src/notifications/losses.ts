import { isDeepStrictEqual } from 'node:util'
import type { NotificationRule } from '../config/define-config.ts'

/** Of a condition, in words: characters. */
const MAX_CONDITION = 300

/**
 * From whom a change of a rule takes what they were told before, and what that is, in words that follow the name of the rule. What a condition
 * narrows is not known: each other condition counts, but for none.
 */
export function lossesOf(before: NotificationRule | undefined, after: NotificationRule | undefined): ReadonlyMap<string, string> {
  const losses = new Map<string, string>()
  if (!before || before.enabled === false) return losses
  const end = !after ? 'was deleted' : after.enabled === false ? 'was disabled' : undefined
  for (const name of hearersOf(before)) {
    const loss = end ?? lossOf(name, before, after as NotificationRule)
    if (loss !== undefined) losses.set(name, loss)
  }
  return losses
}

function lossOf(name: string, before: NotificationRule, after: NotificationRule): string | undefined {
  if (!hearersOf(after).has(name)) return 'does not go here any more'
  if (listOf(before.to).includes(name) && !listOf(after.to).includes(name)) return 'goes here only while nobody acknowledges what it tells'
  if (after.when !== undefined && after.when !== before.when)
    return `holds for ${conditionText(after.when)} now, and held for ${conditionText(before.when)} before`
  if (after.quiet && !isDeepStrictEqual(after.quiet, before.quiet))
    return `is quiet from ${after.quiet.from} to ${after.quiet.to} ${after.quiet.zone} now`
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
