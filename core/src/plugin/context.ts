import type { Condition, Readable } from '../condition/ir.ts'
import type { Where } from '../condition/where.ts'
import type { HookFacade } from '../hooks/facade.ts'
import type { EventDefinition } from '../model/define-event.ts'
import type { Event, FieldName } from '../model/event.ts'
import type { EventType } from '../model/event-map.ts'
import type { Unknown } from '../model/unknown.ts'
import type { Finding } from '../signals/finding.ts'
import type { Logger } from './logger.ts'
import type { BatchFeed, Feeder, ObjectFeed, Readers, SourceDefinition } from './source.ts'
import type { ProcessTracker, TrackedEvent } from './tracker.ts'

/** Typed services by name. Plugins add theirs: `declare module '@cws/core' { interface ServiceMap { 'package-owner': PackageOwner } }`. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface ServiceMap {}

export type PluginState = 'ok' | 'degraded' | 'failed'

/** Changes the value of a field where it leaves the agent; other fields of the event may say how. */
export type Redactor = (value: unknown, event: Readable) => unknown

/** Provides one field: a value, UNKNOWN, or a promise. While the promise is pending the field is UNKNOWN and the event may be judged once more. */
export type FieldProvider = (event: TrackedEvent) => unknown | Unknown | Promise<unknown>

/** A plugin's durable store: small JSON values by key, kept in memory, written behind. */
export interface StateStore {
  get(key: string): unknown
  set(key: string, value: unknown): void
  delete(key: string): void
  keys(): readonly string[]
}

/** What a handler of `ctx.detect` may return. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that only looks returns nothing
export type Detection = Finding | readonly Finding[] | undefined | void

/** The model as a plugin sees it. */
export interface ModelView {
  /** @throws CwsError CWS_ERR_EVENT_UNKNOWN naming the nearest type. */
  get(type: string): EventDefinition
  types(): readonly string[]
  /** Whether a sensor that runs feeds this type; with a field: and somebody tells that field of it, which is else UNKNOWN for ever. */
  isFed(type: string, field?: string): boolean
  /** What of this composition would feed it: where nothing does, a sensor that does not run, or by another flavour. */
  feeders(type: string, field?: string): readonly Feeder[]
}

/** Everything that a plugin may touch. Built-ins get nothing that outsiders do not. */
export interface PluginContext<O = unknown> {
  /** Name of this instance. */
  readonly name: string
  /** Validated and frozen. */
  readonly options: Readonly<O>
  readonly log: Logger
  /** Aborts when the plugin must stop. */
  readonly signal: AbortSignal
  /** The hooks, under this plugin's name. */
  readonly hooks: HookFacade

  /** The event types of this composition, and which of them a running sensor feeds (known from `hooks.ready` on). */
  readonly model: ModelView

  /** Folder from which relative paths in options are meant: that of the configuration, else the working directory. */
  readonly folder: string
  /** Imports a module that the options name: a path (relative ones start from `folder`, and are evaluated anew after a reload) or a package, looked up from `folder`, then from the agent's installation. */
  import(specifier: string): Promise<Record<string, unknown>>

  /** Registers a source: its flavours are probed and the best one started, after all plugins are set up. */
  source(definition: SourceDefinition): void
  /** Opens the door for events of a type. With `readers`: events in batches; without: events as objects. */
  feed<T extends EventType>(event: EventDefinition<T> | T, readers: Readers): BatchFeed
  feed<T extends EventType>(event: EventDefinition<T> | T): ObjectFeed<T>
  /** Becomes the keeper of the process tree. */
  track(tracker: ProcessTracker): void
  /** Provides fields lazily: on events of the named type, or of all with `'*'`. Runs only when a rule, a template or an output reads the field. */
  fields<T extends EventType>(on: T | '*', providers: Readonly<Record<string, FieldProvider>>): void
  /** Changes the values of fields, by dotted name, wherever they leave the agent: JSON, messages, the store. Rules see them as they are. */
  redact(fields: Readonly<Record<string, Redactor>>): void

  /** Detects: the handler runs for events for which the interest holds; what it excludes need not leave the kernel. */
  detect<T extends EventType>(on: T, interest: null, handler: (event: Event<T>) => Detection): void
  detect<T extends EventType, const W extends Where<T>>(
    on: T,
    interest: W,
    handler: (event: Event<T, Extract<keyof W, FieldName<T>>>) => Detection,
  ): void
  /** Says what this plugin needs from sources without a handler of its own. `urgent: false` for those who keep state. */
  interest(on: EventType, condition: Where | Condition | null, options?: { readonly urgent?: boolean }): void
  /** Reports a finding about the event under dispatch, or one that was kept. */
  report(event: Event, finding: Finding): void
  /** The judgement of this event met UNKNOWN. If fields are still being provided, `again` runs once with a kept copy when they are there, and this returns true; else it counts as undecided. */
  undecided(event: Event, again: (event: Event) => void): boolean

  /** One value per process (or container), made on first use, freed with it, bounded in number (the oldest go first). UNKNOWN authors share none: each call makes a new value. */
  per<V>(scope: 'process' | 'container', create: () => V): (event: Event) => V
  readonly state: StateStore
  /**
   * Long-lived things belong to the agent: adopted by the next composition when `on` is equal, else disposed by `Symbol.dispose` or `close()`. `on`: what
   * the value depends on; the options of this plugin by default.
   */
  keep<V>(key: string, create: () => V, on?: unknown): V

  expose<K extends keyof ServiceMap & string>(key: K, service: ServiceMap[K]): void
  use<K extends keyof ServiceMap & string>(key: K): ServiceMap[K]
  /** Like `use`, undefined if nobody exposes it. */
  maybe<K extends keyof ServiceMap & string>(key: K): ServiceMap[K] | undefined

  /** Says during set-up what this plugin works by, by name: its rules, for example. Who wants it is told the names that come, change and go; only fingerprints are kept. */
  contents(parts: Readonly<Record<string, unknown>>): void
  /** Reports this plugin's health. */
  status(state: PluginState, detail?: string): void
  /** Called once when the plugin stops; last registered first. May be async, bounded by a timeout. */
  onStop(callback: () => void | Promise<void>): void
}
