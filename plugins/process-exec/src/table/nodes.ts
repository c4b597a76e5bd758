import type { Row } from './rows.ts'

/** Number of a node; 0 is none. */
export type Node = number

export const NODE = {
  /** The process executed a program to get this image. */
  EXECED: 1,
  /** The process has ended; the node stays for a grace period, and as long as descendants need it. */
  EXITED: 2,
  /** Was there when the agent started: read from /proc, so not all is known. */
  SNAPSHOT: 4,
  /** The start has the precision of a clock tick. */
  TICKS: 8,
  /** It has a parent that nobody knows. */
  ORPHAN: 16,
} as const

const FIRST_NODES = 1024
/** Bytes of one node in all columns. */
const NODE_BYTES = 4 * 16 + 2 + 1 + 8 * 5

/**
 * Process images in columns: no object a process. A process has one node for each image that it had, linked by `earlier`; `up` leads to what
 * stands above it in its lineage: an earlier executed image of the same process, or the image that its parent had when it forked.
 */
export class Nodes {
  readonly #max: number
  pid = new Uint32Array(FIRST_NODES)
  ppid = new Uint32Array(FIRST_NODES)
  nsPid = new Uint32Array(FIRST_NODES)
  startLow = new Uint32Array(FIRST_NODES)
  startHigh = new Uint32Array(FIRST_NODES)
  /** When this image began: its exec, or the fork. */
  begin = new BigUint64Array(FIRST_NODES)
  row = new Uint32Array(FIRST_NODES)
  up = new Uint32Array(FIRST_NODES)
  earlier = new Uint32Array(FIRST_NODES)
  /** One for being a process' present image, one for each link from below. */
  refs = new Uint32Array(FIRST_NODES)
  /** Links of the list of exited processes, oldest first; `next` also links free nodes. */
  next = new Uint32Array(FIRST_NODES)
  previous = new Uint32Array(FIRST_NODES)
  /** Number of the process that leads the session, as the tree has it, and of the child of init that all descends from: see `trace` of the table. */
  session = new Uint32Array(FIRST_NODES)
  family = new Uint32Array(FIRST_NODES)
  /** Number of the process that made this one; 0 if unknown. */
  maker = new Uint32Array(FIRST_NODES)
  depth = new Uint16Array(FIRST_NODES)
  flags = new Uint8Array(FIRST_NODES)
  /** Number of the process, the same for all its images, never used again. */
  serial = new Float64Array(FIRST_NODES)
  /** Of exited processes: when, in ms of the clock that the table is swept by. Of a SNAPSHOT: when /proc was read, ns since boot. */
  moment = new Float64Array(FIRST_NODES)
  /** Number of the image as it is known: another once more is known of it, never used again. */
  image = new Float64Array(FIRST_NODES)
  /** Number of its lineage, 0 while nobody asked. */
  lineage = new Float64Array(FIRST_NODES)
  #images = 0
  #top = 1
  #free = 0
  #count = 0

  constructor(maxBytes: number) {
    this.#max = Math.max(64, Math.floor(maxBytes / NODE_BYTES))
  }

  get bytes(): number {
    return this.pid.length * NODE_BYTES
  }

  get count(): number {
    return this.#count
  }

  get full(): boolean {
    return this.#free === 0 && this.#top >= this.#max
  }

  /** One above the highest node ever used. */
  get top(): number {
    return this.#top
  }

  /** A node with all columns zero but `row`; 0 if there is no room. */
  add(row: Row): Node {
    let node = this.#free
    if (node !== 0) this.#free = this.next[node] as number
    else if (this.#top < this.#max) {
      node = this.#top++
      if (node >= this.pid.length) this.#grow()
    } else return 0
    this.#count++
    this.up[node] = this.earlier[node] = this.next[node] = this.previous[node] = this.refs[node] = 0
    this.depth[node] =
      this.flags[node] =
      this.serial[node] =
      this.moment[node] =
      this.lineage[node] =
      this.session[node] =
      this.family[node] =
      this.maker[node] =
        0
    this.row[node] = row
    this.changed(node)
    return node
  }

  /** What is known of the image is no longer what it was. */
  changed(node: Node): void {
    this.image[node] = ++this.#images
    this.moved(node)
  }

  /** Another lineage stands above the image, or it is another: what is below it has another, too. That is rare, but where it is new. */
  moved(node: Node): void {
    if (this.lineage[node] !== 0) this.lineage.fill(0)
  }

  remove(node: Node): void {
    this.next[node] = this.#free
    this.#free = node
    this.pid[node] = 0
    this.#count--
  }

  #grow(): void {
    const size = Math.min(this.pid.length * 2, this.#max)
    const words = (from: Uint32Array<ArrayBuffer>) => larger(from, new Uint32Array(size))
    this.pid = words(this.pid)
    this.ppid = words(this.ppid)
    this.nsPid = words(this.nsPid)
    this.startLow = words(this.startLow)
    this.startHigh = words(this.startHigh)
    this.row = words(this.row)
    this.up = words(this.up)
    this.earlier = words(this.earlier)
    this.refs = words(this.refs)
    this.next = words(this.next)
    this.previous = words(this.previous)
    this.session = words(this.session)
    this.family = words(this.family)
    this.maker = words(this.maker)
    this.begin = new BigUint64Array(larger(new Uint32Array(this.begin.buffer), new Uint32Array(size * 2)).buffer)
    this.depth = larger(this.depth, new Uint16Array(size))
    this.flags = larger(this.flags, new Uint8Array(size))
    this.serial = larger(this.serial, new Float64Array(size))
    this.moment = larger(this.moment, new Float64Array(size))
    this.image = larger(this.image, new Float64Array(size))
    this.lineage = larger(this.lineage, new Float64Array(size))
  }
}

function larger<A extends { set(from: A): void }>(from: A, to: A): A {
  to.set(from)
  return to
}
