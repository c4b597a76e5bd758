import { NODE, type Node, type Nodes } from './nodes.ts'

/** Exited processes are kept this long, so that events which come late find their author. */
const GRACE_MS = 5_000

/** The line of exited processes in their grace period, who ended first in front: a list within the nodes themselves. */
export class Exits {
  readonly #nodes: Nodes
  #first: Node = 0
  #last: Node = 0

  constructor(nodes: Nodes) {
    this.#nodes = nodes
  }

  /** Who ended first; 0 if nobody waits. */
  get first(): Node {
    return this.#first
  }

  /** When who ended last did so, ms; 0 if nobody waits. */
  get latest(): number {
    return this.#last === 0 ? 0 : (this.#nodes.moment[this.#last] as number)
  }

  /** Whose grace period is over; 0 if nobody's is. */
  over(nowMs: number): Node {
    return this.#first !== 0 && (this.#nodes.moment[this.#first] as number) + GRACE_MS <= nowMs ? this.#first : 0
  }

  /** The process has ended: it stays at the end of the line. */
  add(node: Node, nowMs: number): void {
    const { flags, moment, next, previous } = this.#nodes
    if ((flags[node] as number) & NODE.EXITED) return
    flags[node] = (flags[node] as number) | NODE.EXITED
    moment[node] = Math.max(nowMs, this.latest)
    previous[node] = this.#last
    next[node] = 0
    if (this.#last === 0) this.#first = node
    else next[this.#last] = node
    this.#last = node
  }

  /** It leaves the line, if it stands there, and counts as living. */
  remove(node: Node): void {
    const { next, previous, flags } = this.#nodes
    if (((flags[node] as number) & NODE.EXITED) === 0) return
    const before = previous[node] as number
    const after = next[node] as number
    if (before === 0) this.#first = after
    else next[before] = after
    if (after === 0) this.#last = before
    else previous[after] = before
    flags[node] = (flags[node] as number) & ~NODE.EXITED
  }
}
