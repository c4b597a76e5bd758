import { begunOf, type Conversation, escalationsOf } from './conversation.ts'
import type { EscalationStep } from './terms.ts'

/** Of one destination; what other rules add is bounded by it. */
const MAX_TIMES = 100
/** Rules that begin while a signal is open. */
const MAX_BEGUN = 100

/** What of a notification rule says to whom it escalates. */
export interface Escalating {
  readonly name: string
  readonly escalate?: readonly EscalationStep[] | undefined
}

/** Who has the word on an open signal. */
export interface Owned {
  /** By destination. */
  readonly owners: ReadonlyMap<string, Escalating | undefined>
  /** What was said of it since it opened, by destination. */
  readonly before: ReadonlyMap<string, Conversation>
  /** The rules, as they are now, that would have owned it as it was until now. Asked only if that decides something. */
  readonly ownedBefore: () => Iterable<Escalating | undefined>
}

/** To one destination: the rule that says so first, all times that are to come, and the rules that have begun since the signal opened. */
export interface Escalation {
  readonly rule: string
  readonly times: readonly number[]
  readonly begun: readonly string[]
}

/**
 * Steps that begin now, by destination, together with those that were fixed before, which nothing postpones or removes. A rule's begin when it first owns the signal: as
 * it opens, or as it becomes something that the rule holds for, and not again when it becomes that once more: who chooses what it becomes is not to
 * choose how often people are called. Of a rule that holds only since rules were changed none begin: it is for new signals.
 */
export function escalationsFrom(owned: Owned, now: number): ReadonlyMap<string, Escalation> {
  const escalations = new Map<string, { rule: string; times: number[]; begun: Set<string> }>()
  for (const rule of new Set(owned.owners.values())) {
    if (!rule?.escalate || !begins(rule, owned)) continue
    let at = now
    for (const { after, to } of rule.escalate) {
      at += after
      for (const destination of to) {
        const known = escalations.get(destination) ?? { rule: rule.name, times: [], begun: new Set<string>() }
        known.times.push(at)
        known.begun.add(rule.name)
        escalations.set(destination, known)
      }
    }
  }
  return new Map(
    [...escalations].map(([name, { rule, times, begun }]) => {
      const conversation = owned.before.get(name)
      return [name, { rule, times: merged(conversation, times), begun: [...(conversation ? begunOf(conversation) : []), ...begun] }]
    }),
  )
}

function begins({ name }: Escalating, { owners, before, ownedBefore }: Owned): boolean {
  const begun = new Set([...before.values()].flatMap(begunOf))
  if (begun.has(name) || begun.size >= MAX_BEGUN) return false
  const opened = [...before.values()].filter(({ opened_at }) => opened_at !== null)
  if (opened.some(({ rule }) => rule === name)) return false
  if (!opened.some(({ destination }) => owners.get(destination)?.name === name)) return true
  return ![...ownedBefore()].some((rule) => rule?.name === name)
}

function merged(conversation: Conversation | undefined, times: readonly number[]): readonly number[] {
  const fixed = conversation ? escalationsOf(conversation) : []
  const added = [...new Set(times)].filter((at) => !fixed.includes(at)).sort((a, b) => a - b)
  const room = fixed.length === 0 ? added.length : Math.max(0, MAX_TIMES - fixed.length)
  return [...fixed, ...added.slice(0, room)].sort((a, b) => a - b)
}
