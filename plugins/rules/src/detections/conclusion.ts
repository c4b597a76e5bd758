import type { Evidence } from '@cws/core'

/** What was concluded from a finding and those before it. */
export interface Conclusion {
  /** Findings in the window. */
  readonly count: number
  /** Different values in the window. */
  readonly distinct: number
  /** Oldest first. */
  readonly evidence: readonly Evidence[]
}
