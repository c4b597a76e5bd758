import type { Drain } from './drain.ts'

/** A drain that other sources may join, so that their records keep their order with its own: what the service `native-drain` offers. */
export interface SharedDrain {
  /** Undefined while none runs. It may be another one after a reload, and what was added to the one before is gone with it. */
  readonly drain: Drain | undefined
  /** ns since boot, as records have it, to ns since the epoch. */
  toWall(boottime: bigint): bigint
  /** Number of the image that this process had all the while between two moments (ns since boot), the same for no other image; 0 if that is not sure. */
  imageWithin(pid: number, since: bigint, until: bigint): number
  /** From now on records of this type, and of the loss of such, are handed over, to each who asked: `at` is the offset in the drain's queue. @returns ends it */
  onRecord(type: number, take: (at: number) => void): () => void
}
