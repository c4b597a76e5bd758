import { Kinds } from './kinds.ts'
import { NODE, type Node, type Nodes } from './nodes.ts'
import type { Row, Rows } from './rows.ts'

/** What a lineage begins below: nothing, or something that nobody knows. */
const ROOT = 1
const CUT = 2
/** Lineages that are remembered; then all are forgotten. */
const MAX_LINEAGES = 32_768
const SLOTS = 2 * MAX_LINEAGES

/**
 * Numbers for images with all that stands above them: two images of one lineage are of one kind, and so are their parents and each of their
 * ancestors. What follows from these need be found out once. Numbers are never used again.
 */
export class Lineages {
  readonly #nodes: Nodes
  readonly #kinds: Kinds
  /** By lineage of what is above, kind, and whether both are of one process. */
  readonly #above = new Float64Array(SLOTS)
  readonly #kind = new Float64Array(SLOTS)
  readonly #number = new Float64Array(SLOTS)
  readonly #path: Node[] = []
  #count = 0
  #last = CUT

  constructor(nodes: Nodes, rows: Rows) {
    this.#nodes = nodes
    this.#kinds = new Kinds(rows)
  }

  /** 0: nobody can say, for want of room. */
  of(node: Node): number {
    const { lineage, up, row, serial, flags } = this.#nodes
    const known = lineage[node] as number
    if (known !== 0) return known
    const path = this.#path
    let length = 0
    let at = node
    let top = node
    for (; at !== 0 && lineage[at] === 0; at = up[at] as Node) {
      path[length++] = at
      top = at
    }
    let number = at !== 0 ? (lineage[at] as number) : (flags[top] as number) & NODE.ORPHAN ? CUT : ROOT
    while (length > 0) {
      const next = path[--length] as Node
      const kind = this.#kinds.of(row[next] as Row)
      if (kind === 0) return 0
      const above = up[next] as Node
      number = this.#intern(number, above !== 0 && serial[above] === serial[next] ? -kind : kind)
      lineage[next] = number
    }
    return number
  }

  /** Lets go of the strings that are held for it. */
  clear(): void {
    this.#kinds.clear()
    this.#forget()
  }

  #intern(above: number, kind: number): number {
    // The upper half of a product depends on all bits of its factors.
    let slot = Math.imul(Math.imul(above, 0x9e3779b1) ^ kind, 0x85ebca6b) >>> 16
    while (this.#number[slot] !== 0) {
      if (this.#above[slot] === above && this.#kind[slot] === kind) return this.#number[slot] as number
      slot = (slot + 1) % SLOTS
    }
    if (this.#count >= MAX_LINEAGES) {
      this.#forget()
      return this.#intern(above, kind)
    }
    this.#count++
    this.#above[slot] = above
    this.#kind[slot] = kind
    this.#number[slot] = ++this.#last
    return this.#last
  }

  #forget(): void {
    this.#count = 0
    this.#number.fill(0)
  }
}
