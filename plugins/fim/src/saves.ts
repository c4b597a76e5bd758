import { CHANGE, FAN, FILE_FLAG, HEADER, readBytes } from '@cws/native'
import { isFirst, type Kind } from './kinds.ts'
import { copyOf, type Memory } from './record.ts'

/** How long what repeats is held back. */
const WINDOW_MS = 500
/** Files of which is remembered what was told; then the oldest is forgotten, which hides nothing. A record is at most some 8 KiB. */
const MAX_FILES = 1024

/** What makes a change another one if it differs: which file it is, who may do what with it, how many names it has. */
const FACTS = ['file_flags', 'file_dev', 'file_mode', 'file_uid', 'file_gid', 'file_nlink'] as const

/** Number of the image that the process had all that time (ns since boot), 0 if that is not sure. */
export type ImageOf = (pid: number, since: bigint, until: bigint) => number

/** `first`: surely what came first of all that was merged in the record. */
export type Tell = (memory: Memory, at: number, kind: Kind, first: boolean) => void

type Repeated = 'modified' | 'attributes'

/** A record that waits. */
interface Held {
  readonly record: Memory
  readonly first: boolean
}

/** What was told of a file as one of the two kinds, and the last that repeats it. */
interface Fact {
  readonly facts: readonly number[]
  readonly inode: bigint
  size: bigint
  held: Held | undefined
}

/** One author's changes of one file, since the first of them was told. */
interface Save {
  readonly pid: number
  readonly since: bigint
  readonly time: bigint
  /** Asked for when somebody may have repeated it. */
  image: number | undefined
  readonly until: number
  readonly facts: { modified?: Fact; attributes?: Fact }
}

/**
 * Followers of one save. The first change of a file is told at once. What its author does again to the same file within half a second, and leaves
 * all but its size and times as they were told, is held back, and the last of it told when the time is over, or before anything else is told of
 * that file. Never held back: another kind, another author or one who is not known for sure, other rights, owners, names or another file; a file
 * that is empty now or no longer, or has shrunk.
 */
export class Saves {
  /** Changes of which a later one like it was told. */
  coalesced = 0
  readonly #tell: Tell
  readonly #imageOf: ImageOf
  readonly #now: () => number
  /** By path, its bytes one to one. Oldest first. */
  readonly #saves = new Map<string, Save>()
  #timer: NodeJS.Timeout | undefined

  constructor(tell: Tell, imageOf: ImageOf, now = () => performance.now()) {
    this.#tell = tell
    this.#imageOf = imageOf
    this.#now = now
  }

  get size(): number {
    return this.#saves.size
  }

  /** Tells what this record is about, but for what repeats. */
  take(memory: Memory, at: number, mask: number, kinds: readonly Kind[]): void {
    const path = keyAt(memory, at, CHANGE.file_path)
    for (const kind of kinds) {
      const first = kinds.length === 1 || isFirst(kind, mask)
      if (kind === 'modified' || kind === 'attributes') {
        if (path !== undefined && this.#repeats(path, memory, at, kind, first)) continue
      } else if (this.#saves.size > 0) {
        // What is below a folder that goes or gets another name was changed before.
        if (mask & FAN.ONDIR) this.flush()
        for (const key of [path, keyAt(memory, at, CHANGE.destination_path)]) if (key !== undefined) this.#settle(key)
      }
      this.#tell(memory, at, kind, first)
    }
  }

  /** Tells what is held back. */
  flush(): void {
    for (const path of this.#saves.keys()) this.#settle(path)
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** True if it is held back; else it is to be told, and will be remembered as told. */
  #repeats(path: string, memory: Memory, at: number, kind: Repeated, first: boolean): boolean {
    const now = this.#now()
    let save = this.#saves.get(path)
    if (save && (save.until <= now || !this.#isAuthor(save, memory, at))) {
      this.#settle(path)
      save = undefined
    }
    const fact = save?.facts[kind]
    if (save && fact && isLike(fact, memory, at)) {
      if (fact.held) this.coalesced++
      fact.held = { record: copyOf(memory, at), first }
      fact.size = memory.u64[(at + CHANGE.file_size) >>> 3] as bigint
      this.#timer ??= setTimeout(() => this.#sweep(), save.until - now).unref()
      return true
    }
    if (save) this.#release(save)
    else save = this.#start(path, memory, at, now)
    save.facts[kind] = factAt(memory, at)
    return false
  }

  #start(path: string, memory: Memory, at: number, now: number): Save {
    const oldest = this.#saves.size >= MAX_FILES ? this.#saves.keys().next().value : undefined
    if (oldest !== undefined) this.#settle(oldest)
    const save: Save = {
      pid: memory.u32[(at + HEADER.pid) >>> 2] as number,
      since: memory.u64[(at + CHANGE.since) >>> 3] as bigint,
      time: memory.u64[(at + HEADER.time) >>> 3] as bigint,
      image: undefined,
      until: now + WINDOW_MS,
      facts: {},
    }
    this.#saves.set(path, save)
    return save
  }

  #isAuthor(save: Save, memory: Memory, at: number): boolean {
    const pid = memory.u32[(at + HEADER.pid) >>> 2] as number
    if (pid === 0 || pid !== save.pid) return false
    save.image ??= this.#imageOf(pid, save.since, save.time)
    if (save.image === 0) return false
    return (
      save.image === this.#imageOf(pid, memory.u64[(at + CHANGE.since) >>> 3] as bigint, memory.u64[(at + HEADER.time) >>> 3] as bigint)
    )
  }

  /** Something else will be told of this file. */
  #settle(path: string): void {
    const save = this.#saves.get(path)
    if (!save) return
    this.#saves.delete(path)
    this.#release(save)
  }

  #release({ facts }: Save): void {
    const { modified, attributes } = facts
    const held: [Kind, Held][] = []
    if (modified?.held) held.push(['modified', modified.held])
    if (attributes?.held) held.push(['attributes', attributes.held])
    if (modified) modified.held = undefined
    if (attributes) attributes.held = undefined
    held.sort(([, a], [, b]) => Number(timeOf(a) - timeOf(b)))
    for (const [kind, { record, first }] of held) this.#tell(record, 0, kind, first)
  }

  /** One timer for all: those that began first are over first. */
  #sweep(): void {
    this.#timer = undefined
    const now = this.#now()
    for (const [path, { until, facts }] of this.#saves) {
      if (until <= now) this.#settle(path)
      else if (facts.modified?.held ?? facts.attributes?.held) {
        this.#timer ??= setTimeout(() => this.#sweep(), until - now).unref()
        break
      }
    }
  }
}

const timeOf = ({ record }: Held) => record.u64[HEADER.time >>> 3] as bigint

/** Undefined where the path is not known whole. */
function keyAt(memory: Memory, at: number, field: number): string | undefined {
  const flags = memory.u32[(at + (field === CHANGE.file_path ? CHANGE.file_flags : CHANGE.destination_flags)) >>> 2] as number
  const bytes = flags & FILE_FLAG.PATH_TRUNCATED ? undefined : readBytes(memory, at, field)
  return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

function factAt(memory: Memory, at: number): Fact {
  return {
    facts: FACTS.map((name) => memory.u32[(at + CHANGE[name]) >>> 2] as number),
    inode: memory.u64[(at + CHANGE.file_inode) >>> 3] as bigint,
    size: memory.u64[(at + CHANGE.file_size) >>> 3] as bigint,
    held: undefined,
  }
}

function isLike({ facts, inode, size }: Fact, memory: Memory, at: number): boolean {
  const now = memory.u64[(at + CHANGE.file_size) >>> 3] as bigint
  return (
    now >= size &&
    (now === 0n) === (size === 0n) &&
    inode === memory.u64[(at + CHANGE.file_inode) >>> 3] &&
    FACTS.every((name, i) => facts[i] === memory.u32[(at + CHANGE[name]) >>> 2])
  )
}
