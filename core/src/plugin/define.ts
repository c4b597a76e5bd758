import type { z } from 'zod'
import { callSite } from '../config/call-site.ts'
import { CwsError } from '../errors/cws-error.ts'
import {
  type DefinitionSite,
  instanceMark,
  type NotifierDefinition,
  type NotifierInstance,
  type OptionsSchema,
  type PluginDefinition,
  type PluginInstance,
} from './instance.ts'
import { packageInfoOf, shortName } from './package-info.ts'

type Named<N extends string = string> = { readonly name?: N }
/** The options of a schema as the user writes them; nothing for a plugin without any. */
type Input<S extends OptionsSchema> = z.input<S> extends Record<string, never> ? unknown : z.input<S>

/** The argument may be left out where all options are optional. */
type Arguments<S extends OptionsSchema, N extends string> =
  Record<string, never> extends z.input<S> ? [options?: Input<S> & Named<N>] : [options: Input<S> & Named<N>]

export interface PluginFactory<S extends OptionsSchema> {
  <const N extends string = string>(...args: Arguments<S, N>): PluginInstance<N>
  readonly definition: PluginDefinition<S>
}

export interface NotifierFactory<S extends OptionsSchema, D extends string> {
  <const N extends string = D>(...args: Arguments<S, N>): NotifierInstance<N>
  readonly definition: NotifierDefinition<S>
}

type NoOptions = z.ZodObject<Record<never, never>>

/**
 * Defines a plugin: a source, an enricher, a detector, or all of them. Name, version and the range of core come from the package.json
 * beside `meta`.
 */
export function definePlugin<S extends OptionsSchema = NoOptions>(
  meta: { readonly url: string },
  definition: PluginDefinition<S>,
): PluginFactory<S> {
  return factory('plugin', meta, definition as unknown as PluginDefinition) as unknown as PluginFactory<S>
}

/** Defines a notifier. Its module is loaded again in the delivery thread, so its options must be data. */
export function defineNotifier<S extends OptionsSchema = NoOptions, const D extends string = string>(
  meta: { readonly url: string },
  definition: NotifierDefinition<S> & { readonly name?: D },
): NotifierFactory<S, D> {
  return factory('notifier', meta, definition as unknown as NotifierDefinition) as unknown as NotifierFactory<S, D>
}

type Site = Map<string, NotifierDefinition[]>
const registryKey = Symbol.for('cws.notifier-definitions')
const holder = globalThis as { [registryKey]?: Site }

function registry(): Site {
  holder[registryKey] ??= new Map()
  return holder[registryKey]
}

/** Finds a notifier's definition after its module was imported in this thread. */
export function definitionAt(site: DefinitionSite): NotifierDefinition | undefined {
  return registry().get(site.module)?.[site.ordinal]
}

function factory(kind: 'plugin' | 'notifier', meta: { readonly url: string }, definition: PluginDefinition | NotifierDefinition) {
  if (typeof meta?.url !== 'string' || typeof definition?.setup !== 'function')
    throw new CwsError(
      'CWS_ERR_PLUGIN_INVALID',
      `${kind === 'plugin' ? 'definePlugin' : 'defineNotifier'} takes import.meta and { setup(ctx) { … } }`,
    )
  const info = packageInfoOf(meta.url)
  let ordinal = -1
  if (kind === 'notifier') {
    const list = registry().get(meta.url) ?? []
    registry().set(meta.url, list)
    ordinal = list.push(definition as NotifierDefinition) - 1
  }
  const fallback = definition.name ?? shortName(info.name)
  const make = (options: Named & Record<string, unknown> = {}) => {
    const { name = fallback, ...rest } = options
    return Object.freeze({
      [instanceMark]: true,
      kind,
      name,
      package: info,
      site: { module: meta.url, ordinal },
      options: rest,
      definition,
      calledFrom: callSite(),
    })
  }
  return Object.assign(make, { definition })
}
