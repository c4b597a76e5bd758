import type { Readable } from '../condition/ir.ts'

/** What events have in common again and again: that a number stands for. */
export interface Recurrence {
  /** Fields that say the same, UNKNOWN included, on all events of one number. */
  readonly fields: ReadonlySet<string>
  /** The number of an event that is under dispatch; 0 if it has none. Never used for anything else. */
  of(event: Readable): number
  /** Numbers that tell more: their fields are these and others, and events that have one number of them have one here. */
  readonly finer?: Recurrence | undefined
}

/** An event, if what stands above its process is kept by numbers: what `recurrence` says is the same object for all events of one feed. */
export interface Recurring extends Readable {
  readonly recurrence?: Recurrence | undefined
}
