import type { EntryProgress, EntryRow, EntryState } from './store-rows.ts'

/** An owed delivery as the schedule keeps it: without its text, and with times that never go back. */
export interface Entry {
  readonly key: string
  readonly signal: string
  readonly revision: number
  readonly severity: number
  readonly sequence: number
  attempt: number
  /** When it may be tried, by the monotonic clock, ms. */
  due: number
  backoff: number
  state: EntryState
  lastError: string | null
  inFlight: boolean
}

export function entryOf(row: EntryRow, sequence: number, due: number): Entry {
  const { key, signal, revision, severity, attempt, backoff, state, last_error: lastError } = row
  return { key, signal, revision, severity, sequence, attempt, due, backoff, state, lastError, inFlight: false }
}

export function progressOf(entry: Entry): EntryProgress {
  const { attempt, backoff, state, lastError } = entry
  const wait = Math.max(0, entry.due - performance.now())
  return { attempt, not_before: Math.ceil(Date.now() + wait), backoff: Math.ceil(backoff), state, last_error: lastError }
}

/** Who is served first: the most severe, of these first words before updates, of these the oldest. */
export function order(a: Entry, b: Entry): number {
  return b.severity - a.severity || Math.min(a.revision, 2) - Math.min(b.revision, 2) || a.sequence - b.sequence
}
