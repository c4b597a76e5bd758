import type { EventDefinition } from './define-event.ts'
import type { EventMap, EventType } from './event-map.ts'
import type { Field, FieldAt, Paths, Shape, ValueOf } from './field.ts'
import type { Unknown } from './unknown.ts'

/** The shape of an event type. */
export type ShapeOf<T extends EventType> = EventMap[T] extends EventDefinition<string, infer S> ? S : never

/** Dotted names of the fields of an event type. */
export type FieldName<T extends EventType> = Paths<ShapeOf<T>>

/** Value of a field of an event type, when it is known. */
export type FieldValue<T extends EventType, P extends string> = ValueOf<FieldAt<ShapeOf<T>, P>>

/** Nested view: fields read as values; those in `Known` cannot be UNKNOWN there. */
export type ViewOf<S, Known extends string = never, P extends string = ''> = {
  readonly [N in keyof S & string]: S[N] extends Field
    ? `${P}${N}` extends Known
      ? ValueOf<S[N]>
      : ValueOf<S[N]> | Unknown
    : S[N] extends Shape
      ? ViewOf<S[N], Known, `${P}${N}.`>
      : never
}

/** What every event offers besides its fields. */
export interface EventMethods<T extends EventType = EventType> {
  readonly type: T
  /**
   * A frozen copy that stays readable after the dispatch. A view is valid only while its event is dispatched; reading it later throws
   * CWS_ERR_EVENT_EXPIRED.
   */
  keep(): Event<T>
  /** A field by its dotted name, for code that is generic over event types. UNKNOWN if this event type has no such field. */
  get(field: string): unknown
  /** The model's fields nested by their names, UNKNOWN as null, int64 as raw JSON numbers, ancestors as a list of objects. Fields nobody knows are left out of long blocks. */
  toJSON(): Record<string, unknown>
}

/** An event as plugins see it. `Known` names the fields that the interest guarantees. */
export type Event<T extends EventType = EventType, Known extends string = never> = EventMethods<T> & ViewOf<ShapeOf<T>, Known>
