import { rankOf } from '../signals/severity.ts'
import type { Signal } from '../signals/signal.ts'

/** A signal as it is stored: its newest revision. */
export interface SignalRow {
  readonly id: string
  readonly rule: string
  /** Rank: 0 `info` … 4 `critical`. */
  readonly severity: number
  readonly status: string
  readonly revision: number
  readonly first_seen: string
  readonly last_seen: string
  readonly count: number
  readonly body: string
}

/** `sending`: a try was begun and its end is not known, so that it may have arrived. `ambiguous`: the same, known. `failed`: the last try did not arrive. */
export type EntryState = 'waiting' | 'sending' | 'failed' | 'ambiguous'

/** One delivery that is owed. Times are wall clock, ms. */
export interface EntryRow {
  readonly key: string
  readonly destination: string
  readonly signal: string
  readonly revision: number
  readonly severity: number
  readonly body: string
  readonly created: number
  readonly attempt: number
  readonly not_before: number
  readonly backoff: number
  readonly state: EntryState
  readonly last_error: string | null
}

/** What changes of an entry with its tries. */
export type EntryProgress = Pick<EntryRow, 'attempt' | 'not_before' | 'backoff' | 'state' | 'last_error'>

/** A delivery that was refused for good. */
export interface DeadRow {
  readonly key: string
  readonly destination: string
  readonly signal: string
  readonly revision: number
  readonly reason: string
  readonly body: string
  readonly at: number
}

/** A change of the store. Each is one transaction. */
export type StoreWrite =
  /** A revision, the deliveries it makes owed, and the keys of those it replaces. */
  | { readonly op: 'signal'; readonly signal: SignalRow; readonly entries: readonly EntryRow[]; readonly replaces: readonly string[] }
  | { readonly op: 'progress'; readonly key: string; readonly progress: EntryProgress }
  /** Delivered, or dropped. */
  | { readonly op: 'remove'; readonly key: string }
  | { readonly op: 'bury'; readonly dead: DeadRow }

/** What the delivery thread must know of a signal without reading its line. */
export type SignalHead = Omit<SignalRow, 'body'>

export function headOf(signal: Signal): SignalHead {
  const { id, rule, severity, status, revision, first_seen, last_seen, count } = signal
  return { id, rule: rule.id, severity: rankOf(severity), status, revision, first_seen, last_seen, count }
}
