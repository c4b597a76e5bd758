import type { PluginInput } from './instance.ts'

/** The same in every copy of core. */
const mark: unique symbol = Symbol.for('cws.preset')

/** Makes a list of plugins that belong together. */
export type Preset<O extends object> = (options?: O) => readonly PluginInput[]

/** A preset that YAML and JSON may list like a plugin: a module exports it by default. */
export function definePreset<O extends object>(make: Preset<O>): Preset<O> {
  return Object.assign((options?: O) => make(options), { [mark]: true })
}

/** True for what `definePreset` returned, also in another copy of core. */
export function isPreset(value: unknown): value is Preset<object> {
  return typeof value === 'function' && (value as { [mark]?: unknown })[mark] === true
}
