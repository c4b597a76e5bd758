const CHUNK_BYTES = 65_536
const CLASSES = [16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096] as const
const SLOT_BITS = 12

/** The longest that can be stored, bytes. */
export const SLAB_MAX = CLASSES[CLASSES.length - 1] as number

/** The class for each length in units of 16 bytes. */
const CLASS_OF = Uint8Array.from({ length: SLAB_MAX / 16 + 1 }, (_, units) => CLASSES.findIndex((size) => size >= units * 16))

/**
 * Bytes of many small lengths in few large buffers: no object an entry, nothing for the garbage collector. An address is a number: chunk
 * and slot. Chunks belong to one size class while anything is in them.
 */
export class Slab {
  readonly #maxChunks: number
  readonly #chunks: Buffer[] = []
  /** The same as words: each slot begins with one. */
  readonly #words: Uint32Array[] = []
  readonly #class: number[] = []
  /** Slots in use a chunk. */
  readonly #used: number[] = []
  /** First free slot a chunk, -1 if none; a free slot holds the next one's number plus 1 in its first two bytes. */
  readonly #free: number[] = []
  /** Chunks that may have room, by class; a chunk is listed at most once. */
  readonly #open: number[][] = CLASSES.map(() => [])
  readonly #listed: boolean[] = []

  constructor(maxBytes: number) {
    this.#maxChunks = Math.max(CLASSES.length, Math.floor(maxBytes / CHUNK_BYTES))
  }

  /** Bytes of the chunks. */
  get bytes(): number {
    return this.#chunks.length * CHUNK_BYTES
  }

  /** Room for `length` bytes (at most SLAB_MAX), -1 if there is none. */
  allocate(length: number): number {
    const kind = CLASS_OF[(length + 15) >>> 4] as number
    const open = this.#open[kind] as number[]
    while (open.length > 0) {
      const chunk = open[open.length - 1] as number
      if (this.#class[chunk] === kind && (this.#free[chunk] as number) >= 0) return this.#take(chunk)
      open.pop()
      if (this.#class[chunk] === kind) this.#listed[chunk] = false
    }
    const chunk = this.#chunks.length < this.#maxChunks ? this.#create() : this.#reclaim()
    if (chunk < 0) return -1
    this.#dedicate(chunk, kind)
    return this.#take(chunk)
  }

  release(address: number): void {
    const chunk = address >>> SLOT_BITS
    const slot = address & ((1 << SLOT_BITS) - 1)
    const kind = this.#class[chunk] as number
    const next = (this.#free[chunk] as number) + 1
    const at = slot * (CLASSES[kind] as number)
    const bytes = this.#chunks[chunk] as Buffer
    bytes[at] = next & 0xff
    bytes[at + 1] = next >>> 8
    this.#free[chunk] = slot
    ;(this.#used[chunk] as number)--
    if (!this.#listed[chunk]) {
      this.#listed[chunk] = true
      ;(this.#open[kind] as number[]).push(chunk)
    }
  }

  /** The buffer that an address lies in. */
  bufferOf(address: number): Buffer {
    return this.#chunks[address >>> SLOT_BITS] as Buffer
  }

  /** That buffer as words of 4 bytes. */
  wordsOf(address: number): Uint32Array {
    return this.#words[address >>> SLOT_BITS] as Uint32Array
  }

  /** Where in its buffer an address begins. */
  offsetOf(address: number): number {
    return (address & ((1 << SLOT_BITS) - 1)) * (CLASSES[this.#class[address >>> SLOT_BITS] as number] as number)
  }

  #take(chunk: number): number {
    const slot = this.#free[chunk] as number
    const bytes = this.#chunks[chunk] as Buffer
    const at = slot * (CLASSES[this.#class[chunk] as number] as number)
    this.#free[chunk] = ((bytes[at] as number) | ((bytes[at + 1] as number) << 8)) - 1
    ;(this.#used[chunk] as number)++
    return (chunk << SLOT_BITS) | slot
  }

  #create(): number {
    this.#class.push(-1)
    this.#used.push(0)
    this.#free.push(-1)
    this.#listed.push(false)
    const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
    this.#words.push(new Uint32Array(chunk.buffer))
    return this.#chunks.push(chunk) - 1
  }

  /** A chunk that nothing is in, of whatever class. */
  #reclaim(): number {
    return this.#used.indexOf(0)
  }

  #dedicate(chunk: number, kind: number): void {
    const size = CLASSES[kind] as number
    const bytes = this.#chunks[chunk] as Buffer
    const slots = Math.floor(CHUNK_BYTES / size)
    for (let slot = 0; slot < slots; slot++) bytes.writeUInt16LE(slot + 1 < slots ? slot + 2 : 0, slot * size)
    this.#class[chunk] = kind
    this.#free[chunk] = 0
    this.#listed[chunk] = true
    ;(this.#open[kind] as number[]).push(chunk)
  }
}
