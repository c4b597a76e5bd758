import type { Where } from '../condition/where.ts'
import type { Event, FieldName, FieldValue } from '../model/event.ts'
import type { EventType } from '../model/event-map.ts'
import type { Severity } from '../signals/severity.ts'
import type { AnyDetection } from './define-detection.ts'
import type { Trigger } from './trigger.ts'

/** The fields of an event in a rule's test; what is not given is UNKNOWN, `null` too. */
export type TestCase<T extends EventType = EventType> = { readonly [F in FieldName<T>]?: FieldValue<T, F> | null }

/** A detection rule written in TypeScript. Plain data but for `when`. */
export interface Rule<T extends EventType = EventType> {
  /** Lower-case words with dashes; unique among the rules that run. */
  readonly id: string
  /** For people: what happened, in a few words. */
  readonly name: string
  readonly severity: Severity
  readonly on: T
  /** The condition, as data or as an expression of the rule language. */
  readonly where?: Where<T> | string
  /** The rare escape: runs only after `where` holds. */
  readonly when?: (event: Event<T>) => boolean
  readonly tags?: readonly string[]
  readonly groupBy?: readonly FieldName<T>[]
  /** Markdown with `{{@field}}` variables: what happened and what it means. */
  readonly message: string
  /** What to do about it. */
  readonly advice?: string
  /** Harmless causes that are known. */
  readonly benign?: readonly string[]
  readonly tests?: { readonly fires?: readonly TestCase<T>[]; readonly silent?: readonly TestCase<T>[] }
}

/** Declares a rule: the identity, typed by the event that it is `on`. */
export function defineRule<const T extends EventType>(rule: Rule<T>): Rule<T> {
  return rule
}

/** A pack: what a rules package exports by default. */
export interface RulePack {
  readonly name: string
  readonly rules: readonly AnyRule[]
  /** Harmless deeds by the id of the rule that each has fire, for `cws rules simulate`. */
  readonly triggers?: Readonly<Record<string, Trigger>>
  readonly detections?: readonly AnyDetection[]
}

/** A rule of any event type. */
export type AnyRule = { [T in EventType]: Rule<T> }[EventType]
