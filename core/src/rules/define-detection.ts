import type { Where } from '../condition/where.ts'
import type { FieldName } from '../model/event.ts'
import type { EventType } from '../model/event-map.ts'
import type { Severity } from '../signals/severity.ts'
import type { TestCase } from './define-rule.ts'

/** A rule whose findings a detection looks at: its id, or the rule itself, which lets TypeScript know the fields. */
export type RuleRef<T extends EventType = EventType> = string | { readonly id: string; readonly on: T }

/** The fields of one of some event types. */
type FieldOf<T extends EventType> = T extends EventType ? FieldName<T> : never

/**
 * What ties findings together. `tree`: one log-in, one service, or one start into a container, with all that descends from it; `process`: one
 * process, whatever it executes; `user`: who logged in, else the real user; `container`: `container.id`; or any field that has one value.
 */
export type DetectionKey<T extends EventType = EventType> = 'tree' | 'process' | 'user' | 'container' | FieldOf<T>

/** What a case may ask: `count` and `distinct` of the window, and the fields of the last event. As data or as an expression. */
export type CaseCondition<T extends EventType = EventType> =
  | string
  | (Where<T> & { readonly count?: number | Bounds; readonly distinct?: number | Bounds })
interface Bounds {
  readonly lt?: number
  readonly lte?: number
  readonly gt?: number
  readonly gte?: number
}

/** The first case that holds says how severe it is, and what it is called. */
export interface DetectionCase<T extends EventType = EventType> {
  readonly when: CaseCondition<T>
  readonly severity: Severity
  readonly name?: string
}

/** Findings that are known to mean nothing, for a time. They are counted, not told. */
export interface Suppression<T extends EventType = EventType> {
  /** Lower-case words with dashes; the counter has its name. */
  readonly id: string
  /** Ids of the rules and detections that it holds for. Given by the place if it stands in a detection. */
  readonly rules?: readonly string[]
  /** On the event, and on `rule.id`, `severity`, `count` and `distinct` of the finding. Without it all findings are suppressed. */
  readonly when?: Where<T> | string
  /** RFC 3339, or a day, which means its beginning in UTC; `never` to say outright that it has no end. */
  readonly until: string
  /** Why, for whoever meets it next. */
  readonly reason: string
}

/**
 * An event of a case: `on`, where the rules are on several types; `after`, the time since the one before, `1s` if absent; and fields, as in the
 * cases of rules. What acts is one process on the host if they do not say otherwise: `process.pid` 1000, below init.
 */
export type DetectionTestEvent<T extends EventType = EventType> = {
  [E in T]: TestCase<E> & { readonly on?: E; readonly after?: string }
}[T]

interface DetectionBase<T extends EventType> {
  /** Lower-case words with dashes; unique among rules and detections. */
  readonly id: string
  /** For people: what happened, in a few words. */
  readonly name: string
  /** Where no case holds. */
  readonly severity: Severity
  /** Default: `['tree']`. An empty list makes one window of the whole host. */
  readonly by?: readonly DetectionKey<T>[]
  readonly cases?: readonly DetectionCase<T>[]
  /** `keep`, the default: the rules' own findings are told too. `absorb`: they only feed detections. */
  readonly findings?: 'keep' | 'absorb'
  readonly tags?: readonly string[]
  /** Markdown with `{{@field}}` of the last event and `{{count}}`, `{{distinct}}`, `{{within}}`, `{{case}}`. */
  readonly message: string
  /** What to do about it. */
  readonly advice?: string
  /** Harmless causes that are known. */
  readonly benign?: readonly string[]
  readonly suppress?: readonly Suppression<T>[]
  /** Cases of several events: it must fire on the last of `fires` and on no other, and on none of `silent`. */
  readonly tests?: {
    readonly fires?: readonly (readonly DetectionTestEvent<T>[])[]
    readonly silent?: readonly (readonly DetectionTestEvent<T>[])[]
  }
}

/** At least `count` findings, or findings with so many different values, within a time. */
export interface ThresholdDetection<T extends EventType = EventType> extends DetectionBase<T> {
  readonly kind: 'threshold'
  readonly of: readonly RuleRef<T>[]
  /** For example `90s`, `5m`, `1h`; at most a day. */
  readonly within: string
  /** 2 to 1,000. */
  readonly count: number
  /** Counts different values of this field, or different rules, not findings. */
  readonly distinct?: FieldOf<T> | 'rule.id'
}

/** Findings of one rule after another, in this order, all within a time. A step may be any of several rules. */
export interface SequenceDetection<T extends EventType = EventType> extends DetectionBase<T> {
  readonly kind: 'sequence'
  /** 2 to 8. */
  readonly steps: readonly (RuleRef<T> | readonly RuleRef<T>[])[]
  readonly within: string
}

/** A value that was never seen before for this key, once what is normal has been learnt. */
export interface NewValueDetection<T extends EventType = EventType> extends DetectionBase<T> {
  readonly kind: 'new-value'
  readonly of: readonly RuleRef<T>[]
  readonly value: FieldOf<T>
  /** How long values are learnt in silence, from the first finding on: for example `7d`; at most 90 days. */
  readonly learn: string
}

/** What several findings mean together. Plain data. */
export type DetectionDefinition<T extends EventType = EventType> = ThresholdDetection<T> | SequenceDetection<T> | NewValueDetection<T>

/** A detection over rules of any event types. */
export type AnyDetection = DetectionDefinition<EventType>

/** Declares a detection: the identity, typed by the events of the rules that it names. */
export function defineDetection<const T extends EventType>(detection: DetectionDefinition<T>): DetectionDefinition<T> {
  return detection
}
