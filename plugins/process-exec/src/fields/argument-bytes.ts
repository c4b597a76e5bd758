import type { Reader, TextBytes } from '@cws/core'
import { EXEC, EXEC_SIZE, FLAG } from '../record/layout.ts'
import type { Images } from './images.ts'

const SPACE = 0x20

/** The bytes of argv0, args and argv in the record under dispatch: each argument ends in a zero byte, which in `args` is a space. */
export function argumentBytes(images: Images): Readonly<Record<'argv0' | 'args' | 'argv', NonNullable<Reader['bytes']>>> {
  const { live } = images
  /** One for all that are asked for: nothing is allocated. */
  const text: { -readonly [K in keyof TextBytes]: TextBytes[K] } = { bytes: new Uint8Array(), start: 0, end: 0, nul: SPACE }
  const find = (): number => {
    const { memory, at, node } = live
    if (node === 0 || at < 0 || !memory || (images.flags(node) & FLAG.ARGV_UNKNOWN) !== 0 || images.table.nodes.row[node] === 0) return -1
    const from = memory.u32[(at + EXEC.argv) >>> 2] as number
    const length = memory.u32[((at + EXEC.argv) >>> 2) + 1] as number
    if (from < EXEC_SIZE || from + length > (memory.u32[at >>> 2] as number)) return -1
    const { u8 } = memory
    text.bytes = u8
    text.start = at + from
    text.end = at + from + length
    if (length > 0 && u8[text.end - 1] === 0) text.end--
    let first = text.start
    while (first < text.end && u8[first] !== 0) first++
    return first
  }
  const rest = (nul: number) => () => {
    const first = find()
    if (first < 0) return undefined
    text.start = Math.min(first + 1, text.end)
    text.nul = nul
    return text
  }
  return {
    argv0: () => {
      const first = find()
      if (first < 0) return undefined
      text.end = first
      return text
    },
    args: rest(SPACE),
    argv: rest(0),
  }
}
