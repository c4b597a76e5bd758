import type { BatchFeed, ObjectFeed, SourceCounts } from '@cws/core'
import { readLoss } from '@cws/native'
import { Clock } from './clock.ts'
import type { Get } from './fields/file-fields.ts'
import { Images } from './fields/images.ts'
import { Lineage } from './fields/lineage.ts'
import { processFields } from './fields/process-fields.ts'
import { type EventReaders, eventReaders } from './fields/readers.ts'
import { hostFile } from './host.ts'
import type { Options } from './options.ts'
import { type Look, ProcReader, type ReadText } from './procfs/read.ts'
import { sizeAt, typeAt } from './record/check.ts'
import { HEADER, LOST, TYPE } from './record/layout.ts'
import type { Memory } from './record/memory.ts'
import { RecordWriter } from './record/writer.ts'
import { ProcessTable } from './table/process-table.ts'
import { Names } from './users.ts'

/** Where events go: the feeds of the composition that runs now. */
export interface Feeds {
  readonly exec: BatchFeed
  readonly fork: BatchFeed
  readonly exit: BatchFeed
  readonly lost: ObjectFeed<'agent.lost_events'>
  /** A process is gone for good. */
  released(process: number): void
}

type Fed = 'exec' | 'fork' | 'exit'
const FED: Readonly<Record<number, Fed>> = { [TYPE.EXEC]: 'exec', [TYPE.FORK]: 'fork', [TYPE.EXIT]: 'exit' }

/** A record of one process read from /proc: arguments and environment of 32 KiB each, paths, and the fixed part. */
const RECORD_BYTES = 128 * 1024
const REFRESH_MS = 1000
/** Parents read from /proc because their own events were missed: so many a second once the first scan is over. */
const LOADS_PER_SECOND = 100
/** How far up missing parents are read for one event. */
const MAX_LOAD_DEPTH = 64

/** What survives a reload: the process table, and what turns records into events. Flavours bring the records. */
export class ProcessSensor {
  readonly table: ProcessTable
  readonly images: Images
  readonly lineage: Lineage
  readonly clock: Clock
  readonly fields: Readonly<Record<string, Get>>
  readonly readers: EventReaders
  readonly reader: ProcReader
  /** ns since boot: until then records may have been lost. Who is known from before may have executed another program unseen. */
  lostUntil = -1n
  /** Records that made no sense. */
  broken = 0
  origin = ''
  readonly #reportRunning: boolean
  readonly #lost = new Map<string, number>()
  readonly #seen: Record<Fed, number> = { exec: 0, fork: 0, exit: 0 }
  #source: 'runtime' | 'snapshot' = 'runtime'
  #feeds: Feeds | undefined
  #loads = Number.POSITIVE_INFINITY
  #loadDepth = 0
  readonly #writers: RecordWriter[] = []
  readonly #others = new Map<number, Set<(at: number) => void>>()
  #timer: NodeJS.Timeout | undefined

  /** `boottime`: CLOCK_BOOTTIME in ns. `readText`, `look`: read and look at what others can hold up. */
  constructor(options: Options, boottime: () => bigint, readText?: ReadText, look?: Look) {
    this.clock = new Clock(boottime)
    this.table = new ProcessTable(options.maxTableBytes)
    this.images = new Images(this.table, new Names(hostFile('/etc/passwd')), new Names(hostFile('/etc/group')), this.clock)
    this.lineage = new Lineage(this.table)
    this.fields = processFields(this.images)
    this.readers = eventReaders(this.images, this.fields, { origin: () => this.origin, source: () => this.#source })
    const kept = new Set(options.env)
    this.reader = new ProcReader(boottime, (name) => kept.has(name), '/proc', readText, look)
    this.#reportRunning = options.reportRunning
    this.table.onRelease((process) => this.#feeds?.released(process))
    this.table.loader = (pid) => this.loadMissing(pid)
  }

  /** From now on events go here. */
  open(origin: string, feeds: Feeds): void {
    this.origin = origin
    this.#feeds = feeds
    this.#timer ??= setInterval(() => this.refresh(), REFRESH_MS).unref()
  }

  /** Nobody listens any more. */
  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#feeds = undefined
  }

  /** What is due once a second, away from the path of events. */
  refresh(): void {
    this.table.sweep(performance.now())
    this.images.users.refresh()
    this.images.groups.refresh()
    this.clock.adjust()
    if (this.#loads !== Number.POSITIVE_INFINITY) this.#loads = LOADS_PER_SECOND
  }

  /** The first scan is over: from now on missing parents are read only so often. */
  scanned(): void {
    this.#loads = LOADS_PER_SECOND
  }

  /** Hands records of another source that came through the same drain over to it, and those of their loss. @returns ends it */
  onRecord(type: number, take: (at: number) => void): () => void {
    const takers = this.#others.get(type) ?? new Set()
    this.#others.set(type, takers.add(take))
    return () => {
      takers.delete(take)
    }
  }

  /** What is under dispatch was read from /proc: more may be known of it than the table keeps. */
  get isSnapshot(): boolean {
    return this.#source === 'snapshot'
  }

  /** Takes records in the order of their events: updates the table, dispatches. */
  consume(memory: Memory, start: number, end: number): void {
    const nowMs = performance.now()
    for (let at = start; at < end; ) {
      const size = sizeAt(memory, at, end)
      if (size === 0) {
        this.broken++
        return
      }
      this.#take(memory, at, typeAt(memory, at, size), nowMs)
      at += size
    }
    this.table.sweep(nowMs)
  }

  /** Reads a process from /proc into the table. @returns whether it is there. */
  load(pid: number): boolean {
    // Each level has its own buffer: a parent is loaded while the record of its child is being read.
    this.#writers[this.#loadDepth] ??= new RecordWriter(RECORD_BYTES)
    const writer = this.#writers[this.#loadDepth] as RecordWriter
    writer.clear()
    const at = this.reader.read(pid, writer)
    if (at < 0) return false
    const before = this.table.find(pid)
    const node = this.table.snapshot(writer.memory, at)
    if (this.#reportRunning && node !== 0 && node !== before) this.#report(writer.memory, at, node)
    return node !== 0
  }

  counts(): Readonly<Record<string, SourceCounts>> {
    const counts: Record<string, SourceCounts> = {}
    for (const type of Object.values(FED)) counts[type] = { seen: this.#seen[type], filtered: 0, lost: this.#lost.get(type) ?? 0 }
    return counts
  }

  /** What the table holds and had to let go. */
  figures(): Readonly<Record<string, number>> {
    const { processes, images, bytes, evictedExited, evictedRunning, stringsRefused } = this.table.counts()
    return {
      table_processes: processes,
      table_images: images,
      table_bytes: bytes,
      table_evicted_exited_total: evictedExited,
      table_evicted_running_total: evictedRunning,
      table_strings_refused_total: stringsRefused,
      records_broken_total: this.broken,
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #take(memory: Memory, at: number, type: number, nowMs: number): void {
    const { live } = this.images
    const { table } = this
    if (type === TYPE.EXEC) {
      live.node = table.exec(memory, at)
      this.#seen.exec++
      this.#emit(this.#feeds?.exec, memory, at)
    } else if (type === TYPE.FORK) {
      live.node = table.fork(memory, at)
      this.#seen.fork++
      this.#emit(this.#feeds?.fork, memory, at)
    } else if (type === TYPE.EXIT) {
      live.node = table.exit(memory, at, nowMs)
      this.#seen.exit++
      this.#emit(this.#feeds?.exit, memory, at)
    } else {
      const other = this.#others.get(type === TYPE.LOST ? (memory.u32[(at + LOST.lost_type) >>> 2] as number) : type)
      if (other?.size) this.#handOver(other, at)
      else if (type === TYPE.LOST) this.#tellLoss(memory, at)
      else if (type === 0) this.broken++
    }
  }

  /** What another sensor cannot take must not cost the processes behind it in the batch. */
  #handOver(takers: ReadonlySet<(at: number) => void>, at: number): void {
    for (const take of takers)
      try {
        take(at)
      } catch {
        this.broken++
      }
  }

  #emit(feed: BatchFeed | undefined, memory: Memory, at: number): void {
    const { live } = this.images
    live.memory = memory
    live.at = at
    try {
      feed?.emit(at)
    } finally {
      live.memory = undefined
      live.at = -1
      live.node = 0
    }
  }

  #report(memory: Memory, at: number, node: number): void {
    const { live } = this.images
    const before = { ...live }
    live.node = node
    this.#source = 'snapshot'
    try {
      this.#emit(this.#feeds?.exec, memory, at)
    } finally {
      this.#source = 'runtime'
      Object.assign(live, before)
    }
  }

  /** Reads a process whose own events were missed. Not more often than is cheap. */
  loadMissing(pid: number): void {
    if (this.#loads <= 0 || this.#loadDepth >= MAX_LOAD_DEPTH) return
    this.#loads--
    this.#loadDepth++
    try {
      this.load(pid)
    } finally {
      this.#loadDepth--
    }
  }

  #tellLoss(memory: Memory, at: number): void {
    const { type, count, stage, since } = readLoss(memory, at)
    // A lost piece of a long argument list loses no event: its exec comes, marked as truncated.
    if (type === TYPE.ARGV_CHUNK) return
    const event = FED[type] ?? 'unknown'
    if (type !== TYPE.EXIT) this.lostUntil = memory.u64[(at + HEADER.time) >>> 3] as bigint
    this.#lost.set(event, (this.#lost.get(event) ?? 0) + count)
    this.#feeds?.lost.emit({ event, stage, count, since: this.clock.toWall(since) })
  }
}
