import type { BatchFeed, ObjectFeed, SourceCounts } from '@cws/core'
import {
  CHANGE,
  type ChangeSource,
  clockBoottime,
  type Drain,
  FAN,
  PathPatterns,
  RECORD_FLAG,
  readBytes,
  readLoss,
  recordFlags,
  recordType,
  type SharedDrain,
  TYPE,
} from '@cws/native'
import type { FileFlavour } from './flavour.ts'
import { cameWithContent, join, toWall } from './joined.ts'
import { kindsOf } from './kinds.ts'
import type { Options } from './options.ts'
import { changeReaders, type Live, noRecord, turnTo } from './readers.ts'
import { foundRecord, type Memory } from './record.ts'
import { Saves } from './saves.ts'
import { type Problem, Watch } from './watch.ts'

/** Where events go: the feeds of the composition that runs now, and who hears of what cannot be watched. */
export interface Feeds {
  readonly change: BatchFeed
  readonly lost: ObjectFeed<'agent.lost_events'>
  /** `asked`: about what the configuration names, or about all. */
  problem(problem: string, asked: boolean): void
}

/** How long what was found in a new folder waits for its own event. */
const FOUND_MS = 250
/** What is found in one go and waits; more counts as lost. */
const MAX_FOUND = 10_000
/** After an overflow the folders are looked through: after so long, and not more often than that. */
const LOOK_MS = 1_000
const LOOK_GAP_MS = 30_000

interface Attached {
  readonly drain: Drain
  readonly group: ChangeSource
  readonly watch: Watch
  close(): void
}

/** What survives a reload: the marks, and what turns records into events. */
export class FileSensor {
  readonly readers
  readonly #options: Options
  readonly #patterns: PathPatterns
  readonly #live = noRecord()
  readonly #found = new Map<string, Memory>()
  readonly #saves = new Saves(
    (memory, at, kind, first) => this.#tell(memory, at, kind, first),
    (pid, since, until) => this.#shared?.imageWithin(pid, since, until) ?? 0,
  )
  #unfound = 0
  #timer: NodeJS.Timeout | undefined
  #looking: NodeJS.Timeout | undefined
  #looked = Number.NEGATIVE_INFINITY
  #shared: SharedDrain | undefined
  #feeds: Feeds | undefined
  #flavour: FileFlavour | undefined
  /** Why the flavour that marks each folder gave way. */
  #tooMany: string | undefined
  #owner: object | undefined
  /** Number of the group that watches beside, for a while. */
  #beside: number | undefined
  #attached: Attached | undefined
  #wanted = true
  #seen = 0
  #filtered = 0
  #lost = 0

  constructor(options: Options) {
    this.#options = options
    this.#patterns = new PathPatterns(options.watch, options.ignore)
    this.readers = changeReaders(this.#live, (boottime) => toWall(this.#shared, boottime))
  }

  /**
   * Starts to watch, or goes on for another composition. `shared`: the drain that processes come through, for the order of things. Throws where the
   * flavour cannot, or should rather not.
   */
  start(owner: object, feeds: Feeds, flavour: FileFlavour, shared: SharedDrain | undefined): void {
    if (flavour.yields && this.#tooMany) throw new Error(this.#tooMany)
    this.#owner = owner
    this.#feeds = feeds
    if (this.#flavour !== flavour) this.#detach()
    this.#flavour = flavour
    this.#live.origin = flavour.name
    this.#shared = shared
    this.#arrange(flavour.yields && this.#options.flavour === 'auto')
  }

  stop(owner: object): void {
    if (this.#owner !== owner) return
    this.#owner = undefined
    this.#detach()
    this.#feeds = undefined
  }

  /** Whether anybody looks at changes: if not, nothing is watched and it costs nothing. */
  want(whether: boolean): void {
    this.#wanted = whether
    if (this.#owner) this.#arrange()
  }

  /** Has an eye on the files of one more folder, until what this returns is called; where nobody looks at changes, on all for that while. */
  watchBeside(folder: string): () => void {
    const flavour = this.#flavour as FileFlavour
    if (!this.#attached) this.#attach(flavour, false)
    const { drain } = this.#attached as unknown as Attached
    const group = flavour.open(drain, { patterns: new PathPatterns([`${folder}/*`]), maxMarks: 1 })
    const end = () => {
      if (this.#beside === group.group) this.#beside = undefined
      group.remove()
      // It may have been stopped meanwhile.
      if (this.#owner) this.#arrange()
    }
    try {
      group.mark(folder)
    } catch (error) {
      end()
      throw error
    }
    this.#beside = group.group
    return end
  }

  counts(): Readonly<Record<string, SourceCounts>> {
    const filtered = this.#filtered + (this.#attached?.group.counts().filtered ?? 0)
    return { change: { seen: this.#seen, filtered, coalesced: this.#saves.coalesced, lost: this.#lost } }
  }

  [Symbol.dispose](): void {
    this.#detach()
  }

  #arrange(mayYield = false): void {
    const drain = this.#shared?.drain
    if (this.#attached && (!this.#wanted || (drain && drain !== this.#attached.drain))) this.#detach()
    if (this.#wanted && !this.#attached && this.#flavour) this.#attach(this.#flavour, mayYield)
  }

  #attach(flavour: FileFlavour, mayYield: boolean): void {
    const { drain, ordered, leave } = join(this.#shared, TYPE.CHANGE, (queue, at) => this.#take(queue, at))
    let close = leave
    try {
      const group = flavour.open(drain, {
        patterns: this.#patterns,
        maxMarks: this.#options.maxFolders,
        ordered,
      })
      const early: Parameters<Problem>[] = []
      const problem: Problem = (...told) => (this.#attached?.watch ? this.#feeds?.problem(...told) : early.push(told))
      const watch = new Watch(this.#options.watch, this.#patterns, group, problem, flavour.whole)
      close = () => {
        this.#filtered += group.counts().filtered
        group.remove()
        leave()
      }
      watch.start()
      if (watch.full && mayYield) {
        this.#tooMany = `more than ${this.#options.maxFolders} folders (maxFolders) would each need a mark: whole file systems are marked instead`
        throw new Error(this.#tooMany)
      }
      this.#attached = { drain, group, watch, close }
      for (const told of early) this.#feeds?.problem(...told)
    } catch (error) {
      close()
      throw error
    }
  }

  #detach(): void {
    this.#attached?.close()
    this.#saves.flush()
    this.#attached = undefined
    clearTimeout(this.#timer)
    clearTimeout(this.#looking)
    this.#timer = this.#looking = undefined
    this.#unfound = 0
    this.#found.clear()
  }

  #take(memory: Memory & Drain['queue'], at: number): void {
    const type = recordType(memory, at)
    if (type === TYPE.LOST && readLoss(memory, at).type === TYPE.CHANGE) this.#tellLoss(memory, at)
    // Others may have groups in the same drain: this plugin once more, while one configuration gives way to another.
    if (type !== TYPE.CHANGE) return
    const group = memory.u32[(at + CHANGE.group) >>> 2]
    if (group !== this.#attached?.group.group && group !== this.#beside) return
    const mask = Number((memory.u64[(at + CHANGE.mask) >>> 3] as bigint) & 0xffff_ffffn)
    const from = readBytes(memory, at, CHANGE.file_path)
    const to = readBytes(memory, at, CHANGE.destination_path)
    const flags = recordFlags(memory, at)
    if (!(flags & RECORD_FLAG.ASIDE)) this.#emit(memory, at, mask, from, to)
    if (flags & RECORD_FLAG.UNWATCHED) this.#feeds?.problem('new folders could not be watched', true)
    // What is in a new folder before it is watched, or where something was mounted, has no events of its own.
    const folder = cameWithContent(flags, mask, from, to)
    if (folder) this.#look(memory, at, folder, folder === from && !(flags & RECORD_FLAG.MOUNTED))
  }

  #emit(memory: Memory, at: number, mask: number, from: Uint8Array | undefined, to: Uint8Array | undefined): void {
    const appeared = to ?? (mask & FAN.CREATE ? from : undefined)
    if (this.#found.size > 0)
      // Also what was renamed since it was found: with its rename its name is told, and who did it.
      for (const path of [appeared, to && from]) if (path) this.#found.delete(Buffer.from(path).toString('latin1'))
    this.#saves.take(memory, at, mask, kindsOf(mask, memory.u32[(at + CHANGE.file_nlink) >>> 2] as number))
  }

  #tell(memory: Memory, at: number, kind: Live['kind'], first: boolean): void {
    this.#seen++
    turnTo(this.#live, memory)
    this.#live.kind = kind
    this.#live.first = first
    try {
      this.#feeds?.change.emit(at)
    } finally {
      turnTo(this.#live, undefined)
    }
  }

  #look(memory: Memory, at: number, folder: Uint8Array, made: boolean): void {
    const since = memory.u64[(at + CHANGE.since) >>> 3] as bigint
    const own = Buffer.from(folder)
    this.#attached?.watch.appeared(own, made, (path, isFolder) => {
      if (path.equals(own)) return
      if (this.#found.size < MAX_FOUND) this.#found.set(path.toString('latin1'), foundRecord(path, isFolder, since, clockBoottime()))
      else this.#unfound++
    })
    if (this.#found.size > 0) this.#timer ??= setTimeout(() => this.#tellFound(), FOUND_MS)
  }

  #tellFound(): void {
    this.#timer = undefined
    for (const [key, record] of this.#found) {
      this.#found.delete(key)
      const path = Buffer.from(key, 'latin1')
      this.#emit(record, 0, record.u32[CHANGE.mask >>> 2] as number, path, undefined)
    }
    const count = this.#unfound
    if (count === 0) return
    this.#unfound = 0
    this.#lost += count
    this.#feeds?.lost.emit({ event: 'change', stage: 'park', count, since: BigInt(Date.now()) * 1_000_000n })
  }

  #tellLoss(memory: Memory, at: number): void {
    const { count, stage, since } = readLoss(memory, at)
    this.#lost += count
    this.#feeds?.lost.emit({ event: 'change', stage, count, since: toWall(this.#shared, since) })
    this.#lookAgain()
  }

  /** Folders may have come of which nobody told. Not at once: what overflows now would overflow the more for it. */
  #lookAgain(): void {
    const wait = Math.max(LOOK_MS, this.#looked + LOOK_GAP_MS - performance.now())
    this.#looking ??= setTimeout(() => {
      this.#looking = undefined
      this.#looked = performance.now()
      this.#attached?.watch.start()
    }, wait).unref()
  }
}
