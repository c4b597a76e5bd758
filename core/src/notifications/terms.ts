import type { QuietHours } from './quiet-hours.ts'

/** When the owner of a conversation wants it told, ms: what decides besides the signal. */
export interface Terms {
  /** How long the first word waits for more, unless it is critical. */
  readonly wait?: number | undefined
  /** Tell again while it is open. */
  readonly repeat?: number | undefined
  /** Least time between two words about the same signal. */
  readonly update?: number | undefined
  readonly quiet?: QuietHours | undefined
  /** Each message interrupts somebody: see `Notifier`. */
  readonly interrupts?: boolean | undefined
  /** Its messages say how many less severe signals they keep quiet. */
  readonly saysKept?: boolean | undefined
}

/** Whom a signal is told that nobody acknowledges, and how long after the step before, ms. */
export interface EscalationStep {
  readonly after: number
  readonly to: readonly string[]
}
