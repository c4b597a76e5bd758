import { fieldsIn, isNever, required } from '../../condition/analyse.ts'
import { assume } from '../../condition/assume.ts'
import { compileCondition } from '../../condition/compile.ts'
import type { Condition, Readable } from '../../condition/ir.ts'
import { UNKNOWN } from '../../model/unknown.ts'
import { rankOf } from '../../signals/severity.ts'
import type { Route } from '../protocol.ts'

/**
 * Who would not be told of what is high or critical if signals that this holds for were muted: all whose rules may hold for such signals. By severity
 * and id of the rule it is known what cannot be; all else may be. Without rules it is everybody.
 */
export function whoMisses(
  mute: Condition,
  isCriticalToo: boolean,
  routes: readonly Route[] | undefined,
  destinations: readonly string[],
): ReadonlySet<string> {
  const missing = new Set<string>()
  for (const severity of isCriticalToo ? (['high', 'critical'] as const) : (['high'] as const))
    for (const rule of rulesIn(mute) ?? [undefined]) {
      const known = new Map<string, unknown>([['severity', rankOf(severity)], ...(rule === undefined ? [] : [['rule.id', rule] as const])])
      if (!mayHold(mute, known)) continue
      if (!routes) return new Set(destinations)
      for (const { when, to, escalate = [] } of routes)
        if (mayHold(when, known)) for (const name of [to, ...escalate.map((step) => step.to)].flat()) missing.add(name)
    }
  return missing
}

/** Ids of rules, one of which a signal is of wherever the condition holds; undefined: of any rule. */
export function rulesIn(condition: Condition): readonly string[] | undefined {
  const ids = required(condition, 'rule.id')?.map((each) =>
    each.kind === 'exact' ? each.text : each.kind === 'value' ? String(each.value) : undefined,
  )
  return ids?.every((id) => id !== undefined) ? ids : undefined
}

/** False only if it cannot hold for a signal of which these fields are known. */
function mayHold(condition: Condition, known: ReadonlyMap<string, unknown>): boolean {
  const subject: Readable = { get: (name) => (known.has(name) ? known.get(name) : UNKNOWN) }
  const isKnown = (leaf: Condition): boolean => [...fieldsIn(leaf)].every((name) => known.has(name))
  return !isNever(assume(condition, (leaf) => (isKnown(leaf) ? compileCondition(leaf)(subject) : undefined)))
}
