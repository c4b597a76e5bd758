import { randomFillSync } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** Random bytes are drawn for many ids at once: each draw is a call of its own into OpenSSL. */
const pool = Buffer.alloc(16 * 64)
let used = pool.length

/** A ULID (github.com/ulid/spec): 48 bits of milliseconds and 80 random bits, 26 characters, sortable by time. */
export function ulid(now = Date.now()): string {
  let time = ''
  for (let rest = now, i = 0; i < 10; i++) {
    time = ALPHABET[rest % 32] + time
    rest = Math.floor(rest / 32)
  }
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  let random = ''
  for (const end = used + 16; used < end; used++) random += ALPHABET[(pool[used] as number) & 31]
  return time + random
}
