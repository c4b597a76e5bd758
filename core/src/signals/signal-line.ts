import { rankOf } from './severity.ts'
import type { Signal } from './signal.ts'
import { decodeSignal } from './signal-json.ts'

/** What is asked of a signal most, so that its line need not be read. */
export interface SignalHead {
  readonly id: string
  /** Id of the rule. */
  readonly rule: string
  /** Rank: 0 `info` … 4 `critical`. */
  readonly severity: number
  readonly status: string
  readonly revision: number
  readonly first_seen: string
  readonly last_seen: string
  readonly count: number
}

export function headOf(signal: Signal): SignalHead {
  const { id, rule, severity, status, revision, first_seen, last_seen, count } = signal
  return { id, rule: rule.id, severity: rankOf(severity), status, revision, first_seen, last_seen, count }
}

/** A signal on its way: its JSON line, made once, and read back only for those who want the object. */
export class SignalLine {
  readonly head: SignalHead
  readonly line: string
  #signal: Signal | undefined

  constructor(head: SignalHead, line: string) {
    this.head = head
    this.line = line
  }

  get signal(): Signal {
    this.#signal ??= decodeSignal(this.line)
    return this.#signal
  }
}
