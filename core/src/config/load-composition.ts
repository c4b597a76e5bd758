import { realpathSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { CwsError } from '../errors/cws-error.ts'
import type { EventDefinition } from '../model/define-event.ts'
import { nearest } from '../model/nearest.ts'
import { flattenPlugins, type Placed } from '../plugin/flatten.ts'
import type { AnyInstance, OptionsSchema } from '../plugin/instance.ts'
import { type Lookup, resolveEntry } from '../plugin/resolve.ts'
import { isRecord, textsIn } from '../plugin/schema-walk.ts'
import { checkOptions, freezeDeep, kindOf, valueAt } from '../plugin/validate.ts'
import { checkInstance } from './check-instance.ts'
import type { NamedNotifier } from './check-mentions.ts'
import { type ConditionCheck, checkNotifications, type TemplateCheck } from './check-notifications.ts'
import { checkSecrets, type SecretScope } from './check-secrets.ts'
import type { Config, NotificationRule } from './define-config.ts'
import { findConfig, passedOver } from './find-config.ts'
import { configFolder } from './folders.ts'
import { type HeartbeatSettings, heartbeatSchema } from './heartbeat.ts'
import { installModuleHooks, type ModulePolicy } from './module-hooks.ts'
import { type Monitoring, monitoringSchema } from './monitoring.ts'
import { errorOf, type Path, type Problem } from './problem.ts'
import { type RecorderSettings, recorderSchema } from './recorder.ts'
import type { Source, Subject } from './source.ts'

export interface LoadOptions {
  /** What `--config` says; CWS_CONFIG if absent. A file, or a folder to look in. */
  readonly configPath?: string | undefined
  readonly cwd: string
  /** Run as root: only what root alone can write is read, and the system's folder instead of the working directory. */
  readonly root: boolean
  /** What runs where there is no configuration. */
  readonly preset?: (() => Promise<Config>) | undefined
  /** The preset, whatever configuration there is. */
  readonly presetOnly?: boolean
  /** Whether secrets must be there, as for an agent that starts; `true` if absent. */
  readonly usesSecrets?: boolean
  /** Folders whose installations provide packages that the configuration's own folder does not have: that of the agent. */
  readonly installations?: readonly string[]
  /** Judges conditions of notification rules, over the standard events and these of plugins. */
  readonly checkCondition?: (events: readonly EventDefinition[]) => ConditionCheck
  /** Judges their templates, likewise; asked for only where there is one. */
  readonly checkTemplate?: (events: readonly EventDefinition[]) => Promise<TemplateCheck>
  /** Where the configuration is when none is named: `/etc/cws`, or the user's folder. */
  readonly systemFolder?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly timeoutMs?: number
}

const hasTemplate = (notifications: unknown): boolean =>
  Array.isArray(notifications) && notifications.some((rule) => isRecord(rule) && rule['message'] !== undefined)

export interface LoadedInstance {
  readonly instance: AnyInstance
  /** Validated and frozen. */
  readonly options: unknown
}

/** A configuration that has passed every check; nothing of it has been started. */
export interface Composition {
  /** Undefined: the preset. */
  readonly file: string | undefined
  /** What relative paths in options are relative to. */
  readonly folder: string
  readonly instances: readonly LoadedInstance[]
  readonly notifications: readonly NotificationRule[] | undefined
  /** Undefined: nothing listens. */
  readonly monitoring: Monitoring | undefined
  /** Undefined: nobody outside is told that the agent is well. */
  readonly heartbeat: HeartbeatSettings | undefined
  /** Undefined: as it comes. */
  readonly recorder: RecorderSettings | undefined
  /** How its modules were found and trusted. Other threads that import them need it. */
  readonly modules: ModulePolicy
  readonly warnings: readonly string[]
}

const topKeys = ['plugins', 'notifications', 'monitoring', 'heartbeat', 'recorder']
const defaultTimeoutMs = 10_000
let generation = 0

/**
 * Finds, evaluates and checks the configuration. Each call evaluates the files of the configuration's own package anew.
 * @throws CwsError of all problems that there are, the first one framed
 */
export async function loadComposition(options: LoadOptions): Promise<Composition> {
  const { cwd, root, preset, installations = [], env = process.env, timeoutMs = defaultTimeoutMs } = options
  const current = String(++generation)
  const modules: ModulePolicy = { installations, trust: root }
  installModuleHooks(modules)
  const named = options.configPath ?? (env['CWS_CONFIG'] || undefined)
  const systemFolder = options.systemFolder ?? configFolder({ root, env })
  const environment = { root, hostname: hostname() }
  const found = options.presetOnly
    ? undefined
    : await findConfig({ named, cwd, root, systemFolder }, { generation: current, timeoutMs, environment })
  const warnings: string[] = []
  const skipped = root && named === undefined && !options.presetOnly ? passedOver(cwd) : undefined
  if (skipped !== undefined && skipped !== found?.file)
    warnings.push(`${skipped} is not used: as root, name it with --config, or put it in ${systemFolder}`)
  if (!found && !preset)
    throw new CwsError('CWS_ERR_CONFIG_NOT_FOUND', 'there is no configuration', { hint: 'Run `cws init`, or name one with --config.' })
  const folder = found ? dirname(realpathSync(found.file)) : cwd
  const value = found ? found.loaded.value : await preset?.()
  const checker = new Checker(found?.file, found?.loaded.source)
  const lookup = found?.loaded.kind === 'text' ? { folder, installations, generation: current } : undefined
  const checked = await checker.check(value, lookup, { file: found?.file, folder, env, areUsed: options.usesSecrets ?? true }, options)
  return {
    file: found?.file,
    folder,
    ...checked,
    modules,
    warnings: [...warnings, ...checked.warnings],
  }
}

/** Collects what is wrong with one configuration. */
class Checker {
  readonly #file: string | undefined
  readonly #source: Source | undefined
  readonly #problems: Problem[] = []
  readonly #literals = new Set<string>()

  constructor(file: string | undefined, source: Source | undefined) {
    this.#file = file
    this.#source = source
  }

  async check(
    value: unknown,
    lookup: Lookup | undefined,
    scope: Parameters<typeof checkInstance>[1],
    { checkCondition, checkTemplate }: Pick<LoadOptions, 'checkCondition' | 'checkTemplate'>,
  ): Promise<Pick<Composition, 'instances' | 'notifications' | 'monitoring' | 'heartbeat' | 'recorder' | 'warnings'>> {
    if (!isRecord(value)) {
      this.#add(
        { path: [], of: 'value' },
        { code: 'CWS_ERR_CONFIG_INVALID', message: `a configuration is an object, but ${kindOf(value)} was given` },
      )
      throw this.#error()
    }
    for (const key of Object.keys(value)) {
      if (topKeys.includes(key)) continue
      const guess = nearest(key, topKeys)
      const message = `unknown key "${key}"; ${guess ? `did you mean "${guess}"?` : `there is ${topKeys.map((it) => `"${it}"`).join(', ')}`}`
      this.#add({ path: [key], of: 'key' }, { code: 'CWS_ERR_CONFIG_INVALID', message })
    }
    const placed = await this.#plugins(value['plugins'], lookup)
    this.#names(placed)
    const instances: LoadedInstance[] = []
    const notifiers: NamedNotifier[] = []
    for (const { instance, path } of placed) {
      const { problems, literals, options, manner } = await checkInstance(instance, scope)
      for (const literal of literals) this.#literals.add(literal)
      for (const { option, of, ...problem } of problems)
        this.#add({ path, option, calledFrom: instance.calledFrom, of }, { ...problem, plugin: instance.name })
      instances.push(Object.freeze({ instance, options: freezeDeep(options) }))
      if (instance.kind === 'notifier') notifiers.push({ name: instance.name, mentions: manner?.mentions })
    }
    const others = placed.filter(({ instance }) => instance.kind !== 'notifier').map(({ instance }) => instance.name)
    // With a plugin missing, its name is missing too: the rules are judged when the list is whole.
    const whole = !this.#problems.some((it) => it.code === 'CWS_ERR_PLUGIN_NOT_FOUND' || it.code === 'CWS_ERR_PLUGIN_INVALID')
    const given = value['notifications']
    const warnings: string[] = []
    if (whole) {
      const events = placed.flatMap(({ instance }) => instance.definition.events ?? [])
      const template = hasTemplate(given) ? await checkTemplate?.(events) : undefined
      const checks = { condition: checkCondition?.(events), ...(template ? { template } : {}) }
      const warn = (path: Path, message: string) => {
        const place = this.#source?.locate({ path, of: 'value' })
        warnings.push(`${place ? `${place.file}:${place.line}:${place.column}: ` : ''}${message}`)
      }
      for (const { path, of, ...problem } of checkNotifications(given, notifiers, others, checks, warn)) this.#add({ path, of }, problem)
    }
    const monitoring = (await this.#section('monitoring', monitoringSchema, value['monitoring'], scope)) as Monitoring | undefined
    const heartbeat = (await this.#section('heartbeat', heartbeatSchema, value['heartbeat'], scope)) as HeartbeatSettings | undefined
    const recorder = (await this.#section('recorder', recorderSchema, value['recorder'], scope)) as RecorderSettings | undefined
    if (this.#problems.length > 0) throw this.#error()
    const notifications = freezeDeep(given) as readonly NotificationRule[] | undefined
    return { instances: Object.freeze(instances), notifications, monitoring, heartbeat, recorder, warnings }
  }

  /** One of the sections that are no lists: its values by the schema, its secrets as those of plugins. */
  async #section(name: string, schema: OptionsSchema, given: unknown, scope: SecretScope): Promise<unknown> {
    if (given === undefined) return undefined
    const { flaws, options, literals } = checkSecrets(schema, given, scope)
    for (const literal of literals) this.#literals.add(literal)
    const at = (path: Path, message: string): string => `${[name, ...path].join('.')}: ${message}`
    for (const { path, message, ...flaw } of flaws)
      this.#add({ path: [name, ...path], of: 'value' }, { ...flaw, message: at(path, message) })
    const checked = await checkOptions(schema, options)
    if (checked.ok) return checked.options
    for (const { path, of, message, hide } of checked.flaws) {
      if (hide) for (const text of textsIn(valueAt(given, path))) this.#literals.add(text)
      this.#add(
        { path: [name, ...path], of },
        { code: 'CWS_ERR_CONFIG_INVALID', message: at(of === 'key' ? path.slice(0, -1) : path, message) },
      )
    }
    return undefined
  }

  async #plugins(list: unknown, lookup: Lookup | undefined): Promise<Placed[]> {
    if (!Array.isArray(list)) {
      const message = list === undefined ? '`plugins` is missing' : `\`plugins\` must be a list, but ${kindOf(list)} was given`
      this.#add({ path: ['plugins'], of: 'value' }, { code: 'CWS_ERR_CONFIG_INVALID', message })
      return []
    }
    if (lookup) return await this.#named(list, lookup)
    return this.#flat(list, ['plugins'])
  }

  async #named(list: readonly unknown[], lookup: Lookup): Promise<Placed[]> {
    const placed: Placed[] = []
    for (const [index, entry] of list.entries()) {
      const resolved = await resolveEntry(entry, ['plugins', index], lookup)
      if (resolved.ok)
        placed.push(...this.#flat([resolved.value], resolved.path).map(({ instance }) => ({ instance, path: resolved.path })))
      else {
        const { path, code, message, hint, cause } = resolved
        this.#add({ path, of: 'key' }, { code, message, hint, cause })
      }
    }
    return placed
  }

  #flat(list: readonly unknown[], path: Path): Placed[] {
    const { placed, misplaced } = flattenPlugins(list, path)
    for (const { path: at, message, hint } of misplaced)
      this.#add(
        { path: at, of: 'value' },
        { code: 'CWS_ERR_PLUGIN_INVALID', message: `${at.length > 0 ? `plugins[${at.slice(1).join('][')}]: ` : ''}${message}`, hint },
      )
    return placed
  }

  #names(placed: readonly Placed[]): void {
    const first = new Map<string, Placed>()
    for (const it of placed) {
      const { name, package: info, calledFrom } = it.instance
      if (!first.has(name)) first.set(name, it)
      else
        this.#add(
          { path: it.path, option: ['name'], calledFrom, of: 'value' },
          {
            code: 'CWS_ERR_PLUGIN_DUPLICATE',
            plugin: name,
            message: `two plugins are named "${name}": ${first.get(name)?.instance.package.name} and ${info.name}`,
            hint: `Give one of them another \`name\`, for example "${name}-2".`,
          },
        )
    }
  }

  #add(subject: Subject, problem: Omit<Problem, 'place'>): void {
    this.#problems.push({ ...problem, place: this.#source?.locate(subject) })
  }

  #error(): CwsError {
    return errorOf(this.#problems as [Problem, ...Problem[]], this.#file, this.#literals)
  }
}
