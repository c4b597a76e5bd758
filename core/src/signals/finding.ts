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
}
