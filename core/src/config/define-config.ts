import type { NotifierNames, PluginInput } from '../plugin/instance.ts'
import type { Severity } from '../signals/severity.ts'
import type { HeartbeatInput } from './heartbeat.ts'
import type { MonitoringInput } from './monitoring.ts'
import type { RecorderInput } from './recorder.ts'

/** Which signals go where, in which words. */
export interface NotificationRule<Destination extends string = string> {
  /** For people, and for run-time changes by name. */
  readonly name: string
  /** Condition over the signal in the rule language: `severity >= medium && rule.id != "x"`. All signals if absent. */
  readonly when?: string
  /** One notifier or several. */
  readonly to: Destination | readonly Destination[]
  /** How long the first word waits, so that it says more: `30s`. What is critical does not wait. */
  readonly wait?: string
  /** Least time between two words about the same signal: `5m`; 10 seconds if absent. */
  readonly update?: string
  /** Tell again while the signal stays open and nobody has acknowledged it: `4h`. */
  readonly repeat?: string
  /** Hours in which nobody is told: what came then is one message at their end. */
  readonly quiet?: QuietHoursInput
  /** Whom to tell besides while nobody acknowledges it. Fixed when a signal opens. */
  readonly escalate?: readonly EscalationInput<Destination>[]
  /** Template of the message; the usual message if absent. */
  readonly message?: string
  readonly enabled?: boolean
}

/** From `from` until before `to` by the clock on the wall of a time zone; over midnight if `to` is earlier. */
export interface QuietHoursInput {
  /** `22:00` */
  readonly from: string
  readonly to: string
  /** `Europe/Paris` */
  readonly zone: string
  /** What is as severe as this is told all the same. */
  readonly except?: Severity
}

export interface EscalationInput<Destination extends string = string> {
  /** How long after the step before, the first after the signal opened: `10m`. */
  readonly after: string
  readonly to: Destination | readonly Destination[]
}

export interface Config<P extends readonly PluginInput[] = readonly PluginInput[]> {
  /** What runs: factories called, presets spread or nested. */
  readonly plugins: P
  /** Without it every notifier gets every signal from `low` up. */
  readonly notifications?: readonly NotificationRule<NotifierNames<P[number]>>[]
  /** Serves `/healthz` and `/metrics` (Prometheus) on loopback, or where `listen` says. Nothing listens without it. */
  readonly monitoring?: MonitoringInput
  /** Tells a watcher outside, again and again, that all is well: `{ url: env('HEARTBEAT_URL') }`. When nothing comes any more, the watcher alarms. */
  readonly heartbeat?: HeartbeatInput
  /** How much the flight recorder remembers, and how far evidence reaches around a signal: `{ memory: 32, before: '5m', after: '2m' }`. */
  readonly recorder?: RecorderInput
}

/** What a configuration may export: the object, or a function (async too) that makes it. */
export type ConfigExport = Config | ((environment: { readonly root: boolean; readonly hostname: string }) => Config | Promise<Config>)

/** Declares the configuration: the identity, typed so that `to:` knows the notifiers among `plugins`. */
export function defineConfig<const P extends readonly PluginInput[]>(
  config: (environment: { readonly root: boolean; readonly hostname: string }) => Config<P> | Promise<Config<P>>,
): () => Promise<Config<P>>
export function defineConfig<const P extends readonly PluginInput[]>(config: Config<P>): Config<P>
export function defineConfig(config: unknown): unknown {
  return config
}
