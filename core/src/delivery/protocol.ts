import type { Condition } from '../condition/ir.ts'
import type { NotificationRule } from '../config/define-config.ts'
import type { HeartbeatSettings } from '../config/heartbeat.ts'
import type { ModulePolicy } from '../config/module-hooks.ts'
import type { ListenAddress } from '../config/monitoring.ts'
import type { EventDefinition } from '../model/define-event.ts'
import type { Field } from '../model/field.ts'
import type { Makeup } from '../notifications/makeup.ts'
import type { EscalationStep, Terms } from '../notifications/terms.ts'
import type { DefinitionSite } from '../plugin/instance.ts'
import type { Manner } from '../plugin/manner.ts'
import type { SignalHead } from '../signals/signal-line.ts'

/** A notifier as it crosses to the delivery thread. */
export interface DestinationSpec {
  readonly name: string
  readonly site: DefinitionSite
  /** Validated in the engine; cloneable; secrets as references. */
  readonly options: unknown
  readonly manner: Manner
}

/** How stdout is written. `human` for a person on a terminal, `json` for machines. */
export type OutputFormat = 'human' | 'json'

/** What a configuration says of delivery, not checked yet. */
export interface DeliveryPlan {
  readonly destinations: readonly DestinationSpec[]
  readonly notifications: readonly NotificationRule[] | undefined
  /** Event types of plugins, whose fields `when` may read besides the standard ones. */
  readonly events?: readonly EventDefinition[]
  /** How modules of notifiers are found and trusted: the policy that the configuration was loaded with. Needed for notifiers in configurations. */
  readonly modules?: ModulePolicy | undefined
  readonly monitoring?: ListenAddress | undefined
  readonly heartbeat?: HeartbeatSettings | undefined
}

export interface DeliveryOptions extends DeliveryPlan {
  readonly stateDir: string
  readonly runDir: string
  readonly host: string
  readonly version: string
  readonly format: OutputFormat
  readonly color: boolean
  /** `debug` lets debug messages cross to the engine. */
  readonly logLevel: string
  readonly supervision?: Partial<Supervision>
}

/** How the engine watches over the delivery thread. */
export interface Supervision {
  /** How often a sign of life is asked for. */
  readonly pingMs: number
  /** A thread that gives none for so long is ended. */
  readonly hangMs: number
  /** A thread that holds more memory outside its heap is ended; the heap has its own limit. */
  readonly bufferBytes: number
  /** Wait before the first thread that replaces another; doubled with each death in the window. */
  readonly backoffMs: number
  /** More deaths than this in the window end the agent. */
  readonly restarts: number
  readonly windowMs: number
  /** Signals, and characters of their lines, that are kept while no thread makes them durable. */
  readonly keptSignals: number
  readonly keptText: number
}

/** A notification rule that was checked: plain data. */
export interface Route extends Terms {
  readonly name: string
  readonly to: readonly string[]
  readonly when: Condition
  /** Template of the message; the usual one if absent. */
  readonly message?: string | undefined
  readonly escalate?: readonly EscalationStep[] | undefined
}

/** What a configuration says of delivery; a reload brings another one. */
export interface DeliveryComposition {
  readonly modules: ModulePolicy | undefined
  readonly destinations: readonly DestinationSpec[]
  /** Where `/healthz` and `/metrics` are served; nowhere if absent. */
  readonly monitoring: ListenAddress | undefined
  /** The watcher outside that is told that all is well; none if absent. */
  readonly heartbeat: HeartbeatSettings | undefined
  /** Undefined: every notifier gets every signal from `low` up. */
  readonly routes: readonly Route[] | undefined
  /** The rules that the routes were made of, as they were written. */
  readonly notifications: readonly NotificationRule[] | undefined
  /** Of event types of plugins: templates may name them besides the standard ones. */
  readonly fields: ReadonlyMap<string, Field>
}

/** What the delivery thread is started with. */
export interface DeliverySetup extends DeliveryComposition {
  readonly stateDir: string
  readonly runDir: string
  readonly format: OutputFormat
  readonly color: boolean
  readonly debug: boolean
  /** Memory that the engine reads: see `Vitals`. */
  readonly vitals: SharedArrayBuffer
  /** The clock of the engine, which this thread advances. */
  readonly engineTicks: SharedArrayBuffer
  /** An earlier thread ended within a line of stdout. */
  readonly partialLine: boolean
  /** Notifiers that are not to be called, each with the reason. What is owed to them waits. */
  readonly quarantined: Readonly<Record<string, string>>
}

/** An error as data. */
export interface ErrorBody {
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
}

/** What the engine works by. */
export type EngineMakeup = Pick<Makeup, 'plugins' | 'rules'>

/** Engine → delivery. */
export type ToDelivery =
  /** The signal as its JSON line: raw int64 numbers do not survive a structured clone, and one string is cheaper than a tree. */
  | { readonly kind: 'signal'; readonly number: number; readonly head: SignalHead; readonly line: string }
  /** What was seen around a signal: one part of it, as JSON. */
  | { readonly kind: 'evidence'; readonly signal: string; readonly body: string }
  /** A signal that is neither stored nor told. */
  | { readonly kind: 'rehearsal'; readonly head: SignalHead; readonly line: string }
  /** Ready-made JSON lines of events (`--events`), joined by newlines. The first to go when output stalls. */
  | { readonly kind: 'events'; readonly lines: string; readonly count: number }
  | { readonly kind: 'status'; readonly status: AgentStatusLine }
  /** This is at work now. */
  | { readonly kind: 'at-work'; readonly makeup: EngineMakeup }
  /** Signals, with their numbers, that an earlier thread may not have shown on stdout. */
  | { readonly kind: 'again'; readonly signals: readonly (readonly [id: string, number: number])[] }
  /** `null` deletes. */
  | { readonly kind: 'state'; readonly number: number; readonly plugin: string; readonly key: string; readonly value: string | null }
  /** Answer to a request of the control socket. */
  | { readonly kind: 'answer'; readonly request: number; readonly body: unknown; readonly error?: ErrorBody }
  | { readonly kind: 'counters'; readonly request: number }
  /** From the next signal on this composition decides who hears of it. */
  | { readonly kind: 'compose'; readonly request: number; readonly composition: DeliveryComposition }
  | { readonly kind: 'stop'; readonly timeoutMs: number }

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Delivery → engine. */
export type FromDelivery =
  | { readonly kind: 'ready'; readonly state: Readonly<Record<string, Readonly<Record<string, string>>>> }
  | ({ readonly kind: 'failed' } & ErrorBody)
  | {
      readonly kind: 'log'
      readonly level: LogLevel
      readonly plugin?: string
      readonly message: string
      readonly details?: Readonly<Record<string, unknown>>
    }
  | { readonly kind: 'request'; readonly request: number; readonly what: string; readonly args: unknown }
  | { readonly kind: 'counters'; readonly request: number; readonly counters: ThreadCounters }
  | { readonly kind: 'composed'; readonly request: number; readonly error?: ErrorBody }
  | { readonly kind: 'stopped'; readonly pending: number }

/** The line that says where the agent is: `{"kind":"status","state":"ready","pid":…}`. */
export interface AgentStatusLine {
  readonly state: 'starting' | 'ready' | 'reloaded' | 'reload_rejected' | 'stopping'
  readonly pid: number
  readonly [detail: string]: unknown
}

export interface DestinationCounters {
  /**
   * `starting`: not set up yet. `failing`: tries fail, they go on. `broken`: it refuses everything, or could not be set up. `failed`: left out,
   * since the delivery thread died in its code again and again.
   */
  readonly state: 'starting' | 'ok' | 'failing' | 'broken' | 'failed'
  readonly delivered: number
  /** Deliveries given up: refused for good, by a part of several recipients too, or dropped because too many waited. */
  readonly failed: number
  /** Of these, what the receiver refused for good. */
  readonly refused: number
  readonly pending: number
  /** Of these, what is due and waits, since the destination was sent as much as it takes. */
  readonly heldBack: number
  readonly lastError: string | undefined
  /** When that was, RFC 3339, UTC. */
  readonly lastErrorAt: string | undefined
  /** Messages made in the usual words, since the template of their rule failed: each once, in however many forms it is tried, and whatever becomes of it. */
  readonly templateFailures: number
  /** Why the last one did, with its rule; it is not forgotten when another does not fail. */
  readonly templateError: string | undefined
}

/** What became of the beats to the watcher outside. */
export interface HeartbeatCounters {
  readonly sent: number
  /** The auditor found something. */
  readonly withheld: number
  /** The watcher did not take it. */
  readonly failed: number
  /** What became of the last one; null: there was none yet. */
  readonly last: 'sent' | 'withheld' | 'failed' | null
  /** Why the last one was not sent, or did not arrive. */
  readonly reasons: readonly string[]
}

/** What one delivery thread counts. */
export interface ThreadCounters {
  /** Revisions of signals that came from the engine. */
  readonly signals: number
  /** Signals that opened, by rank of the severity they had then. */
  readonly opened: readonly number[]
  readonly stored: number
  readonly storeError: string | undefined
  /** Signals that left the store to make room, and those that a broken store could not take. */
  readonly signalsRemoved: number
  /** Parts of evidence that left the store to make room. */
  readonly evidenceRemoved: number
  readonly eventsDropped: number
  /** Parts of evidence that no thread was there to store, or that died with one before it stored them, or that a broken store had no room for. */
  readonly evidenceDropped: number
  readonly outputBytes: number
  /** Memory outside the heap that the thread holds: buffers. */
  readonly bufferBytes: number
  /** Undefined: no configuration asks for it. */
  readonly heartbeat?: HeartbeatCounters | undefined
  readonly destinations: Readonly<Record<string, DestinationCounters>>
}

/** What all delivery threads of this agent count together. */
export interface DeliveryCounters extends ThreadCounters {
  /** Signals that were lost since too many waited for a delivery thread. */
  readonly signalsDropped: number
  /** Signals that no delivery thread has made durable yet. */
  readonly signalsWaiting: number
  /** Delivery threads that were started after one had died. */
  readonly restarts: number
  /** Why the last one died. */
  readonly restartReason: string | undefined
}
