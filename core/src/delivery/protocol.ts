import type { NotificationRule } from '../config/define-config.ts'
import type { DefinitionSite } from '../plugin/instance.ts'
import type { Signal } from '../signals/signal.ts'

/** A notifier as it crosses to the delivery thread. */
export interface DestinationSpec {
  readonly name: string
  readonly site: DefinitionSite
  /** Validated in the engine; cloneable; secrets as references. */
  readonly options: unknown
}

/** How stdout is written. `human` for a person on a terminal, `json` for machines. */
export type OutputFormat = 'human' | 'json'

export interface DeliveryOptions {
  readonly stateDir: string
  readonly runDir: string
  readonly host: string
  readonly version: string
  readonly format: OutputFormat
  readonly color: boolean
  readonly destinations: readonly DestinationSpec[]
  readonly notifications: readonly NotificationRule[] | undefined
  /** Folder whose installation provides modules; for messages only. */
  readonly logLevel: string
}

/** Engine → delivery. */
export type ToDelivery =
  | { readonly kind: 'signal'; readonly signal: Signal; readonly final: boolean }
  /** Ready-made JSON lines of events (`--events`), joined by newlines. The first to go when output stalls. */
  | { readonly kind: 'events'; readonly lines: string; readonly count: number }
  | { readonly kind: 'status'; readonly status: AgentStatusLine }
  | { readonly kind: 'state'; readonly plugin: string; readonly key: string; readonly value: string | null }
  /** Answer to a request of the control socket. */
  | { readonly kind: 'answer'; readonly request: number; readonly body: unknown }
  | { readonly kind: 'stop' }

/** Delivery → engine. */
export type FromDelivery =
  | { readonly kind: 'ready'; readonly state: Readonly<Record<string, Readonly<Record<string, string>>>> }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint?: string | undefined }
  | {
      readonly kind: 'log'
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly plugin?: string
      readonly message: string
      readonly details?: Readonly<Record<string, unknown>>
    }
  | { readonly kind: 'request'; readonly request: number; readonly what: string; readonly args: unknown }
  | { readonly kind: 'counters'; readonly counters: DeliveryCounters }
  | { readonly kind: 'stopped'; readonly pending: number }

/** The line that says where the agent is: `{"kind":"status","state":"ready","pid":…}`. */
export interface AgentStatusLine {
  readonly state: 'starting' | 'ready' | 'stopping'
  readonly pid: number
  readonly [detail: string]: unknown
}

export interface DestinationCounters {
  readonly state: 'ok' | 'failing' | 'broken'
  readonly delivered: number
  readonly failed: number
  readonly pending: number
  readonly lastError: string | undefined
}

export interface DeliveryCounters {
  readonly signals: number
  readonly stored: number
  readonly storeError: string | undefined
  readonly eventsDropped: number
  readonly outputBytes: number
  readonly destinations: Readonly<Record<string, DestinationCounters>>
}
