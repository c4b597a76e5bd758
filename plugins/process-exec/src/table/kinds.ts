import { randomBytes } from 'node:crypto'
import { EXEC, FLAG } from '../record/layout.ts'
import type { Row, Rows } from './rows.ts'
import type { StringId } from './strings.ts'

/** Fields that are the same for all images of one kind, by their names below the process block. */
export const KIND_FIELDS: ReadonlySet<string> = new Set([
  ...['uid', 'gid', 'euid', 'egid', 'fsuid', 'fsgid', 'auid', 'cap_effective', 'cap_permitted'],
  ...['comm', 'cgroup.id', 'container.id', 'ns.mnt', 'ns.user', 'is_kworker'],
  ...['file', 'interpreter.file'].flatMap((block) =>
    [
      ...['path', 'name', 'extension', 'filesystem', 'inode', 'device', 'mode', 'rights', 'uid', 'gid'],
      ...['in_upper_layer', 'memfd', 'unlinked', 'path_truncated'],
    ].map((name) => `${block}.${name}`),
  ),
])

/** The words of a row that these fields are read from, as numbers of words; texts are numbers of interned strings. */
const words = (from: number, bytes: number) => Array.from({ length: bytes / 4 }, (_, i) => (from >>> 2) + i)
const COPIED = Uint16Array.of(
  ...words(EXEC.cred_uid, 28),
  ...words(EXEC.cred_cap_effective, 16),
  ...words(EXEC.namespace_mnt, 4),
  ...words(EXEC.namespace_user, 4),
  ...words(EXEC.file_inode, 8),
  ...words(EXEC.file_dev, 16),
  ...words(EXEC.file_fs_magic, 4),
  ...words(EXEC.file_flags, 4),
  ...words(EXEC.comm, 16),
  ...[EXEC.file_path, EXEC.file_fstype, EXEC.cgroup].map((text) => text >>> 2),
)
const FLAGS = FLAG.SCRIPT | FLAG.KERNEL_THREAD | FLAG.CGROUP_TRUNCATED | FLAG.CWD_TRUNCATED | FLAG.PROCFS
/** The last three words of COPIED are texts; behind them stand two more, of scripts the name that was executed and where, and then the flags. */
const TEXTS_AT = COPIED.length - 3
const FLAGS_AT = TEXTS_AT + 5
const WIDTH = FLAGS_AT + 1
const SLASH = 0x2f

/** Kinds that are remembered; then all are forgotten. Hosts have some hundred. */
const MAX_KINDS = 4096
const SLOTS = 2 * MAX_KINDS
/** A power of two: programs for which it is known which kind they were last. */
const GUESSES = 1024

/**
 * Numbers for what recurs of process images: program, rights, control group. Two images of one kind say the same of KIND_FIELDS. Numbers are never
 * used again. A kind holds its strings, whose own numbers would else come to mean others.
 */
export class Kinds {
  readonly #rows: Rows
  readonly #seed = randomBytes(4).readInt32LE()
  readonly #slots = new Uint16Array(SLOTS)
  readonly #words = new Uint32Array((MAX_KINDS + 1) * WIDTH)
  readonly #wanted = new Uint32Array(WIDTH)
  /** By the low bits of the path's number, the place of the kind that came with them last: to compare costs less than to hash. */
  readonly #guesses = new Uint16Array(GUESSES)
  /** Of the kind in place 1. */
  #first = 2
  #count = 0

  constructor(rows: Rows) {
    this.#rows = rows
  }

  /** The kind of images that nobody knows. */
  static readonly UNKNOWN = 1

  /** 0: not all of its strings found room. */
  of(row: Row): number {
    if (row === 0) return Kinds.UNKNOWN
    const guess = this.#rows.textId(row, EXEC.file_path) & (GUESSES - 1)
    const last = this.#guesses[guess] as number
    if (last !== 0 && this.#isOf(row, last)) return this.#first + last - 1
    if (!this.#describe(row)) return 0
    // Of scripts it was not asked yet whether the guess is right.
    const place = last !== 0 && this.#isAt(last) ? last : this.#placeOf()
    this.#guesses[guess] = place
    return this.#first + place - 1
  }

  /** The place of the kind that is wanted: a new one, if it was never seen. */
  #placeOf(): number {
    const wanted = this.#wanted
    let hash = this.#seed
    for (let i = 0; i < WIDTH; i++) {
      hash = Math.imul(hash ^ (wanted[i] as number), 0x85ebca6b)
      hash ^= hash >>> 15
    }
    let slot = (hash >>> 0) % SLOTS
    for (let place = this.#slots[slot] as number; place !== 0; place = this.#slots[slot] as number) {
      if (this.#isAt(place)) return place
      slot = (slot + 1) % SLOTS
    }
    if (this.#count >= MAX_KINDS) {
      this.clear()
      return this.#placeOf()
    }
    const place = ++this.#count
    this.#slots[slot] = place
    this.#words.set(wanted, place * WIDTH)
    for (let i = TEXTS_AT; i < FLAGS_AT; i++) this.#rows.strings.retain(wanted[i] as StringId)
    return place
  }

  /** Lets go of all strings. */
  clear(): void {
    for (let place = 1; place <= this.#count; place++)
      for (let i = TEXTS_AT; i < FLAGS_AT; i++) this.#rows.strings.release(this.#words[place * WIDTH + i] as StringId)
    this.#slots.fill(0)
    this.#guesses.fill(0)
    this.#first += this.#count
    this.#count = 0
  }

  #isAt(place: number): boolean {
    const words = this.#words
    const base = place * WIDTH
    for (let i = 0; i < WIDTH; i++) if (words[base + i] !== this.#wanted[i]) return false
    return true
  }

  /** Whether the kind there is that of a row as it stands. Never of scripts, whose texts depend on each other: those are described first. */
  #isOf(row: Row, place: number): boolean {
    const { u32 } = this.#rows.memory
    const base = this.#rows.offsetOf(row) >>> 2
    const words = this.#words
    const at = place * WIDTH
    const flags = this.#rows.flags(row) & FLAGS
    if ((flags & FLAG.SCRIPT) !== 0 || words[at + FLAGS_AT] !== flags) return false
    for (let i = 0; i < COPIED.length; i++) if (words[at + i] !== u32[base + (COPIED[i] as number)]) return false
    return true
  }

  #describe(row: Row): boolean {
    const rows = this.#rows
    const wanted = this.#wanted
    const { u32 } = rows.memory
    const base = rows.offsetOf(row) >>> 2
    for (let i = 0; i < COPIED.length; i++) wanted[i] = u32[base + (COPIED[i] as number)] as number
    const flags = rows.flags(row) & FLAGS
    const isScript = (flags & FLAG.SCRIPT) !== 0
    const filename = isScript ? rows.textId(row, EXEC.filename) : 0
    const cwd = isScript && filename !== 0 && rows.strings.firstByte(filename) !== SLASH ? rows.textId(row, EXEC.cwd) : 0
    wanted[TEXTS_AT + 3] = filename
    wanted[TEXTS_AT + 4] = cwd
    wanted[FLAGS_AT] = flags
    const hasTexts = wanted[TEXTS_AT] !== 0 && wanted[TEXTS_AT + 1] !== 0 && wanted[TEXTS_AT + 2] !== 0
    // A text of the kernel's that found no room is known while its record is under dispatch, and not after.
    return (flags & FLAG.PROCFS) !== 0 || (hasTexts && (!isScript || filename !== 0))
  }
}
