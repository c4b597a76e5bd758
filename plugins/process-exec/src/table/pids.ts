import type { Node } from './nodes.ts'

/** Pids below this are found in pages: Linux gives none above, PID_MAX_LIMIT of include/linux/threads.h. A power of two. */
const MAX_PID = 2 ** 22
const PAGE_BITS = 8
const PAGE = 2 ** PAGE_BITS
const PAGE_BYTES = 4 * PAGE
/** Of one entry in a map, as V8 keeps it. */
const ENTRY_BYTES = 48

/** Stands for every page that does not exist. */
const EMPTY = new Uint32Array(PAGE)

/**
 * The present image of each process by its pid, asked four times an event: in pages of numbers, each pid at a fixed place, so that whoever chooses
 * pids holds nobody up. A page goes with its last process. Who keeps one process alive on each of very many pages has them all: what then finds no
 * page is found in a map.
 */
export class Pids {
  readonly #pages: Uint32Array[] = Array.from({ length: MAX_PID >>> PAGE_BITS }, () => EMPTY)
  /** Processes of each page. */
  readonly #used = new Uint16Array(MAX_PID >>> PAGE_BITS)
  /** Those without a page. */
  readonly #others = new Map<number, Node>()
  readonly #maxPages: number
  #pageCount = 0
  /** Processes on pages. */
  #paged = 0

  /** `maxBytes`: of all pages. */
  constructor(maxBytes: number) {
    this.#maxPages = Math.floor(maxBytes / PAGE_BYTES)
  }

  get size(): number {
    return this.#paged + this.#others.size
  }

  get bytes(): number {
    return this.#pageCount * PAGE_BYTES + this.#others.size * ENTRY_BYTES
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
      this.#paged++
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
    this.#paged--
    if (--(this.#used[number] as number) > 0) return
    this.#pages[number] = EMPTY
    this.#pageCount--
  }

  /** The page that it is on or goes to; EMPTY: it has none. */
  #pageFor(pid: number): Uint32Array {
    if (!isPaged(pid) || (this.#others.size > 0 && this.#others.has(pid))) return EMPTY
    const number = pid >>> PAGE_BITS
    const page = this.#pages[number] as Uint32Array
    if (page !== EMPTY || this.#pageCount >= this.#maxPages) return page
    this.#pageCount++
    const made = new Uint32Array(PAGE)
    this.#pages[number] = made
    return made
  }
}

/** Only whole numbers below MAX_PID are. */
function isPaged(pid: number): boolean {
  return pid === (pid & (MAX_PID - 1))
}
