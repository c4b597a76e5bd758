import type { Condition } from '../condition/ir.ts'
import type { Event } from '../model/event.ts'
import type { EventType } from '../model/event-map.ts'
import type { TextBytes } from '../model/text-bytes.ts'
import type { Unknown } from '../model/unknown.ts'

/** What detectors want of the event types that a source feeds. Replaced whole by generations. */
export interface InterestSet {
  /** Rises with every change; a source acknowledges a generation by settling `interests()`. */
  readonly generation: number
  /** By event type: the conditions of which at least one must be able to hold. An absent type interests nobody. */
  readonly byType: ReadonlyMap<string, readonly Interest[]>
}

export interface Interest {
  /** Who wants it. */
  readonly plugin: string
  readonly condition: Condition
  /** False for those who keep state and need no early wake-up. */
  readonly urgent: boolean
}

export type Probe = { readonly ok: true; readonly gaps?: readonly string[] } | { readonly ok: false; readonly reason: string }

/** One way a source can see the same thing. Listed best first; the first that probes and starts runs. */
export interface Flavour {
  readonly name: string
  /** Fields that it never tells, by event type: names, and `process.*` for all that begin so. Rules that need one are not fed while it runs. */
  readonly lacks?: Readonly<Record<string, readonly string[]>>
  /** Whether this host can run it, and if not why. Quick, without side effects that last. */
  probe(): Probe | Promise<Probe>
  /** Attaches. A throw means: try the next flavour; the reason is told by `cws doctor`. */
  start(): void | Promise<void>
  stop(): void | Promise<void>
}

/** What would feed something: a sensor, by any of these flavours. */
export interface Feeder {
  readonly sensor: string
  readonly flavours: readonly string[]
}

/** Counts of one event type at a source. */
export interface SourceCounts {
  readonly seen: number
  readonly filtered: number
  /** Merged into another event. Absent: none. */
  readonly coalesced?: number
  readonly lost: number
}

export interface SourceDefinition {
  /** What it senses, for `cws doctor`: `process`, `file`. */
  readonly sensor: string
  /** Event types it feeds. */
  readonly feeds: readonly EventType[]
  readonly flavours: readonly [Flavour, ...Flavour[]]
  /** Run this flavour or fail (exit code 3). */
  readonly pin?: string | undefined
  /** Called before start with what is wanted and at each change. Settling acknowledges the generation. */
  interests?(set: InterestSet): void | Promise<void>
  /** Counters by event type, read when somebody asks. */
  counts?(): Readonly<Record<string, SourceCounts>>
  /** Figures of its own by name (`table_bytes`); names that end in `_total` are of what only rises. Read when somebody asks. */
  figures?(): Readonly<Record<string, number>>
  /** Proves through the whole pipeline that the sensor sees. */
  readonly selfTest?: SelfTest
}

export interface SelfTest {
  readonly on: EventType
  /** Does something harmless that the sensor must see; `nonce` makes it recognisable. */
  trigger(nonce: string): void | Promise<void>
  /** Whether this event is the one that `trigger(nonce)` caused. */
  recognise(event: Event, nonce: string): boolean
}

/** Reads one field of an event that lies in a batch: `cursor` is what the source passed to `emit`. */
export interface Reader {
  (cursor: number): unknown | Unknown
  /** What the same value is decoded from, where that is at hand. */
  readonly bytes?: (cursor: number) => TextBytes | undefined
}

/** The readers of an event type by dotted field name. What is missing comes from field providers, else it is UNKNOWN. */
export type Readers = Readonly<Record<string, Reader>>

/** The door through which a source's events enter the pipeline, for batches in native memory. */
export interface BatchFeed {
  /** Dispatches the event at this cursor, synchronously. Its views end with the call. */
  emit(cursor: number): void
}

/** The door for sources that make events as objects: fields below the event's own name, UNKNOWN where absent. */
export interface ObjectFeed<T extends EventType> {
  emit(fields: Partial<OwnFields<T>>, about?: EventOrigin): void
}

export interface EventOrigin {
  /** Process that did it, initial pid namespace. */
  readonly pid?: number
  /** ns since the epoch; now if absent. */
  readonly timestamp?: bigint
  /** ns since the epoch, where the source knows only that the event lies between this and `timestamp`. */
  readonly notBefore?: bigint
}

type DeepPartialValues<V> = {
  readonly [N in keyof V]?: V[N] extends object ? (V[N] extends readonly unknown[] ? V[N] : DeepPartialValues<V[N]>) : V[N]
}
type OwnFields<T extends EventType> = T extends keyof Event<T> ? DeepPartialValues<Event<T>[T]> : Record<string, unknown>
