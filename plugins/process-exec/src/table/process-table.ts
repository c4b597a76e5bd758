import { EXEC, FORK, HEADER } from '../record/layout.ts'
import type { Memory } from '../record/memory.ts'
import { Commands } from './commands.ts'
import { Exits } from './exits.ts'
import { Lineages } from './lineages.ts'
import { Links } from './links.ts'
import { NODE, type Node, Nodes } from './nodes.ts'
import { Pids } from './pids.ts'
import { type Row, Rows } from './rows.ts'
import { trace } from './sessions.ts'
import { isElder, stamp, startedAt } from './starts.ts'
import { Strings } from './strings.ts'

/** Processes that go when a text found no room. */
const EVICTED = 16
/** A thirty-second of the table may be held for commands to be recognised. */
const COMMANDS_SHIFT = 5
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
  readonly #exits: Exits
  #lineages: Lineages | undefined
  #commands: Commands | undefined
  readonly #maxBytes: number
  readonly #current: Pids
  readonly #onRelease: ((serial: number) => void)[] = []
  #serial = 0
  #hand: Node = 1
  #evictedExited = 0
  #evictedRunning = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.strings = new Strings(Math.floor(maxBytes * 0.47))
    this.rows = new Rows(this.strings, Math.floor(maxBytes * 0.35))
    this.nodes = new Nodes(Math.floor(maxBytes * 0.15))
    this.#current = new Pids(Math.floor(maxBytes * 0.03))
    this.#exits = new Exits(this.nodes)
    this.#links = new Links(this.nodes, this.rows, (node) => this.#lives(node))
  }

  /** Numbers of lineages; they take their room when somebody asks. */
  get lineages(): Lineages {
    this.#lineages ??= new Lineages(this.nodes, this.rows)
    return this.#lineages
  }

  /** Numbers of what was started how, likewise. */
  get commands(): Commands {
    this.#commands ??= new Commands(this.nodes, this.rows, this.lineages, this.#maxBytes >>> COMMANDS_SHIFT)
    return this.#commands
  }

  /** Present image of a process by pid, exited ones in their grace period included; 0 if unknown. */
  find(pid: number): Node {
    return this.#current.get(pid)
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
      bytes: this.nodes.bytes + this.rows.bytes + this.strings.bytes + this.#current.bytes,
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
      trace(this.nodes, this.rows, this.#links, node, before)
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
        trace(this.nodes, this.rows, this.#links, known, 0)
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
    stamp(this.nodes, node, memory, at)
    this.#settle(node, parent)
    this.#adopt(node, pid)
    trace(this.nodes, this.rows, this.#links, node, 0)
    return node
  }

  /** A process ended. @returns its last image; 0 if it was not known. */
  exit(memory: Memory, at: number, nowMs: number): Node {
    this.version++
    const node = this.find(memory.u32[(at + HEADER.pid) >>> 2] as number)
    if (node === 0 || !startedAt(this.nodes, node, memory, at + HEADER.start)) return 0
    this.#exits.add(node, nowMs)
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
        trace(this.nodes, this.rows, this.#links, known, 0)
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
    trace(this.nodes, this.rows, this.#links, node, 0)
    return node
  }

  /** A process that is gone though no record said so. */
  vanished(pid: number, nowMs: number): void {
    const node = this.find(pid)
    if (node === 0) return
    this.version++
    this.#exits.add(node, nowMs)
  }

  /** Lets go of processes whose grace period is over. */
  sweep(nowMs: number): void {
    for (let node = this.#exits.over(nowMs); node !== 0; node = this.#exits.over(nowMs)) this.#drop(node)
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
    if (startedAt(this.nodes, node, memory, startAt)) return node
    this.#exits.add(node, this.#exits.latest)
    return 0
  }

  /** The process that made `child`: it must have started as the record says, or, where that is not known, not after the child. */
  #parent(pid: number, memory: Memory, startAt: number, child: Node): Node {
    if (memory.u64[startAt >>> 3] === 0n) return this.#elder(child, pid)
    const node = this.#findOrLoad(pid)
    return node !== 0 && startedAt(this.nodes, node, memory, startAt) ? node : 0
  }

  #elder(child: Node, pid: number): Node {
    const node = this.#findOrLoad(pid)
    if (child === 0 || node === 0 || node === child) return 0
    return isElder(this.nodes, node, child) && !this.#links.leadsTo(node, child) ? node : 0
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
    const { strings, rows } = this
    const { refused } = strings
    let row = rows.add(memory, at)
    if (strings.refused !== refused && (this.#lineages || this.#commands)) {
      // What is held to be recognised again goes first: it may have been just that.
      this.#lineages?.clear()
      this.#commands?.clear()
      strings.refused = refused
      rows.release(row)
      row = rows.add(memory, at)
      // So that it is not all given up again for the next one.
      for (let tries = 0; tries < EVICTED && this.#exits.first !== 0; tries++) this.#evict()
    }
    if (strings.refused !== refused) for (let tries = 0; tries < EVICTED && this.#evict(); tries++);
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
    stamp(this.nodes, node, memory, at)
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
    if (before === 0 || nodes.serial[before] !== nodes.serial[node]) nodes.serial[node] = ++this.#serial
    else {
      this.#exits.remove(before)
      this.#links.release(before)
    }
  }

  #lives(node: Node): boolean {
    const { pid, serial, flags } = this.nodes
    const present = this.find(pid[node] as number)
    return present !== 0 && serial[present] === serial[node] && ((flags[present] as number) & NODE.EXITED) === 0
  }

  /** Lets go of a process; its images stay as long as descendants need them. */
  #drop(node: Node): void {
    const { pid, serial, flags } = this.nodes
    this.#exits.remove(node)
    flags[node] = (flags[node] as number) | NODE.EXITED
    if (this.#current.get(pid[node] as number) === node) this.#current.delete(pid[node] as number)
    this.#links.forgetEarlier(node)
    const gone = serial[node] as number
    this.#links.release(node)
    for (const callback of this.#onRelease) callback(gone)
  }

  /** Makes room: the process that exited first, else a running one without descendants, by a hand that goes round. */
  #evict(): boolean {
    const { first } = this.#exits
    if (first !== 0) {
      this.#evictedExited++
      this.#drop(first)
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
