import { randomBytes } from 'node:crypto'
import { textOf } from '@cws/core'
import { type Memory, memoryOf } from '../record/memory.ts'
import { hashOf, keyOf } from './half-sip-hash.ts'
import { SLAB_MAX, Slab } from './slab.ts'

/** Number of a byte string; 0 is none. */
export type StringId = number

/** Text that is kept decoded, in characters, before all of it is let go. */
const MAX_DECODED = 4 * 1024 * 1024
/** Only texts up to this length are kept decoded. */
const DECODED_LENGTH = 512
/** From here on native code compares and copies faster than a loop. */
const LONG = 1024
const ENTRY_BYTES = 5 * 4
/** A power of two: texts that are compared before anything is hashed. */
const RECENT_BITS = 12
const RECENT = 2 ** RECENT_BITS

/** Memory that bytes are read from. Numbers are little-endian there, as on every machine that this runs on. */
type Bytes = Pick<Memory, 'u8' | 'u32'>

/**
 * Byte strings, each stored once and named by a number: finding a known one makes no object. Counted by references and bounded by bytes.
 * The hash has a key, since attackers choose the strings.
 */
export class Strings {
  readonly #slab: Slab
  readonly #max: number
  readonly #key = keyOf(randomBytes(8))
  #hash = new Uint32Array(1024)
  #address = new Uint32Array(1024)
  #length = new Uint32Array(1024)
  #refs = new Uint32Array(1024)
  /** Next in the bucket, or in the list of free entries. */
  #next = new Uint32Array(1024)
  #buckets = new Uint32Array(1024)
  /** By a few of their words, what was asked for last: comparing costs less than hashing. */
  readonly #recent = new Uint32Array(RECENT)
  #top = 1
  #free = 0
  #count = 0
  /** Where what does not start at a word is copied to. */
  readonly #moved: Bytes = memoryOf(new Uint8Array(SLAB_MAX))
  #decoded: (string | undefined)[] = []
  #decodedLength = 0
  /** Caches of what is derived from texts; emptied together with #decoded. */
  readonly #derived: (string | undefined)[][] = []
  /** Strings that found no room. */
  refused = 0

  constructor(maxBytes: number) {
    this.#slab = new Slab(Math.floor(maxBytes * 0.8))
    this.#max = Math.max(1024, Math.floor((maxBytes * 0.2) / ENTRY_BYTES))
  }

  get bytes(): number {
    return this.#slab.bytes + this.#hash.length * ENTRY_BYTES + this.#buckets.length * 4
  }

  get count(): number {
    return this.#count
  }

  /**
   * The number of these bytes, with one reference more; what is longer than SLAB_MAX is cut. 0 if there is no room. Fastest where they start at a
   * whole word.
   */
  intern(from: Bytes, start: number, byteLength: number): StringId {
    const length = Math.min(byteLength, SLAB_MAX)
    if ((start & 3) !== 0) {
      this.#moved.u8.set(from.u8.subarray(start, start + length))
      return this.intern(this.#moved, 0, length)
    }
    const place = recentPlaceOf(from.u32, start >>> 2, length)
    const recent = this.#recent[place] as number
    if (recent !== 0 && this.#length[recent] === length && this.#refs[recent] !== 0 && this.#equals(recent, from, start, length)) {
      ;(this.#refs[recent] as number)++
      return recent
    }
    const id = this.#find(from, start, length)
    this.#recent[place] = id
    return id
  }

  retain(id: StringId): void {
    if (id !== 0) (this.#refs[id] as number)++
  }

  release(id: StringId): void {
    if (id === 0 || --(this.#refs[id] as number) > 0) return
    this.#unlink(id)
    this.#slab.release(this.#address[id] as number)
    this.#forget(id)
    this.#next[id] = this.#free
    this.#free = id
    this.#count--
  }

  lengthOf(id: StringId): number {
    return this.#length[id] as number
  }

  /** The same for equal bytes, as long as the agent runs. */
  hashOf(id: StringId): number {
    return this.#hash[id] as number
  }

  /** 0 of an empty one. */
  firstByte(id: StringId): number {
    return this.lengthOf(id) === 0 ? 0 : (this.bufferOf(id)[this.offsetOf(id)] as number)
  }

  /** The text; short ones are kept decoded. */
  text(id: StringId): string {
    const known = this.#decoded[id]
    if (known !== undefined) return known
    const at = this.offsetOf(id)
    const text = textOf(this.bufferOf(id), at, at + this.lengthOf(id))
    if (text.length <= DECODED_LENGTH) {
      this.#decodedLength += text.length
      if (this.#decodedLength > MAX_DECODED) {
        this.#decoded = []
        for (const cache of this.#derived) cache.length = 0
        this.#decodedLength = text.length
      }
      this.#decoded[id] = text
    }
    return text
  }

  /** A function of texts whose results are kept as long as their strings are. */
  derive(of: (text: string) => string): (id: StringId) => string {
    const cache: (string | undefined)[] = []
    this.#derived.push(cache)
    return (id) => {
      const known = cache[id]
      if (known !== undefined) return known
      const value = of(this.text(id))
      cache[id] = value
      return value
    }
  }

  bufferOf(id: StringId): Uint8Array {
    return this.#slab.bufferOf(this.#address[id] as number)
  }

  offsetOf(id: StringId): number {
    return this.#slab.offsetOf(this.#address[id] as number)
  }

  /** By its hash, or a new one. */
  #find(from: Bytes, start: number, length: number): StringId {
    const hash = this.#hashOf(from.u32, start >>> 2, length)
    for (let id = this.#buckets[hash & (this.#buckets.length - 1)] as number; id !== 0; id = this.#next[id] as number)
      if (this.#hash[id] === hash && this.#length[id] === length && this.#equals(id, from, start, length)) {
        ;(this.#refs[id] as number)++
        return id
      }
    return this.#add(hash, from, start, length)
  }

  #add(hash: number, from: Bytes, start: number, length: number): StringId {
    const id = this.#free !== 0 ? this.#free : this.#top < this.#max ? this.#top : 0
    const address = id === 0 ? -1 : this.#slab.allocate(length)
    if (address < 0) {
      this.refused++
      return 0
    }
    if (id === this.#free) this.#free = this.#next[id] as number
    else {
      this.#top++
      if (id >= this.#hash.length) this.#grow()
    }
    const at = this.#slab.offsetOf(address)
    if (length > LONG) Buffer.prototype.copy.call(from.u8, this.#slab.bufferOf(address), at, start, start + length)
    else {
      // Whole words: what stands behind the last byte is never looked at.
      const to = this.#slab.wordsOf(address)
      for (let i = 0; i < (length + 3) >>> 2; i++) to[(at >>> 2) + i] = from.u32[(start >>> 2) + i] as number
    }
    this.#hash[id] = hash
    this.#address[id] = address
    this.#length[id] = length
    this.#refs[id] = 1
    this.#count++
    const bucket = hash & (this.#buckets.length - 1)
    this.#next[id] = this.#buckets[bucket] as number
    this.#buckets[bucket] = id
    return id
  }

  #unlink(id: StringId): void {
    const bucket = (this.#hash[id] as number) & (this.#buckets.length - 1)
    let at = this.#buckets[bucket] as number
    if (at === id) {
      this.#buckets[bucket] = this.#next[id] as number
      return
    }
    while (this.#next[at] !== id) at = this.#next[at] as number
    this.#next[at] = this.#next[id] as number
  }

  #forget(id: StringId): void {
    for (const cache of this.#derived) if (cache[id] !== undefined) cache[id] = undefined
    const text = this.#decoded[id]
    if (text === undefined) return
    this.#decodedLength -= text.length
    this.#decoded[id] = undefined
  }

  #equals(id: StringId, from: Bytes, start: number, length: number): boolean {
    const at = this.offsetOf(id)
    if (length > LONG) return Buffer.prototype.compare.call(this.bufferOf(id), from.u8, start, start + length, at, at + length) === 0
    return areEqual(this.#slab.wordsOf(this.#address[id] as number), at >>> 2, from.u32, start >>> 2, length)
  }

  #hashOf(words: Uint32Array, first: number, length: number): number {
    return hashOf(this.#key, words, first, length)
  }

  #grow(): void {
    const size = this.#hash.length * 2
    const larger = (from: Uint32Array) => {
      const to = new Uint32Array(size)
      to.set(from)
      return to
    }
    this.#hash = larger(this.#hash)
    this.#address = larger(this.#address)
    this.#length = larger(this.#length)
    this.#refs = larger(this.#refs)
    this.#next = larger(this.#next)
    this.#buckets = new Uint32Array(size)
    for (let id = 1; id < this.#top; id++) {
      if ((this.#refs[id] as number) === 0) continue
      const bucket = (this.#hash[id] as number) & (size - 1)
      this.#next[id] = this.#buckets[bucket] as number
      this.#buckets[bucket] = id
    }
  }
}

/**
 * By length, first and last bytes and a few of the middle: texts that differ elsewhere push each other out, which costs a hash and
 * a comparison. Whoever chooses texts can have no more than that.
 */
function recentPlaceOf(words: Uint32Array, first: number, length: number): number {
  const end = first + (length >>> 2)
  const rest = length & 3
  const last = rest === 0 ? 0 : (words[end] as number) & ~(-1 << (rest << 3))
  let mixed = Math.imul(length ^ last, 0x9e3779b1)
  if (end > first) {
    mixed = Math.imul(mixed ^ (words[first] as number), 0x85ebca6b)
    mixed = Math.imul((mixed >>> 15) ^ mixed ^ (words[first + (length >>> 3)] as number), 0xc2b2ae35)
    mixed = Math.imul((mixed >>> 13) ^ mixed ^ (words[end - 1] as number), 0x27d4eb2f)
  }
  return mixed >>> (32 - RECENT_BITS)
}

/** Whether so many bytes are the same, from two words on. Four words a step: that is twice as fast as one. */
function areEqual(a: Uint32Array, fromA: number, b: Uint32Array, fromB: number, length: number): boolean {
  const by = fromB - fromA
  const end = fromA + (length >>> 2)
  let i = fromA
  for (; i + 4 <= end; i += 4) {
    const differ =
      ((a[i] as number) ^ (b[i + by] as number)) |
      ((a[i + 1] as number) ^ (b[i + by + 1] as number)) |
      ((a[i + 2] as number) ^ (b[i + by + 2] as number)) |
      ((a[i + 3] as number) ^ (b[i + by + 3] as number))
    if (differ !== 0) return false
  }
  for (; i < end; i++) if (a[i] !== b[i + by]) return false
  const rest = length & 3
  return rest === 0 || (((a[end] as number) ^ (b[end + by] as number)) & ~(-1 << (rest << 3))) === 0
}
