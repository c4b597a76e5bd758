import type { Evidence } from './finding.ts'
import type { Severity } from './severity.ts'

/**
 * What people see: the findings of one rule grouped by chosen fields over a window. This object, with `kind: "signal"` in front, is the
 * JSON line on stdout and the body of the webhook: a contract.
 */
export interface Signal {
  /** Unique and sortable by time: 26 characters of Crockford's base 32 (ULID). */
  readonly id: string
  /** 1 when the signal opens; rises with every change that is told. */
  readonly revision: number
  readonly rule: { readonly id: string; readonly name: string }
  readonly severity: Severity
  readonly status: 'open' | 'acknowledged' | 'archived'
  readonly title: string
  readonly message: string
  readonly advice: string
  /** RFC 3339 with nanoseconds, UTC. */
  readonly first_seen: string
  readonly last_seen: string
  readonly count: number
  readonly tags: readonly string[]
  readonly host: { readonly name: string }
  /** Values of the fields it was grouped by. */
  readonly group: Readonly<Record<string, unknown>>
  /** The first event, the model's fields nested by their names; of a folded signal the first since the last revision. */
  readonly event: Readonly<Record<string, unknown>>
  /** Present where a detection concluded it: the findings of rules that it was concluded from when it opened, or when its severity last rose. */
  readonly findings?: readonly Evidence[]
  /** Present on the signal into which a rule's 21st and later signals of a window fold. */
  readonly folded?: true
  /** Present when values of `event` or `group` were too long and are cut; cut texts end with `…(+n)`. */
  readonly truncated?: true
}
