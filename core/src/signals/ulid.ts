import { randomFillSync } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const TIME_LENGTH = 10
const RANDOM_LENGTH = 16
/** Random bytes are drawn for many ids at once: each draw is a call of its own into OpenSSL. */
const pool = Buffer.alloc(16 * 64)
let used = pool.length

/** A ULID (github.com/ulid/spec): 48 bits of milliseconds and 80 random bits, 26 characters, sortable by time. */
export function ulid(now = Date.now()): string {
  const time = digits(now, TIME_LENGTH)
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  let random = ''
  for (const end = used + 16; used < end; used++) random += ALPHABET[(pool[used] as number) & 31]
  return time + random
}

/** A ULID that is the same each time: of a time and, in the place of the random bits, a number. */
export function ulidOf(ms: number, number: number): string {
  return digits(ms, TIME_LENGTH) + digits(number, RANDOM_LENGTH)
}

function digits(value: number, length: number): string {
  let text = ''
  for (let rest = value, i = 0; i < length; i++) {
    text = ALPHABET[rest % 32] + text
    rest = Math.floor(rest / 32)
  }
  return text
}
