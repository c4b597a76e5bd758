import type { EventDefinition } from '../model/define-event.ts'
import type { LiveEvent } from '../model/event-class.ts'
import type { TrackedPast } from '../plugin/tracker.ts'
import { detailsOf, toldFields } from './details.ts'
import { type ByteMemory, Draft, EntryReader, MAX_DETAILS, sizeOf, write } from './entry.ts'
import { DEFAULT_EXTENT, type Extent } from './extent.ts'
import { PAGE_BYTES, Pages } from './pages.ts'

/** Processes that are left out, and for how long around what they did, ms: none lives longer, and whoever has its number later is told of. */
const MAX_LEFT_OUT = 16
const LEFT_OUT_MS = 15_000
/** Types of events that can be told apart. */
const MAX_TYPES = 0xffff

/** A type of events as the recorder knows it. */
export interface NotedType {
  readonly name: string
  readonly number: number
  readonly told: ReturnType<typeof toldFields>
}

/** Remembers for a while what processes did, in a block of memory: see docs/design/0015-flight-recorder.md. */
export class FlightRecorder {
  readonly extent: Extent
  readonly pages: Pages
  readonly read: EntryReader
  readonly #draft = new Draft()
  readonly #text = Buffer.from(new ArrayBuffer(MAX_DETAILS))
  readonly #details: ByteMemory = { u8: this.#text, u32: new Uint32Array(this.#text.buffer) }
  readonly #types = new Map<string, NotedType>()
  readonly #names: string[] = []
  /** When each was seen, ms since the epoch. */
  readonly #leftOut = new Map<number, number>()
  #omitted: LiveEvent | undefined
  #numbersOf: object | undefined
  noted = 0

  constructor(extent: Partial<Extent> = {}) {
    this.extent = { ...DEFAULT_EXTENT, ...extent }
    this.pages = new Pages(this.extent.bytes, Math.max(this.extent.beforeMs, this.extent.afterMs))
    this.read = new EntryReader(this.pages)
  }

  counts(): Readonly<Record<'bytes' | 'used_bytes' | 'sessions' | 'noted' | 'pushed_out_bytes', number>> {
    const { bytes, used, sessions, evicted } = this.pages
    return { bytes, used_bytes: used * PAGE_BYTES, sessions, noted: this.noted, pushed_out_bytes: evicted * PAGE_BYTES }
  }

  /** The name of a type that an entry names by number. */
  typeName(number: number): string {
    return this.#names[number] ?? ''
  }

  typeNumber(name: string): number {
    return this.#types.get(name)?.number ?? -1
  }

  typeOf(definition: EventDefinition): NotedType {
    let type = this.#types.get(definition.type)
    if (!type) {
      type = { name: definition.type, number: Math.min(this.#names.length, MAX_TYPES), told: toldFields(definition) }
      this.#types.set(definition.type, type)
      this.#names[type.number] = definition.type
    }
    return type
  }

  /** Notes what the tracker's own record under dispatch tells. */
  own({ name, number }: NotedType, past: TrackedPast): void {
    const draft = this.#draft
    draft.reset()
    if (past.own(name, draft)) this.#note(number, past.numbers, draft)
  }

  /** Notes any other event under dispatch, if it is known who did it. */
  event({ number, told }: NotedType, event: LiveEvent, past: TrackedPast | undefined): void {
    if (event.process$ <= 0 || event === this.#omitted) return
    const draft = this.#draft
    draft.reset()
    this.who(event, past, draft)
    draft.ms = timeOf(event)
    draft.args = this.#details
    draft.argsStart = 0
    const details = detailsOf(event, told)
    // Cut JSON would be none.
    draft.argsLength = this.#text.write(Buffer.byteLength(details) <= MAX_DETAILS ? details : '{}')
    draft.isDetails = true
    this.#note(number, past?.numbers ?? this, draft)
  }

  /** The event under dispatch was made by the agent to test itself: it is not told of, nor, if it is an exec, what else its process does. */
  leaveOut(event: LiveEvent): void {
    this.#omitted = event
    if (event.type !== 'exec' || event.process$ <= 0) return
    this.#leftOut.set(event.process$, timeOf(event))
    for (const oldest of this.#leftOut.keys()) if (this.#leftOut.size > MAX_LEFT_OUT) this.#leftOut.delete(oldest)
  }

  /** Whether an entry is of such a process. */
  isLeftOut(at: number): boolean {
    if (this.#leftOut.size === 0) return false
    const seen = this.#leftOut.get(this.read.process(at))
    return seen !== undefined && Math.abs(this.read.ms(at) - seen) <= LEFT_OUT_MS
  }

  /** Fills in who did an event. Without a tracker that knows sessions each process is one of its own. */
  who(event: LiveEvent, past: TrackedPast | undefined, draft: Draft): void {
    if (past && event.actor >= 0) past.who(event.actor, draft)
    else {
      draft.process = draft.session = draft.family = event.process$
      draft.pid = event.pid ?? 0
      draft.parent = 0
    }
  }

  /** Session and family of a process that did something lately. */
  find(process: number): { readonly session: number; readonly family: number } | undefined {
    for (const family of this.pages.families())
      for (const [start, end] of this.pages.pagesOf(family, 0))
        for (let at = start; at < end; at += this.read.size(at))
          if (this.read.process(at) === process) return { session: this.sessionAt(at), family }
    return undefined
  }

  /** The session whose page an entry is in; TOGETHER if it is not told apart. */
  sessionAt(at: number): number {
    return this.pages.sessionAt(at)
  }

  #note(type: number, numbers: object, draft: Draft): void {
    // Another tracker counts processes anew.
    if (numbers !== this.#numbersOf) {
      this.#numbersOf = numbers
      this.pages.clear()
      this.#leftOut.clear()
    }
    const size = sizeOf(draft)
    write(this.pages, this.pages.place(draft.session, draft.family, size, draft.ms), size, type, draft)
    this.noted++
  }
}

export const millisecondsOf = (ns: bigint): number => Number(ns / 1000n) / 1000

function timeOf(event: LiveEvent): number {
  const timestamp = event.get('event.timestamp')
  return typeof timestamp === 'bigint' ? millisecondsOf(timestamp) : Date.now()
}
