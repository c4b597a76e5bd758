import type { SignalHead } from '../signals/signal-line.ts'

/** A signal as it is stored: its newest revision. */
export interface SignalRow extends SignalHead {
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

/** One part of the evidence of a signal, JSON. */
export interface EvidenceRow {
  readonly signal: string
  readonly body: string
}

/** A change of the store. Each is one transaction. */
export type StoreWrite =
  /** A revision, the deliveries it makes owed, and the keys of those it replaces. */
  | { readonly op: 'signal'; readonly signal: SignalRow; readonly entries: readonly EntryRow[]; readonly replaces: readonly string[] }
  | { readonly op: 'progress'; readonly key: string; readonly progress: EntryProgress }
  /** Delivered, or dropped. */
  | { readonly op: 'remove'; readonly key: string }
  | { readonly op: 'bury'; readonly dead: DeadRow }
  | { readonly op: 'evidence'; readonly evidence: EvidenceRow }
  /** People have judged it; a later revision does not change that. */
  | { readonly op: 'judge'; readonly signal: string; readonly status: string }
