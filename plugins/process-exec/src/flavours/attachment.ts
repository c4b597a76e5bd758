import type { ProcessSensor } from '../sensor.ts'

/** A flavour at work. */
export interface Attachment {
  /** Which record types are wanted at once; others ride along with the next that is. */
  wakeOn(types: readonly number[]): void
  /** Takes what is left, then ends. */
  close(): void
}

/** Starts a flavour: from the moment it returns, records reach the sensor. @throws whatever says why it cannot. */
export type Attach = (sensor: ProcessSensor) => Attachment
