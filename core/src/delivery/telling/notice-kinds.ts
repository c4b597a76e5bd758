import { rankOf, type Severity } from '../../signals/severity.ts'
import type { Signal } from '../../signals/signal.ts'

/**
 * What is paced together: changes of a rule, beginnings of mutes, their reminders and ends, what was judged before it was told, what another destination
 * will never take, what waits for one that takes nothing, and what one refuses that takes others.
 */
export const subjects = {
  rule: (name: string) => `rule ${name}`,
  mutes: 'mutes',
  ends: 'ends of mutes',
  judged: 'judged',
  untold: (destination: string) => `untold ${destination}`,
  down: (destination: string) => `down ${destination}`,
  refusing: (destination: string) => `refusing ${destination}`,
} as const

/** What is said of notices of a kind. */
export interface NoticeKind {
  readonly rule: Signal['rule']
  /** How grave it is, by the greatest weight in it. */
  readonly severity: (weight: number) => Severity
  readonly advice: string
  /** What is counted in it, one and several. */
  readonly things: readonly [one: string, several: string]
  /** A destination hears so often of one subject at most, ms; what comes sooner is one notice with a count, unless it weighs more than what was told. */
  readonly everyMs: number
}

const CHANGED: NoticeKind = {
  rule: { id: 'notifications-changed', name: 'What is told here was changed' },
  severity: () => 'medium',
  advice: '`cws notify list` shows rules and mutes as they are, `cws notify diff` what was changed and by whom.',
  things: ['change', 'changes'],
  everyMs: 10 * 60_000,
}
const JUDGED: NoticeKind = {
  ...CHANGED,
  rule: { id: 'notifications-judged', name: 'What was not told yet was judged' },
  advice: '`cws signals list --all` shows them; the log of the agent says who judged what.',
  things: ['signal', 'signals'],
}
/** Somebody may be at work whom nobody heard of: that waits for no longer than its gathering takes. */
const UNTOLD: NoticeKind = {
  rule: { id: 'notifications-refused', name: 'What is grave could not be told' },
  severity: (weight) => (weight >= rankOf('critical') ? 'critical' : 'high'),
  advice:
    'Look at the signals: `cws signals show` with their ids. `cws notify outbox` shows what was refused, and `cws notify replay` tells it again.',
  things: ['signal', 'signals'],
  everyMs: 60_000,
}

const DOWN: NoticeKind = {
  ...UNTOLD,
  rule: { id: 'notifications-held-up', name: 'A destination takes nothing, and what is grave waits for it' },
  advice:
    '`cws notify outbox` shows what waits and why; `sudo cws notify test` with its name tries it, and ends the waiting if that arrives.',
  things: ['outage', 'outages'],
  everyMs: 3_600_000,
}

const REFUSING: NoticeKind = {
  ...DOWN,
  rule: { id: 'notifications-refused-alone', name: 'A destination refuses what is grave, and takes others' },
  advice: '`cws notify outbox` shows what is refused and why: it is tried again until it is taken.',
  things: ['message', 'messages'],
}

export function noticeKind(subject: string): NoticeKind {
  if (subject === subjects.judged) return JUDGED
  if (subject.startsWith(subjects.untold(''))) return UNTOLD
  if (subject.startsWith(subjects.down(''))) return DOWN
  if (subject.startsWith(subjects.refusing(''))) return REFUSING
  return subject === subjects.ends ? { ...CHANGED, severity: () => 'low' } : CHANGED
}
