import { type Weighed, Weights } from './weights.ts'

/** Bytes of a page. The longest entry fits. */
export const PAGE_BYTES = 2048
/** Sessions of a family that are told apart: who makes sessions up must not make the search for room long. */
export const MAX_SESSIONS = 256
/** Stands for all sessions of a family that are more than these: they share pages, and are not one session. */
export const TOGETHER = -1
/** Pages that are looked at for one that is old, each time that one is needed. */
const LOOKS = 4
const NONE = -1

/** Processes that descend from one child of init. Nobody below can begin another. It weighs as much as it has pages. */
interface Family extends Weighed<Family> {
  readonly id: number
  readonly sessions: Session[]
  /** One of them, of those that are not told apart. */
  together: Session | undefined
}

interface Session {
  readonly id: number
  readonly family: Family
  pages: number
  /** Oldest page and newest. */
  first: number
  last: number
  /** Bytes of the newest page that are used. */
  fill: number
  /** When the newest entry happened, ms. */
  latest: number
}

/**
 * Room for entries in pages of one block of memory, each page of one session. Where none is free, a page is taken of the session that has
 * most, in the family that has most: whoever floods pushes out his own past. What is older than anybody asks for goes before that, as far as it is found.
 */
export class Pages {
  readonly u8: Uint8Array
  readonly u32: Uint32Array
  readonly f64: Float64Array
  readonly #count: number
  /** What is older is asked for by nobody, ms. */
  readonly #keepMs: number
  readonly #next: Int32Array
  readonly #filled: Uint16Array
  /** When the newest entry of a full page happened, ms. */
  readonly #ended: Float64Array
  readonly #owner: (Session | undefined)[] = []
  readonly #sessions = new Map<number, Session>()
  readonly #families = new Map<number, Family>()
  readonly #weights = new Weights<Family>()
  #current: Session | undefined
  #used = 0
  #hand = 0
  /** Pages that were taken though what they held could still be asked for. */
  evicted = 0

  constructor(bytes: number, keepMs: number) {
    this.#keepMs = keepMs
    this.#count = Math.max(4, Math.floor(bytes / PAGE_BYTES))
    const memory = new ArrayBuffer(this.#count * PAGE_BYTES)
    this.u8 = new Uint8Array(memory)
    this.u32 = new Uint32Array(memory)
    this.f64 = new Float64Array(memory)
    this.#next = new Int32Array(this.#count).fill(NONE)
    this.#filled = new Uint16Array(this.#count)
    this.#ended = new Float64Array(this.#count)
  }

  get bytes(): number {
    return this.u8.length
  }

  get sessions(): number {
    return this.#sessions.size
  }

  /** Pages that hold something. */
  get used(): number {
    return this.#used
  }

  /** Where an entry of `size` bytes (a multiple of 8, at most a page) goes. `ms`: when it happened. */
  place(session: number, family: number, size: number, ms: number): number {
    let of = this.#current
    if (of === undefined || of.id !== session) of = this.#current = this.#find(session, family, ms)
    if (of.fill + size > PAGE_BYTES) this.#turn(of, ms)
    const at = of.last * PAGE_BYTES + of.fill
    of.fill += size
    of.latest = ms
    return at
  }

  /**
   * The pages of a family, newest first within each session, those of the session that is named, or of those that are not told apart if it is one, before the others: where each begins, and where
   * what it holds ends. `since`: older ones are left out.
   */
  *pagesOf(family: number, since: number, first?: number): Generator<readonly [start: number, end: number]> {
    const { sessions = [], together } = this.#families.get(family) ?? {}
    const leading = sessions.find(({ id }) => id === first) ?? (first === undefined ? undefined : together)
    for (const session of leading ? [leading, ...sessions.filter((one) => one !== leading)] : [...sessions]) {
      if (session.latest < since) continue
      const pages: number[] = []
      for (let page = session.first; page !== NONE; page = this.#next[page] as number)
        if (page === session.last || (this.#ended[page] as number) >= since) pages.push(page)
      for (const page of pages.reverse()) {
        const start = page * PAGE_BYTES
        yield [start, start + (page === session.last ? session.fill : (this.#filled[page] as number))]
      }
    }
  }

  /** The session whose page this is; TOGETHER if it is not told apart. */
  sessionAt(at: number): number {
    return this.#owner[Math.floor(at / PAGE_BYTES)]?.id ?? 0
  }

  /** Ids of all families. */
  families(): IterableIterator<number> {
    return this.#families.keys()
  }

  clear(): void {
    this.#sessions.clear()
    this.#families.clear()
    this.#weights.clear()
    this.#owner.length = 0
    this.#next.fill(NONE)
    this.#current = undefined
    this.#used = this.#hand = 0
  }

  #find(id: number, familyId: number, ms: number): Session {
    const known = this.#sessions.get(id)
    if (known) return known
    let family = this.#families.get(familyId)
    const isTogether = family !== undefined && family.sessions.length >= MAX_SESSIONS
    if (isTogether && family?.together) return family.together
    // Taken first: it may be the last that the family had.
    const page = this.#take(ms)
    family = this.#families.get(familyId)
    if (!family) {
      family = { id: familyId, sessions: [], together: undefined, weight: 0, before: undefined, after: undefined }
      this.#families.set(familyId, family)
      this.#weights.add(family)
    }
    const session: Session = { id: isTogether ? TOGETHER : id, family, pages: 0, first: page, last: page, fill: 0, latest: ms }
    family.sessions.push(session)
    if (isTogether) family.together = session
    else this.#sessions.set(id, session)
    this.#give(page, session)
    return session
  }

  #turn(session: Session, ms: number): void {
    this.#filled[session.last] = session.fill
    this.#ended[session.last] = session.latest
    const page = this.#take(ms, session)
    if (session.pages === 0) session.first = page
    else this.#next[session.last] = page
    session.last = page
    session.fill = 0
    this.#give(page, session)
  }

  #give(page: number, session: Session): void {
    this.#owner[page] = session
    session.pages++
    this.#weights.change(session.family, 1)
  }

  /** A page that is free, or that its session has to give up. `keep`: this session goes on, even without a page. */
  #take(ms: number, keep?: Session): number {
    if (this.#used < this.#count) return this.#used++
    const victim = this.#old(ms) ?? this.#heaviest()
    const page = victim.first
    const { family } = victim
    victim.first = this.#next[page] as number
    this.#next[page] = NONE
    victim.pages--
    this.#weights.change(family, -1)
    if (victim.pages > 0 || victim === keep) return page
    if (victim === family.together) family.together = undefined
    else this.#sessions.delete(victim.id)
    family.sessions.splice(family.sessions.indexOf(victim), 1)
    if (family.sessions.length > 0) return page
    this.#weights.remove(family)
    this.#families.delete(family.id)
    return page
  }

  /** Whose oldest page is older than a minute, as far as that is found at once. */
  #old(ms: number): Session | undefined {
    for (let i = 0; i < LOOKS; i++) {
      this.#hand = this.#hand + 1 < this.#count ? this.#hand + 1 : 0
      const session = this.#owner[this.#hand] as Session
      const ended = session.pages === 1 ? session.latest : (this.#ended[session.first] as number)
      if (ended + this.#keepMs < ms) return session
    }
    return undefined
  }

  #heaviest(): Session {
    this.evicted++
    const [first, ...others] = (this.#weights.heaviest as Family).sessions as [Session, ...Session[]]
    return others.reduce((most, one) => (one.pages > most.pages ? one : most), first)
  }
}
