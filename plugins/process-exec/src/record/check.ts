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

/** Type of the record at `at` if it lies whole before `end` and is as long as its type needs; 0 if not. */
export function typeAt(memory: Memory, at: number, end: number): number {
  if (at + 8 > end) return 0
  const size = memory.u32[(at + HEADER.size) >>> 2] as number
  const type = memory.u16[(at + HEADER.type) >>> 1] as number
  const least = SIZES[type]
  return least !== undefined && size >= least && size % 8 === 0 && at + size <= end ? type : 0
}

/** Size of the record at `at` in bytes if one can step over it, 0 if the bytes are no record. */
export function sizeAt(memory: Memory, at: number, end: number): number {
  if (at + 8 > end) return 0
  const size = memory.u32[at >>> 2] as number
  return size >= 8 && size % 8 === 0 && at + size <= end ? size : 0
}
