import type { Severity } from './severity.ts'

/** What a detector says of one event: this rule matched. */
export interface Finding {
  /** Id of the rule: lower-case words with dashes. */
  readonly rule: string
  /** Name of the rule for people; the id if absent. */
  readonly name?: string
  readonly severity: Severity
  /** One line for people, no markup. */
  readonly title?: string
  /** Markdown with `{{@field}}` variables, rendered when the signal opens. */
  readonly message?: string
  /** What the reader should do now, one or two sentences. */
  readonly advice?: string
  /** For example `mitre:T1505.003`. */
  readonly tags?: readonly string[]
  /** Fields whose values make one signal of many findings. Default: container.id, process.file.path and the event's own file path. */
  readonly groupBy?: readonly string[]
  /** What it is grouped by where that is no field of the event: instead of `groupBy`. */
  readonly group?: Readonly<Record<string, unknown>>
  /** Values of `{{name}}` variables in the message. */
  readonly values?: Readonly<Record<string, string | number>>
  /** The findings that this one was concluded from, oldest first: a few of them. */
  readonly evidence?: readonly Evidence[]
}

/** A finding that another one was concluded from, with a few facts of its event. */
export interface Evidence {
  /** Id of the rule. */
  readonly rule: string
  /** When its event happened, RFC 3339. */
  readonly timestamp: string
  /** Type of its event. */
  readonly type: string
  /** Some of its fields by their dotted names, as they may be shown; null is UNKNOWN. */
  readonly fields: Readonly<Record<string, unknown>>
}
