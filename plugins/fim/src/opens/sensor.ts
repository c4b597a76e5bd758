import { constants } from 'node:os'
import type { BatchFeed, Interest, ObjectFeed, SourceCounts } from '@cws/core'
import {
  CHANGE,
  type Drain,
  FAN,
  type OpensSource,
  PathPatterns,
  RECORD_FLAG,
  readBytes,
  readLoss,
  recordFlags,
  recordType,
  type SharedDrain,
  TYPE,
} from '@cws/native'
import { cameWithContent, join, toWall } from '../joined.ts'
import type { Options } from '../options.ts'
import { noRecord, openReaders, turnTo } from '../readers.ts'
import type { Memory } from '../record.ts'
import { Watch } from '../watch.ts'
import { filesNamed, narrowFirst } from './files.ts'

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
/** After an overflow files may have come unseen: they are looked for after so long, and not more often than that. */
const LOOK_MS = 1_000
const LOOK_GAP_MS = 30_000

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
  readonly #live = noRecord()
  #shared: SharedDrain | undefined
  #feeds: OpensFeeds | undefined
  #owner: object | undefined
  #attached: Attached | undefined
  #globs: readonly string[] = []
  #looking: NodeJS.Timeout | undefined
  #looked = Number.NEGATIVE_INFINITY
  #seen = 0
  #filtered = 0
  #lost = 0

  constructor(options: Options) {
    this.#options = options
    this.readers = openReaders(this.#live, (boottime) => toWall(this.#shared, boottime))
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
    this.#globs = interests.length > 0 ? narrowFirst([...globs, ...this.#options.opens]) : []
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
    this.#attached = this.#globs.length > 0 ? this.#attach(this.#globs) : undefined
    if (this.#attached) this.#look(this.#attached)
    before?.close()
  }

  #attach(globs: readonly string[]): Attached {
    const groups = { opens: 0, folders: 0 }
    const { drain, ordered, leave } = join(this.#shared, TYPE.OPEN, (queue, at) => this.#take(queue, at, groups))
    try {
      const patterns = new PathPatterns(globs)
      const { maxFiles, maxFolders } = this.#options
      const opens = drain.addOpens({ patterns, maxFiles, maxMarks: maxFolders, ordered })
      groups.opens = opens.group
      groups.folders = opens.folders.group
      const watch = new Watch(globs, patterns, opens.folders, (problem, asked) => this.#feeds?.problem(problem, asked))
      const close = () => {
        opens.remove()
        this.#filtered += opens.filtered()
        leave()
      }
      return { globs, drain, opens, watch, close }
    } catch (error) {
      leave()
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
    if (type === TYPE.LOST && readLoss(memory, at).type === TYPE.OPEN) this.#tellLoss(memory, at)
    if (type !== TYPE.OPEN) return
    const group = memory.u32[(at + CHANGE.group) >>> 2]
    if (group === groups.opens) this.#emit(memory, at)
    else if (group === groups.folders && this.#attached?.opens.folders.group === group) this.#follow(memory, at, this.#attached)
  }

  #emit(memory: Memory, at: number): void {
    this.#seen++
    turnTo(this.#live, memory)
    try {
      this.#feeds?.open.emit(at)
    } finally {
      turnTo(this.#live, undefined)
    }
  }

  /** A folder that appeared may have brought files. */
  #follow(memory: Memory & Drain['queue'], at: number, attached: Attached): void {
    const mask = Number((memory.u64[(at + CHANGE.mask) >>> 3] as bigint) & 0xffff_ffffn)
    const flags = recordFlags(memory, at)
    if (flags & RECORD_FLAG.UNWATCHED) this.#feeds?.problem(mask & FAN.ONDIR ? 'new folders could not be watched' : TOO_MANY, true)
    const from = readBytes(memory, at, CHANGE.file_path)
    const to = readBytes(memory, at, CHANGE.destination_path)
    const folder = cameWithContent(flags, mask, from, to)
    if (folder) this.#look(attached, folder)
  }

  #tellLoss(memory: Memory, at: number): void {
    const { count, stage, since } = readLoss(memory, at)
    this.#lost += count
    this.#feeds?.lost.emit({ event: 'open', stage, count, since: toWall(this.#shared, since) })
    // Who can make it overflow must not have the engine list all files again and again.
    const wait = Math.max(LOOK_MS, this.#looked + LOOK_GAP_MS - performance.now())
    this.#looking ??= setTimeout(() => {
      this.#looking = undefined
      this.#looked = performance.now()
      if (this.#attached) this.#look(this.#attached)
    }, wait).unref()
  }
}

const TOO_MANY = 'more files than maxFiles allows: the opens of some are not told'
