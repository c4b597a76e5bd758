import { EXEC, FORK, HEADER } from '../record/layout.ts'
import type { Memory } from '../record/memory.ts'
import { Lineages } from './lineages.ts'
import { Links } from './links.ts'
import { NODE, type Node, Nodes } from './nodes.ts'
import { type Row, Rows } from './rows.ts'
import { Strings } from './strings.ts'

/** Exited processes are kept this long, so that events which come late find their author. */
const GRACE_MS = 5_000
const TICK_NS = 10_000_000n
/** Processes that may go to make room for one. */
const MAX_EVICTIONS = 256

export interface TableCounts {
  readonly processes: number
  readonly images: number
  readonly bytes: number
  /** Exited processes that had to go before their grace period was over. */
  readonly evictedExited: number
  /** Running processes that had to go: what they do has an unknown author until their next exec. */
  readonly evictedRunning: number
  /** Strings (mostly arguments and environments) that found no room. */
  readonly stringsRefused: number
}

/** ns since boot as a number: exact for the first 104 days of uptime, to the microsecond for decades after. */
function timeOf(memory: Memory, at: number): number {
  return (memory.u32[(at + HEADER.time) >>> 2] as number) + (memory.u32[((at + HEADER.time) >>> 2) + 1] as number) * 2 ** 32
}

/** Init, and the process that all threads of the kernel descend from. */
const LAST_KERNEL_PID = 2

/** What reads a process that the table does not know, from /proc; its record is then given to `snapshot`. */
export type Loader = (pid: number) => void

/**
 * The process table: who runs what, who made whom. Fed with records in the order of their events. Compact and bounded by bytes: numbers in
 * typed arrays, byte strings interned.
 */
export class ProcessTable {
  readonly nodes: Nodes
  readonly rows: Rows
  readonly strings: Strings
  /** Rises with every change: what was derived from the table before is stale. */
  version = 0
  /** Asked for parents that are missing; undefined: they stay unknown. */
  loader: Loader | undefined
  readonly #links: Links
  #lineages: Lineages | undefined
  readonly #current = new Map<number, Node>()
  readonly #onRelease: ((serial: number) => void)[] = []
  #serial = 0
  #firstExited: Node = 0
  #lastExited: Node = 0
  #hand: Node = 1
  #evictedExited = 0
  #evictedRunning = 0

  constructor(maxBytes: number) {
    this.strings = new Strings(Math.floor(maxBytes * 0.5))
    this.rows = new Rows(this.strings, Math.floor(maxBytes * 0.35))
    this.nodes = new Nodes(Math.floor(maxBytes * 0.15))
    this.#links = new Links(this.nodes, this.rows, (node) => this.#lives(node))
  }

  /** Numbers of lineages; they take their room when somebody asks. */
  get lineages(): Lineages {
    this.#lineages ??= new Lineages(this.nodes, this.rows)
    return this.#lineages
  }

  /** Present image of a process by pid, exited ones in their grace period included; 0 if unknown. */
  find(pid: number): Node {
    return this.#current.get(pid) ?? 0
  }

  /** Numbers of all known processes. */
  pids(): IterableIterator<number> {
    return this.#current.keys()
  }

  /** The image that a process had at a time (ns since boot); 0 if that image is not known. */
  imageAt(pid: number, time: bigint): Node {
    let node = this.find(pid)
    while (node !== 0 && (this.nodes.begin[node] as bigint) > time) node = this.nodes.earlier[node] as number
    return node
  }

  onRelease(callback: (serial: number) => void): void {
    this.#onRelease.push(callback)
  }

  counts(): TableCounts {
    return {
      processes: this.#current.size,
      images: this.rows.count,
      bytes: this.nodes.bytes + this.rows.bytes + this.strings.bytes,
      evictedExited: this.#evictedExited,
      evictedRunning: this.#evictedRunning,
      stringsRefused: this.strings.refused,
    }
  }

  /** A process executed a program. @returns its new image; 0 if there is no room. */
  exec(memory: Memory, at: number): Node {
    this.version++
    const { flags, moment } = this.nodes
    const pid = memory.u32[(at + HEADER.pid) >>> 2] as number
    const before = this.#same(pid, memory, at + HEADER.start)
    this.#links.retain(before)
    const row = this.#row(memory, at)
    if (before !== 0 && (flags[before] as number) & NODE.SNAPSHOT && timeOf(memory, at) <= (moment[before] as number)) {
      // /proc was read after this exec, whose record was still on its way: the record tells the same, and more.
      this.#describe(before, row, memory, at)
      flags[before] = ((flags[before] as number) & ~NODE.SNAPSHOT) | NODE.EXECED
      this.#links.release(before)
      return before
    }
    const node = this.#node(row)
    if (node !== 0) {
      this.#describe(node, row, memory, at)
      this.nodes.flags[node] = NODE.EXECED
      if (before !== 0) this.#succeed(node, before)
      else this.#settle(node, this.#parent(memory.u32[(at + EXEC.ppid) >>> 2] as number, memory, at + EXEC.parent_start, node))
      this.#adopt(node, pid)
      this.#trace(node, before)
    }
    this.#links.release(before)
    if (node !== 0) this.#links.shorten(node)
    return node
  }

  /** A process made another. @returns the new one, with the image of its parent; 0 if there is no room. */
  fork(memory: Memory, at: number): Node {
    this.version++
    const { nodes } = this
    const pid = memory.u32[(at + HEADER.pid) >>> 2] as number
    const parent = this.#parent(memory.u32[(at + FORK.ppid) >>> 2] as number, memory, at + FORK.parent_start, 0)
    const known = this.#same(pid, memory, at + HEADER.start)
    if (known !== 0) {
      // Read from /proc before its fork came through the queue: the lineage is better known now.
      // One that came from its own child would stand above itself, without end.
      if (nodes.up[known] === 0 && !this.#links.leadsTo(parent, known)) {
        this.#settle(known, parent)
        this.#trace(known, 0)
      }
      return known
    }
    const row = parent === 0 ? 0 : (nodes.row[parent] as number)
    this.rows.retain(row)
    this.#links.retain(parent)
    const node = this.#node(row)
    this.#links.release(parent)
    if (node === 0) return 0
    nodes.pid[node] = pid
    nodes.ppid[node] = memory.u32[(at + FORK.real_ppid) >>> 2] as number
    nodes.nsPid[node] = memory.u32[(at + FORK.ns_pid) >>> 2] as number
    this.#stamp(node, memory, at)
    this.#settle(node, parent)
    this.#adopt(node, pid)
    this.#trace(node, 0)
    return node
  }

  /** A process ended. @returns its last image; 0 if it was not known. */
  exit(memory: Memory, at: number, nowMs: number): Node {
    this.version++
    const node = this.find(memory.u32[(at + HEADER.pid) >>> 2] as number)
    if (node === 0 || !this.#startedAt(node, memory, at + HEADER.start)) return 0
    this.#retire(node, nowMs)
    return node
  }

  /** A process that /proc shows, as a record of type exec. @returns its image: the one that was known already, if there is one. */
  snapshot(memory: Memory, at: number): Node {
    this.version++
    const { nodes } = this
    const pid = memory.u32[(at + HEADER.pid) >>> 2] as number
    const known = this.#same(pid, memory, at + HEADER.start)
    if (known !== 0) {
      if (nodes.row[known] === 0) this.#describe(known, this.#row(memory, at), memory, at, true)
      if (nodes.up[known] === 0) {
        this.#settle(known, this.#elder(known, memory.u32[(at + EXEC.ppid) >>> 2] as number))
        this.#trace(known, 0)
      }
      return known
    }
    const row = this.#row(memory, at)
    const node = this.#node(row)
    if (node === 0) return 0
    this.#describe(node, row, memory, at)
    nodes.flags[node] = NODE.SNAPSHOT | NODE.TICKS
    nodes.moment[node] = timeOf(memory, at)
    nodes.begin[node] = memory.u64[(at + HEADER.start) >>> 3] as bigint
    this.#adopt(node, pid)
    this.#settle(node, this.#elder(node, nodes.ppid[node] as number))
    this.#trace(node, 0)
    return node
  }

  /** A process that is gone though no record said so. */
  vanished(pid: number, nowMs: number): void {
    const node = this.find(pid)
    if (node === 0) return
    this.version++
    this.#retire(node, nowMs)
  }

  /** Lets go of processes whose grace period is over. */
  sweep(nowMs: number): void {
    while (this.#firstExited !== 0 && (this.nodes.moment[this.#firstExited] as number) + GRACE_MS <= nowMs) this.#drop(this.#firstExited)
  }

  /** The image that stands above in the lineage and belongs to another process: the parent's; 0 if unknown or none. */
  parentOf(node: Node): Node {
    return this.#links.parentOf(node)
  }

  /** Whether more stood above this node than is known. */
  isCut(node: Node): boolean {
    return this.nodes.up[node] === 0 && ((this.nodes.flags[node] as number) & NODE.ORPHAN) !== 0
  }

  /** The process with this pid if it is the one that started then; another process with that pid must be gone. */
  #same(pid: number, memory: Memory, startAt: number): Node {
    const node = this.find(pid)
    if (node === 0) return 0
    if (this.#startedAt(node, memory, startAt)) return node
    this.#retire(node, this.#latestExit())
    return 0
  }

  #startedAt(node: Node, memory: Memory, startAt: number): boolean {
    const { startLow, startHigh, flags } = this.nodes
    const low = memory.u32[startAt >>> 2] as number
    const high = memory.u32[(startAt >>> 2) + 1] as number
    if (startLow[node] === low && startHigh[node] === high) return true
    const start = (BigInt(high) << 32n) | BigInt(low)
    const known = (BigInt(startHigh[node] as number) << 32n) | BigInt(startLow[node] as number)
    // One of the two may come from /proc, which counts in ticks: a multiple of a tick is as good as any start within it.
    if (((flags[node] as number) & NODE.TICKS) === 0) return start % TICK_NS === 0n && known / TICK_NS === start / TICK_NS
    if (known / TICK_NS !== start / TICK_NS) return false
    if (start % TICK_NS !== 0n) {
      startLow[node] = low
      startHigh[node] = high
      flags[node] = (flags[node] as number) & ~NODE.TICKS
    }
    return true
  }

  /** The process that made `child`: it must have started as the record says, or, where that is not known, not after the child. */
  #parent(pid: number, memory: Memory, startAt: number, child: Node): Node {
    if (memory.u64[startAt >>> 3] === 0n) return this.#elder(child, pid)
    const node = this.#findOrLoad(pid)
    return node !== 0 && this.#startedAt(node, memory, startAt) ? node : 0
  }

  #elder(child: Node, pid: number): Node {
    const node = this.#findOrLoad(pid)
    if (child === 0 || node === 0 || node === child) return 0
    const { startHigh, startLow } = this.nodes
    const age = (of: Node) => (startHigh[of] as number) * 2 ** 32 + (startLow[of] as number)
    return age(node) <= age(child) + Number(TICK_NS) && !this.#links.leadsTo(node, child) ? node : 0
  }

  #findOrLoad(pid: number): Node {
    if (pid === 0) return 0
    const node = this.find(pid)
    if (node !== 0 || !this.loader) return node
    this.loader(pid)
    return this.find(pid)
  }

  #row(memory: Memory, at: number): Row {
    for (let tries = 0; this.rows.full && tries < MAX_EVICTIONS && this.#evict(); tries++);
    const refused = this.strings.refused
    const row = this.rows.add(memory, at)
    if (this.strings.refused !== refused) this.#lineages?.clear()
    if (this.strings.refused !== refused) for (let tries = 0; tries < 16 && this.#evict(); tries++);
    return row
  }

  #node(row: Row): Node {
    for (let tries = 0; this.nodes.full && tries < MAX_EVICTIONS && this.#evict(); tries++);
    const node = this.nodes.add(row)
    if (node === 0) this.rows.release(row)
    return node
  }

  /** Sets what an exec record says of the image itself. `known`: identity and times stay. */
  #describe(node: Node, row: Row, memory: Memory, at: number, known = false): void {
    const { nodes } = this
    if (nodes.row[node] !== row) this.rows.release(nodes.row[node] as number)
    nodes.row[node] = row
    nodes.changed(node)
    if (known) return
    nodes.pid[node] = memory.u32[(at + HEADER.pid) >>> 2] as number
    nodes.ppid[node] = memory.u32[(at + EXEC.ppid) >>> 2] as number
    nodes.nsPid[node] = memory.u32[(at + EXEC.ns_pid) >>> 2] as number
    this.#stamp(node, memory, at)
  }

  #stamp(node: Node, memory: Memory, at: number): void {
    const { nodes } = this
    nodes.startLow[node] = memory.u32[(at + HEADER.start) >>> 2] as number
    nodes.startHigh[node] = memory.u32[((at + HEADER.start) >>> 2) + 1] as number
    nodes.begin[node] = memory.u64[(at + HEADER.time) >>> 3] as bigint
  }

  /** Links a new image of a process behind the present one. */
  #succeed(node: Node, before: Node): void {
    const { nodes } = this
    nodes.serial[node] = nodes.serial[before] as number
    nodes.earlier[node] = before
    this.#links.retain(before)
    // A forked copy that went on to execute is no ancestor of its own: it ran what its parent ran.
    const lineage = (nodes.flags[before] as number) & (NODE.EXECED | NODE.SNAPSHOT) ? before : (nodes.up[before] as number)
    if ((nodes.flags[before] as number) & NODE.ORPHAN && lineage === 0) nodes.flags[node] = (nodes.flags[node] as number) | NODE.ORPHAN
    this.#links.link(node, lineage)
  }

  /** A process with one image, below its parent. */
  #settle(node: Node, parent: Node): void {
    const { nodes } = this
    const { flags, ppid } = nodes
    if (parent === 0 && ppid[node] !== 0) flags[node] = (flags[node] as number) | NODE.ORPHAN
    else flags[node] = (flags[node] as number) & ~NODE.ORPHAN
    this.#links.link(node, parent)
  }

  /** Makes the node the present image of its process. */
  #adopt(node: Node, pid: number): void {
    const { nodes } = this
    this.#links.retain(node)
    const before = this.#current.get(pid)
    this.#current.set(pid, node)
    if (before === undefined || nodes.serial[before] !== nodes.serial[node]) nodes.serial[node] = ++this.#serial
    else {
      if ((nodes.flags[before] as number) & NODE.EXITED) this.#unqueue(before)
      this.#links.release(before)
    }
  }

  /**
   * Says which session and family the process belongs to: those of the image that it had, else of its parent. Who executes a program as the
   * leader of a session begins one; a child of init, or of nobody who is known, a family.
   */
  #trace(node: Node, before: Node): void {
    const { nodes } = this
    const { session, family, maker, serial, pid, flags } = nodes
    const from = before !== 0 ? before : this.#links.parentOf(node)
    if (before !== 0) maker[node] = maker[before] as number
    else maker[node] = from === 0 ? 0 : (serial[from] as number)
    const isFirst = from === 0 || (before === 0 && (pid[from] as number) <= LAST_KERNEL_PID)
    session[node] = isFirst ? (serial[node] as number) : (session[from] as number)
    family[node] = isFirst ? (serial[node] as number) : (family[from] as number)
    const isImage = (flags[node] as number) & (NODE.EXECED | NODE.SNAPSHOT) && nodes.row[node] !== 0
    if (isImage && this.rows.u32(nodes.row[node] as number, EXEC.sid) === pid[node]) session[node] = serial[node] as number
  }

  #lives(node: Node): boolean {
    const { pid, serial, flags } = this.nodes
    const present = this.find(pid[node] as number)
    return present !== 0 && serial[present] === serial[node] && ((flags[present] as number) & NODE.EXITED) === 0
  }

  #latestExit(): number {
    return this.#lastExited === 0 ? 0 : (this.nodes.moment[this.#lastExited] as number)
  }

  /** The process has ended: it stays at the end of the line for its grace period. */
  #retire(node: Node, nowMs: number): void {
    const { flags, moment, next, previous } = this.nodes
    if ((flags[node] as number) & NODE.EXITED) return
    flags[node] = (flags[node] as number) | NODE.EXITED
    moment[node] = Math.max(nowMs, this.#latestExit())
    previous[node] = this.#lastExited
    next[node] = 0
    if (this.#lastExited === 0) this.#firstExited = node
    else next[this.#lastExited] = node
    this.#lastExited = node
  }

  #unqueue(node: Node): void {
    const { next, previous, flags } = this.nodes
    const before = previous[node] as number
    const after = next[node] as number
    if (before === 0) this.#firstExited = after
    else next[before] = after
    if (after === 0) this.#lastExited = before
    else previous[after] = before
    flags[node] = (flags[node] as number) & ~NODE.EXITED
  }

  /** Lets go of a process; its images stay as long as descendants need them. */
  #drop(node: Node): void {
    const { pid, serial, flags } = this.nodes
    if ((flags[node] as number) & NODE.EXITED) this.#unqueue(node)
    flags[node] = (flags[node] as number) | NODE.EXITED
    if (this.#current.get(pid[node] as number) === node) this.#current.delete(pid[node] as number)
    this.#links.forgetEarlier(node)
    const gone = serial[node] as number
    this.#links.release(node)
    for (const callback of this.#onRelease) callback(gone)
  }

  /** Makes room: the process that exited first, else a running one without descendants, by a hand that goes round. */
  #evict(): boolean {
    if (this.#firstExited !== 0) {
      this.#evictedExited++
      this.#drop(this.#firstExited)
      return true
    }
    const { pid, refs, top } = this.nodes
    for (let steps = 0; steps < top; steps++) {
      this.#hand = this.#hand + 1 < top ? this.#hand + 1 : 1
      const node = this.#hand
      if (pid[node] === 0 || refs[node] !== 1 || this.#current.get(pid[node] as number) !== node) continue
      this.#evictedRunning++
      this.#drop(node)
      return true
    }
    return false
  }
}
