import { type Addon, addon, type ChangeCounts, type DrainStats, type Handle } from './addon.ts'
import { type Entry, entriesIn, type FileKind, kindOf, pathsIn } from './entries.ts'
import { withReason } from './inotify.ts'
import { TYPE } from './layout.generated.ts'
import type { BpfObject } from './object.ts'
import type { PathPatterns } from './patterns.ts'

/** The queue's memory in several views. Record offsets are multiples of 8, so fields of 4 and 8 bytes can be read by index. */
export interface Queue {
  readonly bytes: Buffer
  readonly u32: Uint32Array
  readonly f64: Float64Array
  readonly u64: BigUint64Array
}

export interface DrainOptions {
  /** Size of the queue between the native thread and this one; pages are only used when filled. Default 32 MiB. */
  queueBytes?: number
  /** What one call of `onRecords` gets at most, unless a single record is larger, so that timers and sockets live. Default 256 KiB. */
  turnBytes?: number
  /** The longest that the native thread sleeps though nobody wakes it. Default 100 ms. */
  maxSleepMs?: number
  /**
   * Gets whole records, from `start` up to `end` (offsets into the queue), in the order of their arrival. They are gone when it returns. A throw
   * becomes an uncaught exception; the records of that call count as consumed.
   */
  onRecords(queue: Queue, start: number, end: number): void
}

export interface RingOptions {
  /** Name of the ring buffer. Default `cws_ring`. */
  ring?: string
  /** Map of `struct cws_wake`. Default `cws_wake`; `null`: the programs wake by themselves. */
  wake?: string | null
  /** Per-CPU array of `struct cws_counter`, read for losses. Default `cws_counters`; `null`: losses are not known. */
  counters?: string | null
  /** Record types whose arrival wakes the thread; others ride along. Default: exec. */
  wakeOn?: readonly number[]
}

/** A ring buffer that is being drained. */
export interface RingSource {
  /** Changes which record types wake, while the programs run. */
  wakeOn(types: readonly number[]): void
  /** Takes what is there and stops. */
  remove(): void
}

export interface ChangeOptions {
  /** What is wanted: nothing else comes, and a directory that appears and may hold some of it is marked by the native thread at once. Default: all. */
  patterns?: PathPatterns
  /** Most directories that are marked, but for those marked `beyond` it. Default: no bound of its own. */
  maxMarks?: number
  /**
   * Fanotify alone: the times of its records are narrowed down to those at which their process ran one program, where the order of events tells: each
   * local file system gets a mark on what is opened to be executed. Only where this process is {@link inInitialPidNamespace}. Default false.
   */
  ordered?: boolean
  /**
   * Fanotify alone: file systems are marked instead of directories, but for those that only lead to what is wanted: no memory is needed for each
   * directory, and everything that changes on them costs a little. Needs `patterns`. Default false.
   */
  whole?: boolean
}

/** A fanotify group or inotify descriptor that is being drained: its records have TYPE.CHANGE. */
export interface ChangeSource {
  /** Its number among the groups of its drain: CHANGE.group of its records. */
  readonly group: number
  /**
   * Watches the entries of a directory (not of those below it), or of one that only leads to what is wanted those that come and go. No part of
   * the path may be a symbolic link. `beyond`: whatever the bound. Throws `CWS_MARK`, with errno EDQUOT at the bound and EINVAL where
   * nothing is wanted; EREMOTE where the file system is a remote one or FUSE, which may never answer; ENODEV where it has no files.
   */
  mark(path: string | Uint8Array, beyond?: boolean): void
  /** With `whole`: the same of the file system that the directory is in. */
  markWhole(path: string | Uint8Array): void
  /** Paths of mounts in which something may be wanted; none of a source that cannot be `whole`. */
  mounts(): readonly Buffer[]
  /** What kind of file is there, links not followed; undefined: none, or where it cannot be looked at. Nothing waits for a remote file system. */
  look(path: string | Uint8Array): FileKind | undefined
  /** Entries of a directory, at most so many; none where there is no directory. Nothing waits for a remote file system. */
  list(path: string | Uint8Array, most: number): Iterable<Entry>
  /** Those it had in the end, when it is no longer drained. */
  counts(): ChangeCounts
  /** Takes what is there and stops. */
  remove(): void
}

export interface OpensOptions {
  /** Files whose opens are wanted. */
  readonly patterns: PathPatterns
  /** Most files that are marked. */
  readonly maxFiles: number
  /** As those of {@link ChangeOptions}. */
  readonly maxMarks: number
  readonly ordered: boolean
}

/** Opens that are being told. */
export interface OpensSource {
  /** Number of the group of the opens: CHANGE.group of their records. */
  readonly group: number
  /** The directories in which listed files may appear; its records, also with TYPE.OPEN, are of directories alone. */
  readonly folders: ChangeSource
  /** Lists a file. Throws `CWS_MARK`, with errno EDQUOT when there are too many, EINVAL where there is a directory or link. */
  list(path: string | Uint8Array): void
  /** Files that are listed now. */
  count(): number
  /** Opens of files that were no longer listed. */
  filtered(): number
  remove(): void
}

const KIB = 1024
const mask = (types: readonly number[]) => types.reduce((bits, type) => bits | (1 << type), 0) >>> 0

/** The native thread that collects records from its sources into the queue, and the turns in which they reach JavaScript. */
export class Drain implements Disposable {
  readonly queue: Queue
  readonly #addon: Addon
  readonly #handle: Handle
  readonly #span = new Uint32Array(2)
  readonly #turnBytes: number
  readonly #onRecords: DrainOptions['onRecords']
  #busy = false
  #closed = false
  #groups = 0
  /** Of each source of changes that is drained: what keeps its counts, which go with it. */
  readonly #counting = new Set<() => void>()
  #last: DrainStats | undefined

  /** Use {@link openDrain}. */
  constructor(options: DrainOptions) {
    const bytes = Buffer.allocUnsafeSlow(options.queueBytes ?? 32 * KIB * KIB)
    const { buffer, byteOffset, length } = bytes
    this.queue = {
      bytes,
      u32: new Uint32Array(buffer, byteOffset, length / 4),
      f64: new Float64Array(buffer, byteOffset, length / 8),
      u64: new BigUint64Array(buffer, byteOffset, length / 8),
    }
    this.#turnBytes = options.turnBytes ?? 256 * KIB
    this.#onRecords = options.onRecords
    this.#addon = addon()
    this.#handle = this.#addon.drainOpen(bytes, Buffer.from(this.#span.buffer), options.maxSleepMs ?? 100, () => this.#turn())
  }

  /** Drains a ring buffer of a loaded object. Add it before the programs are attached. */
  addRing(object: BpfObject, options: RingOptions = {}): RingSource {
    const { ring = 'cws_ring', wake = 'cws_wake', counters = 'cws_counters', wakeOn = [TYPE.EXEC] } = options
    const source = this.#addon.drainAddRing(this.#handle, object.handle, ring, wake ?? undefined, counters ?? undefined, mask(wakeOn))
    return {
      wakeOn: (types) => this.#addon.drainWakeOn(this.#handle, source, mask(types)),
      remove: () => this.#addon.drainRemove(this.#handle, source),
    }
  }

  /**
   * Drains a fanotify group of its own. Records of other sources that came before a change are in the queue before it: who watches processes by
   * the same drain knows the author. Throws `CWS_FANOTIFY_OPEN`.
   */
  addFanotify(options: ChangeOptions = {}): ChangeSource {
    return this.#changes(options, 'drainAddFanotify')
  }

  /** The same by inotify: without any privilege, and without the process. Throws `CWS_INOTIFY_OPEN`. */
  addInotify(options: ChangeOptions = {}): ChangeSource {
    const source = this.#changes(options, 'drainAddInotify')
    return { ...source, mark: (path, beyond) => withReason(() => source.mark(path, beyond)) }
  }

  /**
   * Tells the opens of files, whatever path leads to them, as records with TYPE.OPEN: CHANGE records whose `file` is the listed one. Files are
   * listed by the caller, and by the native thread at once when one appears in a marked directory. Throws `CWS_FANOTIFY_OPEN`.
   */
  addOpens({ ordered, patterns, maxMarks, maxFiles }: OpensOptions): OpensSource {
    const listed = this.#addon.listedOpen(maxFiles)
    const files = this.#changes({ ordered }, 'drainAddFanotify', listed)
    const folders = this.#changes({ patterns, maxMarks }, 'drainAddFanotify', listed)
    return {
      folders,
      group: files.group,
      list: (path) => this.#addon.drainListFile(this.#handle, folders.number, Buffer.from(path as Uint8Array)),
      count: () => this.#addon.listedCount(listed),
      filtered: () => files.counts().filtered,
      remove: () => {
        folders.remove()
        files.remove()
      },
    }
  }

  #changes(
    options: ChangeOptions,
    add: 'drainAddFanotify' | 'drainAddInotify',
    listed?: Handle,
  ): ChangeSource & { readonly number: number } {
    const group = ++this.#groups
    const { maxMarks = 0xffff_ffff, ordered = false, whole = false, patterns } = options
    const source = this.#addon[add](this.#handle, group, maxMarks, ordered, whole, patterns?.handle, listed)
    let last: ChangeCounts = { filtered: 0, marks: 0 }
    const count = () => {
      last = this.#addon.drainChangeCounts(this.#handle, source)
    }
    this.#counting.add(count)
    return {
      number: source,
      group,
      mark: (path, beyond = false) => this.#addon.drainMark(this.#handle, source, Buffer.from(path as Uint8Array), beyond),
      markWhole: (path) => this.#addon.drainMarkWhole(this.#handle, source, Buffer.from(path as Uint8Array)),
      mounts: () => pathsIn(this.#addon.drainMounts(this.#handle, source)),
      look: (path) => {
        const mode = this.#addon.drainLook(this.#handle, source, Buffer.from(path as Uint8Array))
        return mode === undefined ? undefined : kindOf(mode >>> 12)
      },
      list: (path, most) => entriesIn(this.#addon.drainList(this.#handle, source, Buffer.from(path as Uint8Array), most)),
      counts: () => {
        if (this.#counting.has(count)) count()
        return last
      },
      remove: () => {
        if (this.#counting.delete(count)) count()
        this.#addon.drainRemove(this.#handle, source)
      },
    }
  }

  stats(): DrainStats {
    return this.#last ?? this.#addon.drainStats(this.#handle)
  }

  /** Drains the sources a last time, ends the thread and delivers what is left before it returns (within `onRecords`: right after that). */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const count of this.#counting) count()
    this.#counting.clear()
    this.#addon.drainStop(this.#handle)
    this.#last = this.#addon.drainStats(this.#handle)
    if (!this.#busy) this.#flush()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #flush(): void {
    while (this.#deliver());
  }

  #turn(): void {
    if (this.#busy) return
    let more = true // after a throw nobody else would come for the rest
    try {
      more = this.#deliver()
    } finally {
      if (this.#closed) this.#flush()
      else if (more) setImmediate(() => this.#turn())
    }
  }

  /** One bounded run of records. True when more is waiting. */
  #deliver(): boolean {
    if (!this.#addon.drainPeek(this.#handle, this.#turnBytes)) return false
    const end = this.#span[1]!
    let more = false
    this.#busy = true
    try {
      this.#onRecords(this.queue, this.#span[0]!, end)
    } finally {
      this.#busy = false
      more = this.#addon.drainAck(this.#handle, end)
    }
    return more
  }
}

/** Starts the native thread. Throws {@link NativeUnavailableError}, or an Error with code `CWS_DRAIN_OPEN`. */
export function openDrain(options: DrainOptions): Drain {
  return new Drain(options)
}
