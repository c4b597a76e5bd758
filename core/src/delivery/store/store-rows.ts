import type { Reason } from '../../messages/letter.ts'
import type { Conversation } from '../../notifications/conversation.ts'
import type { Lane } from '../../notifications/lanes.ts'
import type { SignalHead } from '../../signals/signal-line.ts'
import type { Change } from '../telling/change-notices.ts'

/** A signal as it is stored: its newest revision. */
export interface SignalRow extends SignalHead {
  readonly body: string
}

/**
 * `waiting`: its bytes are not made yet. `making`: they are being made. `sending`: a try was begun and its end is not known, so that it may have
 * arrived. `ambiguous`: the same, known; it stays so until it is delivered. `failed`: no try arrived.
 */
export type MessageState = 'waiting' | 'making' | 'sending' | 'failed' | 'ambiguous'

/** One message whose bytes are made, or, of a destination that is told every revision, a revision that waits for its turn. `not_before` is of the steady clock, `created` of the wall clock, ms. */
export interface MessageRow {
  readonly key: string
  readonly destination: string
  readonly signal: string
  readonly revision: number
  readonly severity: number
  readonly count: number
  readonly status: string
  readonly reason: Reason
  readonly rule: string | null
  readonly generation: number
  /** Which form of it: the notifier's tiers from 0, after them the fallback. */
  readonly tier: number
  /** What each try sends; while it waits, the signal's line. */
  readonly body: string
  /** The signal's line where that is not the body. */
  readonly line: string | null
  readonly created: number
  readonly attempt: number
  readonly not_before: number
  readonly backoff: number
  readonly state: MessageState
  readonly last_error: string | null
  /** Of a digest: the other signals that it tells, JSON, a list of `Covered`; null: none. */
  readonly covers: string | null
}

/** A signal as a digest tells it. */
export type Covered = Pick<Conversation, 'signal'> & Pick<SignalHead, 'revision' | 'severity' | 'count' | 'status'>

/** What changes of a message with its tries. */
export type MessageProgress = Pick<MessageRow, 'attempt' | 'not_before' | 'backoff' | 'state' | 'last_error'>

/** A delivery that was refused for good. */
export interface DeadRow {
  readonly key: string
  readonly destination: string
  readonly signal: string
  readonly revision: number
  readonly reason: string
  readonly body: string
  readonly at: number
  /** 1: the rest of it arrived. */
  readonly in_part: 0 | 1
}

/** What is known of a destination beyond its messages. Times of the steady clock, ms. */
export interface DestinationRow {
  readonly name: string
  /** Failures in a row. */
  readonly failures: number
  /** Since when it is probed by one try at a time; null: it is not. */
  readonly opened_at: number | null
  readonly probe_at: number
  /** How long that was to wait. */
  readonly backoff: number
  readonly is_broken: 0 | 1
  readonly last_error: string | null
  /** RFC 3339, UTC; null: not known. */
  readonly last_error_at: string | null
}

/** One part of the evidence of a signal, JSON. */
export interface EvidenceRow {
  readonly signal: string
  readonly body: string
}

/** Mutes that a signal is not told for, and who would have heard of it. */
export interface Muting {
  readonly mutes: readonly number[]
  readonly destinations: readonly string[]
}

/** Deliveries that are given up since too many wait. */
export interface Shed {
  readonly destination: string
  readonly lanes: readonly Lane[]
}

/** How many were given up of a destination and lane, and not told yet; when they were told last, by the wall clock, ms. */
export interface ShedRow {
  readonly destination: string
  readonly lane: Lane
  readonly count: number
  readonly told_at: number
}

/** A change of the store. Each is one transaction. */
export type StoreWrite =
  /** A revision, the conversations about it, the messages that wait for their turn, and which mutes keep it from whom. */
  | {
      readonly op: 'signal'
      readonly signal: SignalRow
      readonly conversations: readonly Conversation[]
      readonly steps: readonly MessageRow[]
      readonly muting?: Muting | undefined
      /** It is the notice of what was given up of a destination. */
      readonly shedTold?: string | undefined
    }
  /** A message has its key, or its bytes. `replaces`: of one that did not arrive and is overtaken. */
  | { readonly op: 'claim'; readonly message: MessageRow; readonly conversations: readonly Conversation[]; readonly replaces?: string }
  | { readonly op: 'progress'; readonly key: string; readonly progress: MessageProgress }
  /** A message leaves: delivered, dropped, or refused for good. */
  | {
      readonly op: 'settle'
      readonly key: string
      readonly conversations: readonly Conversation[]
      readonly dead?: DeadRow | undefined
      readonly shed?: Shed | undefined
    }
  /** Conversations are so now. `notices`: what others are to hear of that. */
  | {
      readonly op: 'converse'
      readonly conversations: readonly Conversation[]
      readonly notices?: readonly Change[] | undefined
      readonly shed?: Shed | undefined
    }
  | { readonly op: 'evidence'; readonly evidence: EvidenceRow }
  /** People have judged it; a later revision that is not more severe does not change that. Who was told is to be told of it; `notices`: what others are to hear. */
  | { readonly op: 'judge'; readonly signal: string; readonly status: string; readonly notices?: readonly Change[] | undefined }
  | { readonly op: 'destination'; readonly destination: DestinationRow }
  | { readonly op: 'clock'; readonly offset: number }
  /** What is at work now (JSON, see `Makeup`), and the messages that tell of it. */
  | { readonly op: 'makeup'; readonly makeup: string; readonly steps: readonly MessageRow[] }
