import { EXEC, EXEC_SIZE, HEADER } from '../record/layout.ts'
import { type Memory, memoryOf } from '../record/memory.ts'
import type { StringId, Strings } from './strings.ts'

const ROW_BYTES = EXEC_SIZE
const FIRST_ROWS = 512

/** The variable parts of an exec record that a row keeps as numbers of interned strings. */
const TEXTS = [EXEC.file_path, EXEC.file_fstype, EXEC.filename, EXEC.cwd, EXEC.cgroup, EXEC.argv, EXEC.envp] as const

/** Number of a row; 0 is none: an image that nobody knows. */
export type Row = number

/**
 * What is known of process images: the fixed part of each exec record as it came, its variable parts replaced by numbers of interned strings
 * (their lengths stay). Images are shared by the processes that forks made of them, and counted by references.
 */
export class Rows {
  readonly strings: Strings
  readonly #max: number
  memory: Memory
  #top = 1
  #free = 0
  #count = 0

  constructor(strings: Strings, maxBytes: number) {
    this.strings = strings
    this.#max = Math.max(64, Math.floor(maxBytes / ROW_BYTES))
    this.memory = memoryOf(new Uint8Array(Math.min(FIRST_ROWS, this.#max) * ROW_BYTES))
  }

  get bytes(): number {
    return this.memory.u8.length
  }

  get count(): number {
    return this.#count
  }

  get full(): boolean {
    return this.#free === 0 && this.#top >= this.#max
  }

  /** Copies the exec record at `at`, which is whole. Parts that point outside of it are taken as absent. One reference; 0 if full. */
  add(from: Memory, at: number): Row {
    const row = this.#allocate()
    if (row === 0) return 0
    const base = (row * ROW_BYTES) >>> 2
    const { u32 } = this.memory
    const size = from.u32[at >>> 2] as number
    for (let i = 0, source = at >>> 2; i < ROW_BYTES >>> 2; i++) u32[base + i] = from.u32[source + i] as number
    u32[base] = 1
    for (let i = 0; i < TEXTS.length; i++) {
      const word = base + ((TEXTS[i] as number) >>> 2)
      const start = u32[word] as number
      const length = u32[word + 1] as number
      const fits = start >= EXEC_SIZE && start + length <= size
      u32[word] = fits ? this.strings.intern(from, at + start, length) : 0
    }
    return row
  }

  retain(row: Row): void {
    if (row !== 0) (this.memory.u32[(row * ROW_BYTES) >>> 2] as number)++
  }

  release(row: Row): void {
    if (row === 0) return
    const base = (row * ROW_BYTES) >>> 2
    const { u32 } = this.memory
    if (--(u32[base] as number) > 0) return
    for (let i = 0; i < TEXTS.length; i++) this.strings.release(u32[base + ((TEXTS[i] as number) >>> 2)] as number)
    u32[base + 1] = this.#free
    this.#free = row
    this.#count--
  }

  u32(row: Row, offset: number): number {
    return this.memory.u32[(row * ROW_BYTES + offset) >>> 2] as number
  }

  u64(row: Row, offset: number): bigint {
    return this.memory.u64[(row * ROW_BYTES + offset) >>> 3] as bigint
  }

  flags(row: Row): number {
    return this.memory.u16[(row * ROW_BYTES + HEADER.flags) >>> 1] as number
  }

  /** Number of the interned string; 0 if the record had none, or one that pointed nowhere. */
  textId(row: Row, offset: number): StringId {
    return this.memory.u32[(row * ROW_BYTES + offset) >>> 2] as number
  }

  /** Bytes that the string had in the record: more than are kept if it was very long. */
  textLength(row: Row, offset: number): number {
    return this.memory.u32[(row * ROW_BYTES + offset + 4) >>> 2] as number
  }

  /** Where a row begins in `memory.u8`. */
  offsetOf(row: Row): number {
    return row * ROW_BYTES
  }

  #allocate(): Row {
    let row = this.#free
    if (row !== 0) this.#free = this.memory.u32[((row * ROW_BYTES) >>> 2) + 1] as number
    else if (this.#top < this.#max) {
      row = this.#top++
      if ((row + 1) * ROW_BYTES > this.memory.u8.length) this.#grow()
    } else return 0
    this.#count++
    return row
  }

  #grow(): void {
    const larger = new Uint8Array(Math.min(this.memory.u8.length * 2, this.#max * ROW_BYTES))
    larger.set(this.memory.u8)
    this.memory = memoryOf(larger)
  }
}
