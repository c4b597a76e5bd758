import { isAscii, isUtf8 } from 'node:buffer'

const BACKSLASH = 0x5c
const LOWER_X = 0x78

/**
 * The text of bytes that the kernel calls a string (paths, arguments): UTF-8, and each byte that is not part of it as `\xNN` (two lower-case
 * hexadecimal digits). A backslash stands for itself, except where the bytes already spell such an escape: there it becomes `\x5c`. So two
 * different byte strings never have the same text.
 *
 * Nothing is read outside [start, end), which must lie within `bytes`.
 */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  const text = end - start <= SHORT ? shortText(bytes, start, end) : longText(bytes, start, end)
  return text === undefined || (text.includes(ESCAPE) && spelled.test(text)) ? escaped(bytes, start, end) : text
}

/** Up to here looking at each byte costs less than a call out of JavaScript. */
const SHORT = 48
const ESCAPE = '\\x'
const spelled = /\\x[0-9a-f]{2}/

function shortText(bytes: Uint8Array, start: number, end: number): string | undefined {
  for (let i = start; i < end; i++) if ((bytes[i] as number) >= 0x80) return longText(bytes, start, end)
  return Buffer.prototype.latin1Slice.call(bytes, start, end)
}

/** undefined if it is not UTF-8. */
function longText(bytes: Uint8Array, start: number, end: number): string | undefined {
  const part = bytes.subarray(start, end)
  if (isAscii(part)) return Buffer.prototype.latin1Slice.call(bytes, start, end)
  return isUtf8(part) ? Buffer.prototype.utf8Slice.call(bytes, start, end) : undefined
}

function escaped(bytes: Uint8Array, start: number, end: number): string {
  let out = ''
  let done = start
  for (let i = start; i < end; ) {
    const length = sequenceLength(bytes, i, end)
    if (length > 0 && !(bytes[i] === BACKSLASH && spellsEscape(bytes, i, end))) {
      i += length
      continue
    }
    out += Buffer.prototype.utf8Slice.call(bytes, done, i)
    out += `\\x${(bytes[i] as number).toString(16).padStart(2, '0')}`
    done = ++i
  }
  return out + Buffer.prototype.utf8Slice.call(bytes, done, end)
}

/** Whether the bytes at `i` are a backslash, `x` and two lower-case hexadecimal digits. */
function spellsEscape(bytes: Uint8Array, i: number, end: number): boolean {
  return i + 3 < end && bytes[i + 1] === LOWER_X && isHex(bytes[i + 2] as number) && isHex(bytes[i + 3] as number)
}

function isHex(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66)
}

/** Bytes of the well-formed UTF-8 sequence at `i` (The Unicode Standard, table 3-7), 0 if there is none. */
function sequenceLength(bytes: Uint8Array, i: number, end: number): number {
  const lead = bytes[i] as number
  if (lead < 0x80) return 1
  const length = lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0
  if (length === 0 || i + length > end) return 0
  const second = bytes[i + 1] as number
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return 0
  for (let k = 2; k < length; k++) if (((bytes[i + k] as number) & 0xc0) !== 0x80) return 0
  return length
}
