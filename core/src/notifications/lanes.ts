import type { Reason } from '../messages/letter.ts'
import { rankOf } from '../signals/severity.ts'

/** Rank of `critical`. */
const CRITICAL = rankOf('critical')

export const lanes = [
  'critical',
  'first of a rule',
  'escalated',
  'judged',
  'first words',
  'updates',
  'repeats',
  'digests',
  'changes',
  'refused',
] as const
export type Lane = (typeof lanes)[number]

/**
 * Who is served first where several wait: what is critical, if it is new, nobody has judged it or the agent says it of itself; a rule that was not
 * heard lately, so that a noisy one does not hide it; what else nobody has judged; what people have, which may be a thousand at once; then the rest.
 * Last what is refused while others are taken, whatever it is.
 */
export function laneOf(reason: Reason, severity: number, isHeard: boolean, isAlone = false): Lane {
  if (isAlone) return 'refused'
  switch (reason) {
    case 'opened':
    case 'raised':
      return severity >= CRITICAL ? 'critical' : isHeard ? 'first words' : 'first of a rule'
    case 'acknowledged':
    case 'archived':
      return 'judged'
    case 'escalated':
    case 'notice':
      return severity >= CRITICAL ? 'critical' : 'escalated'
    case 'updated':
      return 'updates'
    case 'replayed':
    case 'test':
      return 'first words'
    case 'repeat':
      return 'repeats'
    case 'digest':
      return 'digests'
    case 'changed':
      return 'changes'
  }
}
