/** Bytes of an entry before its texts. */
export const ENTRY_BYTES = 32
/** Longest texts that are kept, bytes: of a path, and of arguments or other details. */
export const MAX_PATH = 256
export const MAX_DETAILS = 384

/** Words of an entry, each of 4 bytes; the first two are its time. */
const WORD = { size: 2, process: 3, parent: 4, pid: 5, number: 6, lengths: 7 } as const

/** Bits above the lengths. */
const CUT = 1 << 31
const DETAILS = 1 << 30

const nothing: ByteMemory = { u8: new Uint8Array(0), u32: new Uint32Array(0) }

/** Memory seen as bytes and as words; the view of words begins where that of bytes does. */
export interface ByteMemory {
  readonly u8: Uint8Array
  readonly u32: Uint32Array
}

/**
 * What is about to be noted: one object, filled in again and again. Texts are ranges of bytes in whatever memory they lie in; numbers of
 * processes are the tracker's, above 0, and below 2^32.
 */
export class Draft {
  /** When it happened, ms since the epoch. */
  ms = 0
  /** The process that did it, the one that made that, and their session: see `TrackedPast`. */
  process = 0
  parent = 0
  session = 0
  family = 0
  pid = 0
  /** Of exec and fork the pid of the parent; of exit `cause << 16 | code`. */
  number = 0
  /** The image's file. */
  path: ByteMemory = nothing
  pathStart = 0
  pathLength = 0
  /** Arguments, argv0 first, each ended by NUL. */
  args: ByteMemory = nothing
  argsStart = 0
  argsLength = 0
  /** Instead of arguments: fields as JSON. */
  isDetails = false

  /** Who did it is always filled in; the rest is nothing until it is. */
  reset(): void {
    this.number = this.pathLength = this.argsLength = 0
    this.isDetails = false
  }
}

/** Memory that entries lie in, seen as bytes, words and times. */
export interface EntryMemory extends ByteMemory {
  readonly f64: Float64Array
}

/** From here on native code copies faster; below, calling it costs more. */
const NATIVE = 128

/**
 * Copies to a place that is a multiple of 4, word by word, each put together of the two that it lies in: four bytes in the time of one. Up to three
 * bytes behind the end are written, too.
 */
function copy(from: ByteMemory, start: number, length: number, to: ByteMemory, at: number): void {
  if (length > NATIVE) {
    Buffer.prototype.copy.call(from.u8, to.u8, at, start, start + length)
    return
  }
  const source = from.u32
  const target = to.u32
  const shift = (start & 3) << 3
  const words = (length + 3) >>> 2
  let word = start >>> 2
  let place = at >>> 2
  if (shift === 0) for (const end = word + words; word < end; word++, place++) target[place] = source[word] as number
  else {
    let low = source[word] as number
    for (const end = place + words; place < end; place++) {
      // The last word of all memory has none behind it, and needs none.
      const high = ++word < source.length ? (source[word] as number) : 0
      target[place] = (low >>> shift) | (high << (32 - shift))
      low = high
    }
  }
}

/** Bytes that a draft takes as an entry: a multiple of 8. Texts begin at multiples of 4. */
export function sizeOf({ pathLength, argsLength }: Draft): number {
  const path = pathLength < MAX_PATH ? pathLength : MAX_PATH
  const args = argsLength < MAX_DETAILS ? argsLength : MAX_DETAILS
  return (ENTRY_BYTES + ((path + 3) & ~3) + args + 7) & ~7
}

export function write(memory: EntryMemory, at: number, size: number, type: number, draft: Draft): void {
  const { u32 } = memory
  const word = at >>> 2
  const path = draft.pathLength < MAX_PATH ? draft.pathLength : MAX_PATH
  const args = draft.argsLength < MAX_DETAILS ? draft.argsLength : MAX_DETAILS
  memory.f64[at >>> 3] = draft.ms
  u32[word + WORD.size] = size | (type << 16)
  u32[word + WORD.process] = draft.process
  u32[word + WORD.parent] = draft.parent
  u32[word + WORD.pid] = draft.pid
  u32[word + WORD.number] = draft.number
  u32[word + WORD.lengths] = path | (args << 12) | (args < draft.argsLength ? CUT : 0) | (draft.isDetails ? DETAILS : 0)
  if (path > 0) copy(draft.path, draft.pathStart, path, memory, at + ENTRY_BYTES)
  if (args > 0) copy(draft.args, draft.argsStart, args, memory, at + ENTRY_BYTES + ((path + 3) & ~3))
}

/** Reads entries where they lie: `at` is where one begins. */
export class EntryReader {
  readonly #memory: EntryMemory

  constructor(memory: EntryMemory) {
    this.#memory = memory
  }

  size(at: number): number {
    return this.#word(at, WORD.size) & 0xffff
  }

  type(at: number): number {
    return this.#word(at, WORD.size) >>> 16
  }

  ms(at: number): number {
    return this.#memory.f64[at >>> 3] as number
  }

  process(at: number): number {
    return this.#word(at, WORD.process)
  }

  parent(at: number): number {
    return this.#word(at, WORD.parent)
  }

  pid(at: number): number {
    return this.#word(at, WORD.pid)
  }

  number(at: number): number {
    return this.#word(at, WORD.number)
  }

  path(at: number): Uint8Array {
    const length = this.#word(at, WORD.lengths) & 0xfff
    return this.#memory.u8.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + length)
  }

  args(at: number): Uint8Array {
    const lengths = this.#word(at, WORD.lengths)
    const start = at + ENTRY_BYTES + (((lengths & 0xfff) + 3) & ~3)
    return this.#memory.u8.subarray(start, start + ((lengths >>> 12) & 0xfff))
  }

  /** Whether arguments were longer than what is kept. */
  isCut(at: number): boolean {
    return (this.#word(at, WORD.lengths) & CUT) !== 0
  }

  /** Whether `args` are fields as JSON. */
  isDetails(at: number): boolean {
    return (this.#word(at, WORD.lengths) & DETAILS) !== 0
  }

  #word(at: number, word: number): number {
    return this.#memory.u32[(at >>> 2) + word] as number
  }
}
