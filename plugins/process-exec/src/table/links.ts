import type { Node, Nodes } from './nodes.ts'
import type { Rows } from './rows.ts'

/** Earlier images of one process that are kept. */
const MAX_IMAGES = 16
/** Ancestors of a process that are kept for sure; above, ancestors that live are. */
const NEAR = 64
const MAX_DEPTH = 2 * NEAR

/** How images hang together: links to what stands above and to earlier images, counted, and bounded in length. */
export class Links {
  readonly #nodes: Nodes
  readonly #rows: Rows
  readonly #lives: (node: Node) => boolean

  /** `lives`: whether the process of an image has not ended. */
  constructor(nodes: Nodes, rows: Rows, lives: (node: Node) => boolean) {
    this.#nodes = nodes
    this.#rows = rows
    this.#lives = lives
  }

  /** The image that stands above in the lineage and belongs to another process: the parent's; 0 if unknown or none. */
  parentOf(node: Node): Node {
    const { serial, up } = this.#nodes
    let above = up[node] as number
    while (above !== 0 && serial[above] === serial[node]) above = up[above] as number
    return above
  }

  /** Whether `wanted` stands above `node`, or is it. */
  leadsTo(node: Node, wanted: Node): boolean {
    for (let at = node, steps = 0; at !== 0 && steps <= MAX_DEPTH; at = this.#nodes.up[at] as number, steps++)
      if (at === wanted) return true
    return false
  }

  /** Puts an image below another; 0: below none that is known. */
  link(node: Node, above: Node): void {
    const nodes = this.#nodes
    nodes.moved(node)
    nodes.up[node] = above
    this.retain(above)
    nodes.depth[node] = above === 0 ? 0 : Math.min(0xffff, (nodes.depth[above] as number) + 1)
    if ((nodes.depth[node] as number) >= MAX_DEPTH) this.#prune(node)
  }

  /** Bounds the images of one process: one that executes without end must not grow the table. */
  shorten(node: Node): void {
    const { serial, up, earlier } = this.#nodes
    let last = node
    for (let images = 1; images < MAX_IMAGES; images++) {
      const next = earlier[last] as number
      if (next === 0) return
      last = next
    }
    const old = earlier[last] as number
    if (old === 0) return
    earlier[last] = 0
    if (up[last] === old && serial[old] === serial[last]) {
      this.#movedUpTo(node, last)
      up[last] = up[old] as number
      this.retain(up[last] as number)
      this.release(old)
    }
    this.release(old)
  }

  /**
   * Another lineage stands above `last`, and so above the later images of its process up to the present one, `node`. Where nothing else is below one
   * of these only they are worked out anew: who executes without end must not have that done for everybody.
   */
  #movedUpTo(node: Node, last: Node): void {
    const nodes = this.#nodes
    const { earlier, up, refs } = nodes
    // The present image is held as that; each other by the link, or both, of the next one.
    let links = 1
    for (let at = node; ; at = earlier[at] as Node) {
      if ((refs[at] as number) > links) {
        nodes.moved(last)
        return
      }
      nodes.lineage[at] = 0
      if (at === last) return
      links = up[at] === earlier[at] ? 2 : 1
    }
  }

  /** Earlier images serve to find the author of late events; executed ones stay in the lineage through `up`. */
  forgetEarlier(node: Node): void {
    const { earlier } = this.#nodes
    const old = earlier[node] as number
    earlier[node] = 0
    this.release(old)
  }

  /** One more holds the node; 0 is none. */
  retain(node: Node): void {
    if (node !== 0) (this.#nodes.refs[node] as number)++
  }

  /** One less holds the node: the last takes it, and what only it held, with it. */
  release(node: Node): void {
    const { refs } = this.#nodes
    if (node !== 0 && --(refs[node] as number) === 0) this.#free(node)
  }

  /** Bounds the lineage: beyond the nearest ancestors only those that live stay. */
  #prune(node: Node): void {
    const { up, depth } = this.#nodes
    const chain: Node[] = []
    for (let at = node; at !== 0 && chain.length < NEAR; at = up[at] as number) chain.push(at)
    const last = chain[chain.length - 1] as number
    const cut = up[last] as number
    this.forgetEarlier(last)
    let above = cut
    while (above !== 0 && !this.#lives(above)) above = up[above] as number
    if (above !== cut) {
      this.#nodes.moved(last)
      up[last] = above
      this.retain(above)
      this.release(cut)
    }
    let level = above === 0 ? 0 : Math.min(MAX_DEPTH - NEAR - 1, (depth[above] as number) + 1)
    for (const at of chain.reverse()) depth[at] = level++
  }

  #free(first: Node): void {
    const nodes = this.#nodes
    const pending = [first]
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      this.#rows.release(nodes.row[node] as number)
      for (const above of [nodes.up[node] as number, nodes.earlier[node] as number])
        if (above !== 0 && --(nodes.refs[above] as number) === 0) pending.push(above)
      nodes.remove(node)
    }
  }
}
