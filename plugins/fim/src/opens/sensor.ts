import { constants } from 'node:os'
import type { BatchFeed, Interest, ObjectFeed, SourceCounts } from '@cws/core'
import {
  CHANGE,
  clockBoottime,
  type Drain,
  FAN,
  HEADER,
  inInitialPidNamespace,
  LOST,
  type OpensSource,
  openDrain,
  PathPatterns,
  RECORD_FLAG,
  recordFlags,
  recordType,
  type SharedDrain,
  TYPE,
  walkRecords,
} from '@cws/native'
import type { Options } from '../options.ts'
import { type Live, openReaders } from '../readers.ts'
import { type Memory, textAt } from '../record.ts'
import { Watch } from '../watch.ts'
import { filesNamed } from './files.ts'

/** Where opens go: the feeds of the composition that runs now, and who hears of what cannot be seen. */
export interface OpensFeeds {
  readonly open: BatchFeed
  readonly lost: ObjectFeed<'agent.lost_events'>
  /** `asked`: about what the configuration names, or about all. */
  problem(problem: string, asked: boolean): void
}

const ROOT = Buffer.from('/')
const { EDQUOT, ENOSPC, ENOENT, ENOTDIR, EINVAL, ELOOP } = constants.errno
/** It is not there any more, or is no file. */
const GONE = new Set([ENOENT, ENOTDIR, EINVAL, ELOOP])
/** After an overflow files may have come unseen: they are looked for after so long. */
const LOOK_MS = 1_000

interface Attached {
  readonly globs: readonly string[]
  readonly drain: Drain
  readonly opens: OpensSource
  readonly watch: Watch
  close(): void
}

/** Tells who opens files that rules name. What survives a reload: the marks, and what turns records into events. */
export class OpensSensor {
  readonly readers
  readonly #options: Options
  readonly #live: Live = { memory: undefined, kind: 'modified', first: true, origin: 'fanotify' }
  #shared: SharedDrain | undefined
  #feeds: OpensFeeds | undefined
  #owner: object | undefined
  #attached: Attached | undefined
  #globs: readonly string[] = []
  #looking: NodeJS.Timeout | undefined
  #seen = 0
  #filtered = 0
  #lost = 0

  constructor(options: Options) {
    this.#options = options
    this.readers = openReaders(this.#live, (boottime) => this.#toWall(boottime))
  }

  /** Starts, or goes on for another composition. `shared`: the drain that processes come through, for the order of things. */
  start(owner: object, feeds: OpensFeeds, shared: SharedDrain | undefined): void {
    this.#owner = owner
    this.#feeds = feeds
    this.#shared = shared
    this.#arrange()
  }

  stop(owner: object): void {
    if (this.#owner !== owner) return
    this.#owner = undefined
    this.#detach()
    this.#feeds = undefined
  }

  /** Which opens are wanted. Of files that nobody names nothing is seen, and nothing is paid. @returns who wants what no path bounds. */
  want(interests: readonly Interest[]): readonly string[] {
    const { globs, unbounded } = filesNamed(interests)
    this.#globs = interests.length > 0 ? [...new Set([...globs, ...this.#options.opens])] : []
    if (this.#owner) this.#arrange()
    return unbounded
  }

  counts(): Readonly<Record<string, SourceCounts>> {
    return { open: { seen: this.#seen, filtered: this.#filtered + (this.#attached?.opens.filtered() ?? 0), lost: this.#lost } }
  }

  figures(): Readonly<Record<string, number>> {
    return { opens_files: this.#attached?.opens.count() ?? 0 }
  }

  [Symbol.dispose](): void {
    this.#detach()
  }

  #arrange(): void {
    const before = this.#attached
    const drain = this.#shared?.drain ?? before?.drain
    if (before && drain === before.drain && before.globs.join('\0') === this.#globs.join('\0')) return
    // The new marks are there before the old ones go: what is opened meanwhile is told at least once.
    this.#attached = this.#globs.length > 0 ? this.#attach(this.#shared?.drain, this.#globs) : undefined
    if (this.#attached) this.#look(this.#attached)
    before?.close()
  }

  #attach(shared: Drain | undefined, globs: readonly string[]): Attached {
    const own = shared
      ? undefined
      : openDrain({ onRecords: (queue, start, end) => walkRecords(queue, start, end, (at) => this.#take(queue, at, groups)) })
    const drain = (shared ?? own) as Drain
    const groups = { opens: 0, folders: 0 }
    const leave = shared && this.#shared?.onRecord(TYPE.OPEN, (at) => this.#take(shared.queue, at, groups))
    try {
      const patterns = new PathPatterns(globs)
      const ordered = shared !== undefined && inInitialPidNamespace()
      const { maxFiles, maxFolders } = this.#options
      const opens = drain.addOpens({ patterns, maxFiles, maxMarks: maxFolders, ordered })
      groups.opens = opens.group
      groups.folders = opens.folders.group
      const watch = new Watch(globs, patterns, opens.folders, (problem, asked) => this.#feeds?.problem(problem, asked))
      const close = () => {
        opens.remove()
        this.#filtered += opens.filtered()
        own?.close()
        leave?.()
      }
      return { globs, drain, opens, watch, close }
    } catch (error) {
      own?.close()
      leave?.()
      throw error
    }
  }

  #detach(): void {
    clearTimeout(this.#looking)
    this.#looking = undefined
    this.#attached?.close()
    this.#attached = undefined
  }

  /** Lists what is there. Again is harmless: it finds what was missed. */
  #look({ watch, opens }: Pick<Attached, 'watch' | 'opens'>, folder: Uint8Array = ROOT): void {
    watch.appeared(folder, false, (path, isFolder) => {
      if (!isFolder) this.#list(opens, path)
    })
  }

  #list(opens: OpensSource, path: Buffer): void {
    try {
      opens.list(path)
    } catch (error) {
      const { errno, message } = error as { errno?: number; message: string }
      if (errno === EDQUOT || errno === ENOSPC) this.#feeds?.problem(TOO_MANY, true)
      else if (!(errno && GONE.has(errno))) this.#feeds?.problem(`${message} (errno ${errno})`, false)
    }
  }

  #take(memory: Memory & Drain['queue'], at: number, groups: { readonly opens: number; readonly folders: number }): void {
    const type = recordType(memory, at)
    if (type === TYPE.LOST && memory.u32[(at + LOST.lost_type) >>> 2] === TYPE.OPEN) this.#tellLoss(memory, at)
    if (type !== TYPE.OPEN) return
    const group = memory.u32[(at + CHANGE.group) >>> 2]
    if (group === groups.opens) this.#emit(memory, at)
    else if (group === groups.folders && this.#attached?.opens.folders.group === group) this.#follow(memory, at, this.#attached)
  }

  #emit(memory: Memory, at: number): void {
    this.#seen++
    this.#live.memory = memory
    try {
      this.#feeds?.open.emit(at)
    } finally {
      this.#live.memory = undefined
    }
  }

  /** A folder that appeared may have brought files. */
  #follow(memory: Memory & Drain['queue'], at: number, attached: Attached): void {
    const mask = Number((memory.u64[(at + CHANGE.mask) >>> 3] as bigint) & 0xffff_ffffn)
    const flags = recordFlags(memory, at)
    if (flags & RECORD_FLAG.UNWATCHED) this.#feeds?.problem(mask & FAN.ONDIR ? 'new folders could not be watched' : TOO_MANY, true)
    const from = textAt(memory, at, CHANGE.file_path)
    const to = textAt(memory, at, CHANGE.destination_path)
    const folder = flags & RECORD_FLAG.MOUNTED ? from : mask & FAN.ONDIR ? (to ?? (mask & FAN.CREATE ? from : undefined)) : undefined
    if (folder) this.#look(attached, folder)
  }

  #tellLoss(memory: Memory, at: number): void {
    const count = Number(memory.u64[(at + LOST.count) >>> 3])
    this.#lost += count
    this.#feeds?.lost.emit({
      event: 'open',
      stage: memory.u32[(at + LOST.stage) >>> 2] === 1 ? 'kernel' : 'queue',
      count,
      since: this.#toWall(memory.u64[(at + HEADER.start) >>> 3] as bigint),
    })
    this.#looking ??= setTimeout(() => {
      this.#looking = undefined
      if (this.#attached) this.#look(this.#attached)
    }, LOOK_MS).unref()
  }

  /** By the clock that the process tree goes by, where there is one: the two must agree on what came first. */
  #toWall(boottime: bigint): bigint {
    return this.#shared?.toWall(boottime) ?? BigInt(Date.now()) * 1_000_000n - (clockBoottime() - boottime)
  }
}

const TOO_MANY = 'more files than maxFiles allows: the opens of some are not told'
