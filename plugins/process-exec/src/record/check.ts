import { CHANGE_SIZE, EXEC_SIZE, EXIT_SIZE, FORK_SIZE, HEADER, LOST_SIZE, TYPE } from './layout.ts'
import type { Memory } from './memory.ts'

const SIZES: Readonly<Record<number, number>> = {
  [TYPE.EXEC]: EXEC_SIZE,
  [TYPE.FORK]: FORK_SIZE,
  [TYPE.EXIT]: EXIT_SIZE,
  [TYPE.CHANGE]: CHANGE_SIZE,
  [TYPE.OPEN]: CHANGE_SIZE,
  [TYPE.LOST]: LOST_SIZE,
  [TYPE.PAD]: 8,
}

/** Type of the record at `at`, which `sizeAt` says can be stepped over; 0 if there is none, or it is shorter than its type needs. */
export function typeAt(memory: Memory, at: number, size: number): number {
  if (size === 0) return 0
  const type = memory.u16[(at + HEADER.type) >>> 1] as number
  const least = SIZES[type]
  return least !== undefined && size >= least ? type : 0
}

/** Size of the record at `at` in bytes if one can step over it, 0 if the bytes are no record. */
export function sizeAt(memory: Memory, at: number, end: number): number {
  if (at + 8 > end) return 0
  const size = memory.u32[at >>> 2] as number
  return size >= 8 && size % 8 === 0 && at + size <= end ? size : 0
}
