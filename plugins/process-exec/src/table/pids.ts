import type { Node } from './nodes.ts'

/** A power of two. */
const FIRST_SLOTS = 1024

/**
 * The present image of each process by its pid: an open table in two typed arrays, asked four times an event, where a Map takes several times as
 * long. At most half of it is full; what is behind a pid that goes moves up, so that nothing marks where one was.
 */
export class Pids {
  #pid = new Uint32Array(FIRST_SLOTS)
  /** 0: the slot is free. */
  #node = new Uint32Array(FIRST_SLOTS)
  #size = 0
  /** Leaves of 32 bits as many as slots need. */
  #shift = 32 - Math.log2(FIRST_SLOTS)

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#pid.byteLength + this.#node.byteLength
  }

  /** 0 if it is not there; any number may be asked for. */
  get(pid: number): Node {
    return this.#node[this.#slotOf(pid)] as Node
  }

  /** `node`: not 0. */
  set(pid: number, node: Node): void {
    let slot = this.#slotOf(pid)
    if (this.#node[slot] === 0) {
      if (2 * ++this.#size > this.#node.length) {
        this.#grow()
        slot = this.#slotOf(pid)
      }
      this.#pid[slot] = pid
    }
    this.#node[slot] = node
  }

  delete(pid: number): void {
    let free = this.#slotOf(pid)
    if (this.#node[free] === 0) return
    this.#size--
    const mask = this.#node.length - 1
    for (let slot = (free + 1) & mask; this.#node[slot] !== 0; slot = (slot + 1) & mask) {
      // One that is where it belongs, or behind it but not as far as the free slot, would not be found there.
      const behind = (slot - this.#home(this.#pid[slot] as number)) & mask
      if (behind < ((slot - free) & mask)) continue
      this.#pid[free] = this.#pid[slot] as number
      this.#node[free] = this.#node[slot] as Node
      free = slot
    }
    this.#node[free] = 0
  }

  *keys(): Generator<number, void> {
    for (let slot = 0; slot < this.#node.length; slot++) if (this.#node[slot] !== 0) yield this.#pid[slot] as number
  }

  /** Where it is, or the free slot where it would go. */
  #slotOf(pid: number): number {
    const mask = this.#node.length - 1
    let slot = this.#home(pid)
    while (this.#node[slot] !== 0 && this.#pid[slot] !== pid) slot = (slot + 1) & mask
    return slot
  }

  /**
   * Pids follow one another. By the golden ratio (D. Knuth's multiplicative hashing) such are spread evenly, and those of another time lie between
   * them: with slots that follow one another, too, the later ones would queue behind thousands.
   */
  #home(pid: number): number {
    return Math.imul(pid, 0x9e3779b1) >>> this.#shift
  }

  #grow(): void {
    const pids = this.#pid
    const nodes = this.#node
    this.#pid = new Uint32Array(2 * pids.length)
    this.#node = new Uint32Array(2 * nodes.length)
    this.#shift--
    for (let i = 0; i < nodes.length; i++) {
      if (nodes[i] === 0) continue
      const slot = this.#slotOf(pids[i] as number)
      this.#pid[slot] = pids[i] as number
      this.#node[slot] = nodes[i] as Node
    }
  }
}
