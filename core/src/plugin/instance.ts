import type { z } from 'zod'
import type { PluginCheck } from '../cli/plugin-check.ts'
import type { PluginCommands } from '../cli/plugin-command.ts'
import type { EventDefinition } from '../model/define-event.ts'
import type { PluginContext } from './context.ts'
import type { Manner } from './manner.ts'
import type { Notifier, NotifierContext } from './notifier.ts'
import type { PackageInfo } from './package-info.ts'

/** Any schema whose input and output we need: zod's. */
export type OptionsSchema = z.ZodType

interface DefinitionBase<S extends OptionsSchema> {
  /** Default instance name; else the package's short name. A literal here lets `to:` in notifications complete. */
  readonly name?: string
  readonly options?: S
  /** Event types that this plugin adds to the model. */
  readonly events?: readonly EventDefinition[]
  /** Commands that it adds to `cws` where a configuration lists it. Nothing of them is loaded by the agent. */
  readonly commands?: PluginCommands
  /** What it has to say when `cws check` looks a configuration over, besides what its set-up logs. */
  readonly check?: PluginCheck
}

/** What `definePlugin` takes besides `import.meta`. */
export interface PluginDefinition<S extends OptionsSchema = OptionsSchema> extends DefinitionBase<S> {
  setup(ctx: PluginContext<z.output<S>>): void | Promise<void>
}

/** What `defineNotifier` takes: it is set up in the delivery thread. */
export interface NotifierDefinition<S extends OptionsSchema = OptionsSchema> extends DefinitionBase<S> {
  /** How it is told of signals: `latest` if absent. It is known before it is set up, so that a configuration can be checked against it. See `Manner`. */
  readonly mode?: Said<S, 'mode'>
  /** `false` if absent. */
  readonly interrupts?: Said<S, 'interrupts'>
  /** `false` if absent. */
  readonly changes?: Said<S, 'changes'>
  /** Whom templates may call there; nobody if absent. */
  readonly mentions?: Said<S, 'mentions'>
  /** How many messages it is sent at most; as many as there are if absent. */
  readonly rate?: Said<S, 'rate'>
  setup(ctx: NotifierContext<z.output<S>>): Notifier | Promise<Notifier>
}

/** Said of all instances, or as the options of one have it: a function of nothing else. */
type Said<S extends OptionsSchema, K extends keyof Manner> = Manner[K] | ((options: z.output<S>) => Manner[K])

/** Where a definition stands, so that the delivery thread can find it again: the module's URL and its place among the definitions there. */
export interface DefinitionSite {
  readonly module: string
  readonly ordinal: number
}

/** The call of a factory in the user's own files: where the configuration lists the plugin. Lines and columns from 1. */
export interface CallSite {
  readonly file: string
  readonly line: number
  readonly column: number
}

export const instanceMark: unique symbol = Symbol.for('cws.plugin-instance')

interface InstanceBase<N extends string> {
  readonly [instanceMark]: true
  readonly name: N
  readonly package: PackageInfo
  readonly site: DefinitionSite
  /** As given; validated when the composition is loaded. */
  readonly options: unknown
  /** Known while a configuration is evaluated: for frames in errors. */
  readonly calledFrom?: CallSite | undefined
}

export interface PluginInstance<N extends string = string> extends InstanceBase<N> {
  readonly kind: 'plugin'
  readonly definition: PluginDefinition
}

export interface NotifierInstance<N extends string = string> extends InstanceBase<N> {
  readonly kind: 'notifier'
  readonly definition: NotifierDefinition
}

export type AnyInstance = PluginInstance | NotifierInstance

/** What may stand in `plugins`: instances, nested lists (presets), and what conditional entries leave. */
export type PluginInput = AnyInstance | false | null | undefined | readonly PluginInput[]

/** Names of the notifiers in a list of plugins: what `to:` may say. */
export type NotifierNames<P> = PluginInput extends P
  ? string
  : P extends NotifierInstance<infer N>
    ? N
    : P extends readonly (infer E)[]
      ? NotifierNames<E>
      : never

/** True for what a factory returned, also one of another copy of core. */
export function isInstance(value: unknown): value is AnyInstance {
  return typeof value === 'object' && value !== null && (value as Partial<AnyInstance>)[instanceMark] === true
}
