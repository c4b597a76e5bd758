/** When the owner of a conversation wants it told, ms: what decides besides the signal. */
export interface Terms {
  /** How long the first word waits for more, unless it is critical. */
  readonly wait?: number | undefined
  /** Tell again while it is open. */
  readonly repeat?: number | undefined
  /** Least time between two words about the same signal. */
  readonly update?: number | undefined
  /** Each message interrupts somebody: see `Notifier`. */
  readonly interrupts?: boolean | undefined
}
