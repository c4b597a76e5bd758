import type { SignalHead } from '../signals/signal-line.ts'

type Known = Pick<SignalHead, 'status' | 'severity'>

/**
 * The status of a signal with a new revision. What people said of it holds while it merely grows. A rise of severity opens it anew, also if it
 * was archived: they judged something less.
 */
export function statusAfter(before: Known | undefined, head: Known): string {
  return before === undefined || head.severity > before.severity ? head.status : before.status
}
