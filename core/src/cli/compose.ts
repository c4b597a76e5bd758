// What commands share. What is heavy is imported when a command needs it, so that --help and a mistyped option answer at once.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LoadedInstance, Runtime } from '../agent/runtime.ts'
import { askedFolders, type Folders, folders } from '../config/folders.ts'
import type { Composition } from '../config/load-composition.ts'
import { CwsError, messageOf } from '../errors/cws-error.ts'
import type { EventDefinition } from '../model/define-event.ts'
import type { KeptEvent } from '../model/event-class.ts'
import type { PluginContext } from '../plugin/context.ts'
import type { Logger } from '../plugin/logger.ts'
import type { SourceDefinition } from '../plugin/source.ts'
import type { Distribution } from './distribution.ts'
import type { ConfigOption, FolderOptions } from './options.ts'

export const isRoot = (): boolean => process.geteuid?.() === 0

/** The folders of the agent that a command is about: see `askedFolders`. */
export function foldersOf({ stateDir, runDir }: FolderOptions): Folders {
  return askedFolders({ root: isRoot(), env: process.env, stateDir, runDir })
}

/** The folders of an agent that this user starts. */
export function ownFoldersOf({ stateDir, runDir }: FolderOptions): Folders {
  return folders({ root: isRoot(), env: process.env, stateDir, runDir })
}

/** How a configuration is loaded. */
interface Loading {
  /** The preset, whatever configuration there is. */
  readonly presetOnly?: boolean
  /** Secrets must be there, as for the agent: who only looks may lack the environment that it is started with. */
  readonly usesSecrets?: boolean
}

/** Loads the configuration, else the distribution's preset. @throws CwsError saying what is wrong and where */
export async function composition(
  options: ConfigOption,
  distribution: Distribution,
  { presetOnly = false, usesSecrets = false }: Loading = {},
): Promise<Composition> {
  const [{ loadComposition }, { parseCondition }, { signalScope }] = await Promise.all([
    import('../config/load-composition.ts'),
    import('../condition/parse.ts'),
    import('../signals/scope.ts'),
  ])
  return await loadComposition({
    configPath: options.config,
    cwd: process.cwd(),
    root: isRoot(),
    preset: distribution.preset,
    presetOnly,
    usesSecrets,
    installations: [dirname(fileURLToPath(distribution.installation))],
    checkCondition: (events) => {
      const scope = signalScope(events)
      return (text, warn) => parseCondition(text, scope, warn)
    },
    checkTemplate: async (events) => {
      const { checkTemplate } = await import('../messages/check-template.ts')
      const scope = signalScope(events)
      return (text, warn) => checkTemplate(text, scope, warn, events)
    },
  })
}

/** The event types of a configuration, and what of them its plugins tell. */
export interface ToldModel {
  readonly events: readonly EventDefinition[]
  /** @throws CwsError CWS_ERR_EVENT_UNKNOWN naming the nearest type */
  get(type: string): EventDefinition
  /** Whether a source feeds the type; with a field: whether somebody tells that field of it. */
  isTold(type: string, field?: string): boolean
}

/** The standard events and those that plugins add; the standard ones alone where the configuration does not load and nobody named it. */
export async function configuredModel(options: ConfigOption, distribution: Distribution): Promise<ToldModel> {
  try {
    await using bench = await workbench(options, distribution)
    const { model, sources, isTold } = bench
    const fed = new Set<string>(sources.flatMap(({ feeds }) => feeds))
    return {
      events: model.types().map((type) => model.get(type)),
      get: (type) => model.get(type),
      isTold: (type, field) => (fed.has(type) || type.startsWith('agent.')) && (field === undefined || isTold(type, field)),
    }
  } catch (error) {
    if (options.config !== undefined || !(error instanceof CwsError)) throw error
    process.stderr.write(
      `cws: the configuration does not load, so that events of its plugins are missing here, and what is fed: ${messageOf(error)}\n`,
    )
    const { EventRegistry } = await import('../model/registry.ts')
    const registry = new EventRegistry()
    return { events: [...registry.values()], get: (type) => registry.get(type), isTold: () => true }
  }
}

/**
 * A composition at work without delivery: nothing is stored, no signal is told, an agent that runs beside it is not disturbed. For commands that
 * look: `check`, `doctor`, `events`.
 */
export async function lookingRuntime(
  { instances, folder }: { readonly instances: readonly LoadedInstance[]; readonly folder?: string },
  logFor: (plugin: string) => Logger,
): Promise<Runtime> {
  const [{ Runtime }, { KeepStore }] = await Promise.all([import('../agent/runtime.ts'), import('../plugin/keep.ts')])
  return new Runtime(
    instances.filter(({ instance }) => instance.kind === 'plugin'),
    {
      ...(folder === undefined ? {} : { folder }),
      keep: new KeepStore(),
      logFor,
      stateOf: () => ({}),
      writeState: () => {},
      onFinding: () => {},
    },
  )
}

/** What the plugins of a composition tell of events. */
export interface Telling {
  /** What the sources would feed, whether or not this host can run them. */
  readonly sources: readonly (Pick<SourceDefinition, 'sensor' | 'feeds' | 'flavours'> & { readonly plugin: string })[]
  /** Whether any of them, or another plugin, tells this field of events of this type. */
  isTold(type: string, field: string): boolean
}

/** A composition for commands that are about its plugins' work rather than at it: the plugins are set up, in silence, and nothing is started. */
export interface Workbench extends Telling, AsyncDisposable {
  readonly composition: Composition
  /** The model, with the events of plugins. */
  readonly model: Pick<PluginContext['model'], 'get' | 'types'>
  /** The same of what runs without a configuration: all that the distribution can tell. Set up when it is asked for. */
  preset(): Promise<Telling>
  /** An event of this type that has these values and no others. */
  eventOf(type: string, values: Map<string, unknown>): KeptEvent
  /** Imports what options name, as plugins do. */
  readonly import: PluginContext['import']
}

/** @throws CwsError saying what is wrong with the configuration */
export async function workbench(options: ConfigOption, distribution: Distribution): Promise<Workbench> {
  const loaded = await composition(options, distribution)
  return await workbenchOf(loaded, await silentRuntime(loaded), () => composition(options, distribution, { presetOnly: true }))
}

/** The workbench of a composition whose plugins are set up; it ends with them. `presetOf` loads what runs without a configuration. */
export async function workbenchOf(loaded: Composition, runtime: Runtime, presetOf: () => Promise<Composition>): Promise<Workbench> {
  const { Modules } = await import('../plugin/modules.ts')
  const modules = new Modules(loaded.folder)
  const { events } = runtime.engine
  let preset: Promise<Runtime> | undefined
  return {
    composition: loaded,
    model: { get: (type) => events.get(type), types: () => [...events.values()].map(({ type }) => type) },
    ...tellingOf(runtime),
    preset: async () => {
      preset ??= presetOf().then(silentRuntime)
      return tellingOf(await preset)
    },
    eventOf: (type, values) => runtime.engine.keptEvent(events.get(type), values),
    import: (specifier) => modules.import(specifier),
    [Symbol.asyncDispose]: async () => {
      await runtime.stop()
      await (await preset)?.stop()
    },
  }
}

async function silentRuntime(loaded: Composition): Promise<Runtime> {
  const silent = () => {}
  const runtime = await lookingRuntime(loaded, () => ({ debug: silent, info: silent, warn: silent, error: silent }))
  await runtime.setup()
  return runtime
}

const tellingOf = ({ engine, sensors }: Runtime): Telling => ({
  sources: sensors.map(({ plugin, definition }) => ({ plugin, ...definition })),
  isTold: (type, field) => engine.told.has(engine.events.get(type), field),
})

/** Logs of a command for a person: short lines on stderr. */
export async function loggerFor(level: string, human: boolean): Promise<{ logFor(plugin: string): Logger; flush(): void }> {
  const { createLogger } = await import('../agent/logger.ts')
  return createLogger({ level, human, color: human && process.stderr.isTTY === true && !process.env['NO_COLOR'] })
}
