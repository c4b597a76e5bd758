import type { Reason } from '../messages/letter.ts'
import { rankOf } from '../signals/severity.ts'
import type { SignalHead } from '../signals/signal-line.ts'
import { type Conversation, escalationsOf } from './conversation.ts'
import { quietUntil } from './quiet-hours.ts'
import type { Terms } from './terms.ts'

/** Later revisions come no sooner than this after the last word, ms. */
export const UPDATE_MS = 10_000
/** The same where each message interrupts somebody, by how often they were told; the last one holds on. */
const INTERRUPT_MS = [30_000, 2 * 60_000, 10 * 60_000, 30 * 60_000, 60 * 60_000] as const
/** What has not grown for so long, ms, will not: the length of the window in which findings gather in a signal. */
const FINAL_MS = 10 * 60_000
const CRITICAL = rankOf('critical')

/** Why somebody is to be told, and when. */
export interface Decision {
  readonly reason: Extract<Reason, 'opened' | 'updated' | 'raised' | 'repeat' | 'escalated' | 'acknowledged' | 'archived'>
  readonly due: number
  /** It was due in quiet hours, and waits, or waited, for their end. */
  readonly isHeld?: true
}

type Head = Pick<SignalHead, 'revision' | 'severity' | 'status' | 'count'>

/**
 * Why and when a destination is to be told of a signal next; undefined: not until something changes. Of several reasons the one that is due first, but
 * a step of an escalation that is due comes before what is due for longer: growth calls nobody. A `due` that is past means now. `now` is of the
 * steady clock, `wall` of the one on the wall. Depends on nothing but its arguments.
 */
export function decide(conversation: Conversation, head: Head, terms: Terms, now: number, wall: number): Decision | undefined {
  const reasons = conversation.told_revision === 0 ? firstWords(conversation, head, terms) : furtherWords(conversation, head, terms, now)
  const step = reasons.find(({ reason, due }) => reason === 'escalated' && due <= now)
  const heldStep = step && held(step, head, terms, wall - now)
  if (heldStep && heldStep.due <= now) return heldStep
  const first = reasons.reduce<Decision | undefined>(
    (first, each) => (first === undefined || each.due < first.due ? each : first),
    undefined,
  )
  return first && held(first, head, terms, wall - now)
}

/** Who has judged a signal is awake: that is told at any hour. */
function held(decision: Decision, { severity }: Head, { quiet }: Terms, offset: number): Decision {
  const { reason, due } = decision
  if (!quiet || reason === 'acknowledged' || reason === 'archived' || severity >= (quiet.except ?? Infinity)) return decision
  const end = quietUntil(quiet, due + offset)
  return end === undefined ? decision : { reason, due: end - offset, isHeld: true }
}

/** What is judged before anybody was told needs no word, nor what is part of something worse that is told. */
function firstWords(conversation: Conversation, head: Head, { wait = 0 }: Terms): readonly Decision[] {
  const { opened_at, kept_by } = conversation
  if (head.status !== 'open' || kept_by !== null) return []
  if (opened_at === null) return escalation(conversation)
  return [{ reason: 'opened', due: opened_at + (head.severity >= CRITICAL ? 0 : wait) }]
}

function furtherWords(conversation: Conversation, head: Head, terms: Terms, now: number): readonly Decision[] {
  const { told_status, told_severity, told_revision } = conversation
  // A clock that was behind when the agent started must not hold anything up for longer than its own wait.
  const told = Math.min(conversation.told_at, now)
  const changed = Math.min(conversation.changed_at, now)
  if (head.status === 'archived') return told_status === 'archived' ? [] : [{ reason: 'archived', due: now }]
  if (head.status === 'open' && told_status === 'archived') return [{ reason: 'opened', due: changed }]
  // Opened anew after it was acknowledged is raised: what somebody looks at has become worse.
  if (head.status === 'open' && (told_status !== 'open' || head.severity > told_severity)) return [{ reason: 'raised', due: changed }]
  if (head.status === 'acknowledged' && told_status !== 'acknowledged') return [{ reason: 'acknowledged', due: now }]
  // What is due at the same time as a step is told with it.
  const reasons: Decision[] = head.status === 'open' ? [...escalation(conversation)] : []
  if (head.revision > told_revision) {
    const due = updateDue(conversation, head, terms, told)
    if (due !== undefined) reasons.push({ reason: 'updated', due })
  }
  if (head.status === 'open') {
    if (conversation.kept_since !== null && terms.saysKept)
      reasons.push({ reason: 'updated', due: keptDue(conversation, terms, told, now) })
    if (terms.repeat !== undefined) reasons.push({ reason: 'repeat', due: told + terms.repeat })
  }
  return reasons
}

function updateDue(conversation: Conversation, head: Head, { update, interrupts }: Terms, told: number): number | undefined {
  if (!interrupts) return told + (update ?? UPDATE_MS)
  // Who has acknowledged it looks for themselves.
  if (head.status !== 'open' || head.count === conversation.told_count) return undefined
  const interval = told + widened(conversation, update)
  if (head.count >= 2 * conversation.told_count) return interval
  return Math.max(interval, conversation.changed_at + FINAL_MS)
}

/** That less severe signals are part of it is told as growth is; nobody is interrupted for each, but once for those of a window. */
function keptDue(conversation: Conversation, { update, interrupts }: Terms, told: number, now: number): number {
  if (!interrupts) return told + (update ?? UPDATE_MS)
  return Math.max(told + widened(conversation, update), Math.min(conversation.kept_since ?? now, now) + FINAL_MS)
}

function widened({ tellings }: Conversation, update = 0): number {
  return Math.max(update, INTERRUPT_MS[Math.min(Math.max(tellings - 1, 0), INTERRUPT_MS.length - 1)] as number)
}

function escalation(conversation: Conversation): readonly Decision[] {
  const [due] = escalationsOf(conversation)
  return due === undefined ? [] : [{ reason: 'escalated', due }]
}
