/** Two words that nobody knows who chooses what is hashed. */
export interface Key {
  readonly k0: number
  readonly k1: number
}

/** From 8 bytes. */
export function keyOf(bytes: Buffer): Key {
  return { k0: bytes.readInt32LE(0), k1: bytes.readInt32LE(4) }
}

/** The four words of its state, and what follows the whole words of a text: the rest of it with the length above, then nothing three times. */
const state = new Int32Array(4)
const last = new Uint32Array(1)
const NOTHING = new Uint32Array(3)

/**
 * HalfSipHash-1-3 (J.-P. Aumasson, D. J. Bernstein, and Linux' `hsiphash`) of so many bytes from a word on: without its key nobody can choose texts that
 * have the same. Of the last word only what is of the text counts. @returns 32 bits, not negative
 */
export function hashOf({ k0, k1 }: Key, words: Uint32Array, first: number, length: number): number {
  state[0] = k0
  state[1] = k1
  state[2] = k0 ^ 0x6c796765
  state[3] = k1 ^ 0x74656462
  const end = first + (length >>> 2)
  const rest = length & 3
  last[0] = (length << 24) | (rest === 0 ? 0 : (words[end] as number) & ~(-1 << (rest << 3)))
  take(words, first, end)
  take(last, 0, 1)
  state[2] = (state[2] as number) ^ 0xff
  take(NOTHING, 0, NOTHING.length)
  return ((state[1] as number) ^ (state[3] as number)) >>> 0
}

/** One round of mixing for each word. */
function take(words: Uint32Array, from: number, to: number): void {
  let v0 = state[0] as number
  let v1 = state[1] as number
  let v2 = state[2] as number
  let v3 = state[3] as number
  for (let i = from; i < to; i++) {
    const word = words[i] as number
    v3 ^= word
    v0 = (v0 + v1) | 0
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
    v0 = (v0 + v3) | 0
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
    v2 = (v2 + v1) | 0
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
    v2 = (v2 << 16) | (v2 >>> 16)
    v0 ^= word
  }
  state[0] = v0
  state[1] = v1
  state[2] = v2
  state[3] = v3
}
