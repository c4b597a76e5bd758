import type { Node } from './nodes.ts'

/** Pids below this are found in pages: Linux gives none above, PID_MAX_LIMIT of include/linux/threads.h. A power of two. */
const MAX_PID = 2 ** 22
const PAGE_BITS = 10
const PAGE = 2 ** PAGE_BITS
/** Who keeps one process alive on every page there is must not take more room than 4 MiB: what finds no page is found in a map. */
const MAX_PAGES = 1024
/** Of one entry in a map, as V8 keeps it. */
const ENTRY_BYTES = 48

/** Stands for every page that does not exist. */
const EMPTY = new Uint32Array(PAGE)

/**
 * The present image of each process by its pid, asked four times an event: in pages of numbers, at a fixed place, so that whoever chooses pids
 * holds nobody up. A page goes with its last process.
 */
export class Pids {
  readonly #pages: Uint32Array[] = Array.from({ length: MAX_PID >>> PAGE_BITS }, () => EMPTY)
  /** Processes of each page. */
  readonly #used = new Uint16Array(MAX_PID >>> PAGE_BITS)
  /** Those without a page. */
  readonly #others = new Map<number, Node>()
  #count = 0
  #size = 0

  get size(): number {
    return this.#size + this.#others.size
  }

  get bytes(): number {
    return this.#count * PAGE * 4 + this.#others.size * ENTRY_BYTES
  }

  /** 0 if it is not there; any number may be asked for. */
  get(pid: number): Node {
    const node = isPaged(pid) ? ((this.#pages[pid >>> PAGE_BITS] as Uint32Array)[pid & (PAGE - 1)] as Node) : 0
    return node !== 0 || this.#others.size === 0 ? node : (this.#others.get(pid) ?? 0)
  }

  /** `node`: not 0. */
  set(pid: number, node: Node): void {
    const page = this.#pageFor(pid)
    if (page === EMPTY) {
      this.#others.set(pid, node)
      return
    }
    const at = pid & (PAGE - 1)
    if (page[at] === 0) {
      this.#size++
      ;(this.#used[pid >>> PAGE_BITS] as number)++
    }
    page[at] = node
  }

  delete(pid: number): void {
    const number = pid >>> PAGE_BITS
    const page = isPaged(pid) ? (this.#pages[number] as Uint32Array) : EMPTY
    const at = pid & (PAGE - 1)
    if (page[at] === 0) {
      this.#others.delete(pid)
      return
    }
    page[at] = 0
    this.#size--
    if (--(this.#used[number] as number) > 0) return
    this.#pages[number] = EMPTY
    this.#count--
  }

  *keys(): Generator<number, void> {
    for (let number = 0; number < this.#pages.length; number++)
      for (let at = 0; at < PAGE && this.#used[number] !== 0; at++)
        if ((this.#pages[number] as Uint32Array)[at] !== 0) yield (number << PAGE_BITS) | at
    yield* this.#others.keys()
  }

  /** The page that it is on or goes to; EMPTY: it has none. */
  #pageFor(pid: number): Uint32Array {
    if (!isPaged(pid) || (this.#others.size > 0 && this.#others.has(pid))) return EMPTY
    const number = pid >>> PAGE_BITS
    const page = this.#pages[number] as Uint32Array
    if (page !== EMPTY || this.#count >= MAX_PAGES) return page
    this.#count++
    const made = new Uint32Array(PAGE)
    this.#pages[number] = made
    return made
  }
}

/** Only whole numbers below MAX_PID are. */
function isPaged(pid: number): boolean {
  return pid === (pid & (MAX_PID - 1))
}
