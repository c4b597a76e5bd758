/** Two words that nobody knows who chooses what is hashed. */
export interface Key {
  readonly k0: number
  readonly k1: number
}

/** From 8 bytes. */
export function keyOf(bytes: Buffer): Key {
  return { k0: bytes.readInt32LE(0), k1: bytes.readInt32LE(4) }
}

/**
 * HalfSipHash-1-3 (J.-P. Aumasson, D. J. Bernstein, and Linux' `hsiphash`) of so many bytes from a word on: without its key nobody can choose texts that
 * have the same. Of the last word only what is of the text counts. @returns 32 bits, not negative
 */
export function hashOf({ k0, k1 }: Key, words: Uint32Array, first: number, length: number): number {
  let v0 = k0
  let v1 = k1
  let v2 = k0 ^ 0x6c796765
  let v3 = k1 ^ 0x74656462
  const end = first + (length >>> 2)
  for (let i = first; i < end; i++) {
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
  const rest = length & 3
  const last = (length << 24) | (rest === 0 ? 0 : (words[end] as number) & ~(-1 << (rest << 3)))
  v3 ^= last
  // One round for what is left, with the length above it, and three to mix. Written out twice: a function for it would return four numbers.
  for (let round = 0; round < 4; round++) {
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
    if (round === 0) {
      v0 ^= last
      v2 ^= 0xff
    }
  }
  return (v1 ^ v3) >>> 0
}
