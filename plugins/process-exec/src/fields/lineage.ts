import type { Node } from '../table/nodes.ts'
import type { ProcessTable } from '../table/process-table.ts'

/** Ancestors that are shown of one event. */
const MAX_ANCESTORS = 128

/** What stands above an image, nearest first. One lineage is remembered, since the fields of an event ask for the same again and again. */
export class Lineage {
  readonly #table: ProcessTable
  #node: Node = 0
  #version = -1
  #above: Node[] = []
  #cut = false

  constructor(table: ProcessTable) {
    this.#table = table
  }

  above(node: Node): readonly Node[] {
    this.#follow(node)
    return this.#above
  }

  /** Whether there were more than are known. */
  isCut(node: Node): boolean {
    this.#follow(node)
    return this.#cut
  }

  #follow(node: Node): void {
    const table = this.#table
    if (this.#node === node && this.#version === table.version) return
    const { up } = table.nodes
    const above: Node[] = []
    let last = node
    for (let at = up[node] as number; at !== 0 && above.length < MAX_ANCESTORS; at = up[at] as number) {
      above.push(at)
      last = at
    }
    this.#cut = up[last] !== 0 || table.isCut(last)
    this.#node = node
    this.#version = table.version
    this.#above = above
  }
}
