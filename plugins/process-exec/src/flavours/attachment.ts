import type { Drain } from '@cws/native'
import type { ProcessSensor } from '../sensor.ts'

/** A flavour at work. */
export interface Attachment {
  /** The native thread, where there is one. */
  readonly drain?: Drain
  /** Which record types are wanted at once; others ride along with the next that is. */
  wakeOn(types: readonly number[]): void
  /** Takes what is left, then ends. */
  close(): void
}

/** Starts a flavour: from the moment it returns, records reach the sensor. @throws whatever says why it cannot. */
export type Attach = (sensor: ProcessSensor) => Attachment
