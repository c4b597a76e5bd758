import type { EngineMakeup } from '../delivery/protocol.ts'
import { CwsError, messageOf } from '../errors/cws-error.ts'
import { asError } from '../hooks/guard.ts'
import { type BaseEvent, LiveEvent } from '../model/event-class.ts'
import { EventRegistry } from '../model/registry.ts'
import type { Counters } from '../pipeline/counters.ts'
import { Engine } from '../pipeline/engine.ts'
import { union } from '../pipeline/interests.ts'
import type { PluginState } from '../plugin/context.ts'
import { createContext } from '../plugin/create-context.ts'
import { fingerprintOf } from '../plugin/fingerprint.ts'
import type { AnyInstance } from '../plugin/instance.ts'
import type { KeepStore, KeepView } from '../plugin/keep.ts'
import type { Logger } from '../plugin/logger.ts'
import { Modules } from '../plugin/modules.ts'
import { Services } from '../plugin/services.ts'
import type { InterestSet } from '../plugin/source.ts'
import { MemoryState } from '../plugin/state.ts'
import { within } from '../plugin/timeout.ts'
import type { FlightRecorder } from '../recorder/flight-recorder.ts'
import type { Finding } from '../signals/finding.ts'
import { SelfTests } from './self-test.ts'
import { Sensor } from './sensors.ts'

const TIMEOUTS = { setupMs: 30_000, stopMs: 10_000 }

/** A plugin instance with its options checked. */
export interface LoadedInstance {
  readonly instance: AnyInstance
  readonly options: unknown
}

/** What all compositions of one agent share. */
export interface RuntimeShared {
  /** Folder of the configuration; the working directory if absent. */
  readonly folder?: string
  readonly keep: KeepStore
  readonly logFor: (plugin: string) => Logger
  /** Durable values of a plugin as they were when the agent started. */
  readonly stateOf: (plugin: string) => Readonly<Record<string, string>>
  readonly writeState: (plugin: string, key: string, value: string | null) => void
  /** What plugins have in their stores now, by plugin: compositions that follow each other share it. */
  readonly states?: Map<string, MemoryState>
  /** Compositions that follow each other count on. */
  readonly counters?: Counters
  readonly onFinding: (finding: Finding, event: BaseEvent) => void
  /** Remembers what happens, across compositions. */
  readonly recorder?: FlightRecorder
  /** Plugins that are not set up, each with the reason. */
  readonly quarantined?: ReadonlyMap<string, string>
  /** Gets the event of a sensor's self-test while it is dispatched. */
  readonly onSelfTest?: (event: BaseEvent) => void
  /** How long a plugin may take to be set up, and each of its callbacks to stop. */
  readonly timeouts?: { readonly setupMs: number; readonly stopMs: number }
}

export interface PluginReport {
  readonly name: string
  readonly kind: 'plugin' | 'notifier'
  readonly package: string
  readonly version: string
  readonly state: PluginState
  readonly detail: string | undefined
}

interface Running {
  readonly loaded: LoadedInstance
  readonly abort: AbortController
  readonly stops: (() => void | Promise<void>)[]
  state: PluginState
  detail: string | undefined
  /** What it says that it works by, each with a fingerprint. */
  contents: Readonly<Record<string, string>>
}

/** One composition at work: its plugins set up, its sensors started. A reload makes another beside it. */
export class Runtime {
  readonly engine: Engine
  readonly selfTests: SelfTests
  readonly sensors: Sensor[] = []
  readonly #shared: RuntimeShared
  readonly #plugins: Running[]
  readonly #services = new Services()
  readonly #kept: KeepView
  readonly #modules: Modules
  readonly #timeouts: typeof TIMEOUTS
  /** What its sensors hold. */
  #interests: InterestSet = { generation: 0, byType: new Map() }

  constructor(instances: readonly LoadedInstance[], shared: RuntimeShared) {
    this.#shared = shared
    this.#modules = new Modules(shared.folder ?? process.cwd())
    this.#timeouts = shared.timeouts ?? TIMEOUTS
    this.#kept = shared.keep.next()
    this.#plugins = instances.map((loaded) => ({
      loaded,
      abort: new AbortController(),
      stops: [],
      state: 'ok',
      detail: undefined,
      contents: {},
    }))
    const events = new EventRegistry()
    for (const { instance } of instances) for (const event of instance.definition.events ?? []) events.add(event, instance.name)
    this.engine = new Engine(
      events,
      (finding, event) => {
        if (this.selfTests.arrived(finding.rule, finding.title)) {
          shared.onSelfTest?.(event)
          return
        }
        // What rules say of the agent's own harmless deed is nobody's concern.
        if (event instanceof LiveEvent && this.selfTests.isOwn(event)) return
        shared.onFinding(finding, event)
      },
      (plugin, hook, error, count) => {
        const code = error instanceof CwsError ? error.code : 'CWS_ERR_PLUGIN_FAULT'
        if (code === 'CWS_ERR_PLUGIN_SLOW') {
          shared.logFor(plugin).warn({ code, hook, count }, `slow in ${hook}: ${error.message}`)
          return
        }
        shared.logFor(plugin).error({ code, hook, count, stack: error.stack }, `failed in ${hook}: ${error.message}`)
        this.#degrade(plugin, `failed in ${hook}: ${error.message}`)
      },
      shared.counters,
    )
    this.engine.recorder = shared.recorder
    this.selfTests = new SelfTests(this.engine)
  }

  /** What it is made of, by name, each with a fingerprint. */
  get makeup(): EngineMakeup {
    const plugins = this.#plugins.map(({ loaded: { instance, options } }): [string, string] => {
      const { name, version } = instance.package
      return [instance.name, fingerprintOf([name, version, options])]
    })
    return { plugins: Object.fromEntries(plugins), rules: Object.assign({}, ...this.#plugins.map(({ contents }) => contents)) }
  }

  /** Sets the plugins up, in the order of the configuration. One that fails is left out, told, and the others run. */
  async setup(): Promise<void> {
    for (const plugin of this.#plugins) {
      const { instance } = plugin.loaded
      if (instance.kind !== 'plugin') continue
      const reason = this.#shared.quarantined?.get(instance.name)
      if (reason !== undefined) {
        plugin.state = 'failed'
        plugin.detail = reason
        continue
      }
      try {
        await within(this.#timeouts.setupMs, instance.name, 'setup', () => instance.definition.setup(this.#contextFor(plugin) as never))
      } catch (error) {
        plugin.state = 'failed'
        plugin.detail = messageOf(error)
        this.engine.fault(instance.name, 'setup', asError(error))
      }
    }
  }

  #contextFor(plugin: Running) {
    const { instance, options } = plugin.loaded
    const { name } = instance
    const shared = this.#shared
    return createContext({
      name,
      options,
      engine: this.engine,
      services: this.#services,
      log: shared.logFor(name),
      signal: plugin.abort.signal,
      state: this.#stateOf(name),
      keep: (key, create, on) => this.#kept.keep(ownerOf(plugin.loaded), options, key, create, on),
      modules: this.#modules,
      isFed: (type, field) => this.sensors.some((sensor) => sensor.tells(type, field)),
      feeders: (type, field) => this.sensors.map((sensor) => sensor.feederOf(type, field)).filter(({ flavours }) => flavours.length > 0),
      addSource: (definition) => {
        for (const type of definition.feeds) this.engine.events.get(type)
        this.sensors.push(new Sensor(name, definition))
      },
      onContents: (parts) => {
        plugin.contents = Object.fromEntries(Object.entries(parts).map(([part, value]) => [part, fingerprintOf(value)]))
      },
      onStatus: (state, detail) => {
        plugin.state = state
        plugin.detail = detail
      },
      onStop: (callback) => plugin.stops.push(callback),
    })
  }

  #stateOf(name: string): MemoryState {
    const { states, stateOf, writeState } = this.#shared
    const known = states?.get(name)
    if (known) return known
    const state = new MemoryState(stateOf(name), (key, value) => writeState(name, key, value))
    states?.set(name, state)
    return state
  }

  /**
   * Starts the sensors, then lets them prove themselves.
   * @throws CwsError CWS_ERR_SOURCES_FAILED if a pinned flavour cannot run, or no flavour of any source can.
   */
  async startSensors(): Promise<void> {
    await this.#attachSensors(this.engine.interests.next())
    await this.#kept.adopt()
    await this.#prove()
  }

  /**
   * Takes over from the composition before: sensors that both have are handed over as they run, the others are started while the old ones
   * still feed. From then on events come here. On failure the one before has everything again.
   * @throws CwsError CWS_ERR_RELOAD, CWS_ERR_SOURCES_FAILED
   */
  async takeOver(before: Runtime): Promise<void> {
    const failed = this.#plugins.find((plugin) => plugin.state === 'failed' && before.#plugin(plugin)?.state !== 'failed')
    if (failed) throw new CwsError('CWS_ERR_RELOAD', `a plugin cannot be set up: ${failed.detail}`, { plugin: failed.loaded.instance.name })
    const handed = this.#plugins.filter(({ loaded }) => this.#kept.handedTo(ownerOf(loaded))).map(({ loaded }) => loaded.instance.name)
    const ending = before.sensors.filter((sensor) => !handed.includes(sensor.plugin))
    for (const { plugin } of ending) this.engine.mute(plugin)
    try {
      await this.#attachSensors(union(before.#interests, this.engine.interests.next(before.#interests.generation)), before)
    } catch (error) {
      await before.#resume(handed)
      throw error
    }
    for (const sensor of ending) {
      // In one turn of the loop: what the old one still holds goes to the old composition, what comes next to this one.
      this.engine.unmute(sensor.plugin)
      await before.#stopSensor(sensor)
      for (const [type, { filtered, coalesced = 0, lost }] of Object.entries(sensor.counts())) {
        const counts = this.engine.counters.of(type)
        counts.filtered += filtered
        counts.coalesced += coalesced
        counts.lost += lost
      }
    }
  }

  /** After `takeOver` and once the one before is retired: adopts what is kept, asks sensors for no more than is wanted here, lets them prove themselves. */
  async settle(): Promise<void> {
    await this.#kept.adopt()
    this.#interests = this.engine.interests.next(this.#interests.generation)
    for (const sensor of this.sensors)
      if (sensor.running)
        await sensor.update(this.#interests).catch((error) => this.engine.fault(sensor.plugin, 'interests', asError(error)))
    await this.#prove()
  }

  /** Sensors that the next composition had taken over feed this one again. */
  async #resume(handed: readonly string[]): Promise<void> {
    for (const sensor of this.sensors)
      if (handed.includes(sensor.plugin))
        await sensor.resume(this.#interests).catch((error) => this.engine.fault(sensor.plugin, 'start', asError(error)))
  }

  #plugin({ loaded: { instance } }: Running): Running | undefined {
    return this.#plugins.find(({ loaded }) => loaded.instance.name === instance.name)
  }

  async #attachSensors(interests: InterestSet, before?: Runtime): Promise<void> {
    this.selfTests.watch(this.sensors)
    this.#interests = interests
    let alive = 0
    for (const sensor of this.sensors) {
      try {
        if (await sensor.start(interests)) {
          alive++
          this.#tellFallback(sensor)
        } else this.#unable(sensor, before)
      } catch (error) {
        if (before || (error instanceof CwsError && error.code === 'CWS_ERR_SOURCES_FAILED')) throw error
        this.engine.fault(sensor.plugin, 'start', asError(error))
      }
    }
    if (this.sensors.length > 0 && alive === 0) {
      const reasons = this.sensors.flatMap((sensor) =>
        sensor.report().flavours.map((flavour) => `${sensor.definition.sensor}/${flavour.name}: ${flavour.reason ?? flavour.state}`),
      )
      throw new CwsError('CWS_ERR_SOURCES_FAILED', `no sensor can run here (${reasons.join('; ')})`, { hint: 'see `cws doctor`' })
    }
  }

  /** No flavour of a sensor runs: degraded at a start, no reason to give up one that runs at a reload. */
  #unable(sensor: Sensor, before: Runtime | undefined): void {
    const { plugin, definition } = sensor
    const detail = `no flavour of sensor "${definition.sensor}" can run here`
    if (before?.sensors.some((old) => old.plugin === plugin && old.definition.sensor === definition.sensor && old.running))
      throw new CwsError('CWS_ERR_SOURCES_FAILED', detail, { plugin })
    this.#degrade(plugin, detail)
  }

  async #prove(): Promise<void> {
    await Promise.all(this.sensors.map((sensor) => this.selfTests.run(sensor)))
    for (const sensor of this.sensors)
      if (sensor.selfTest === 'silent')
        this.#degrade(sensor.plugin, `sensor "${sensor.definition.sensor}" is attached but did not see the self-test`)
    this.engine.hooks.ready.call()
  }

  /** A sensor that runs on less than its best says so, and why. */
  #tellFallback(sensor: Sensor): void {
    const { flavours, running, pinned, sensor: name } = sensor.report()
    if (pinned !== undefined || flavours[0]?.name === running) return
    const better = flavours.slice(
      0,
      flavours.findIndex((flavour) => flavour.name === running),
    )
    const gaps = flavours.find((flavour) => flavour.name === running)?.gaps ?? []
    const log = this.#shared.logFor(sensor.plugin)
    for (const flavour of better)
      log.warn(
        { sensor: name, flavour: flavour.name },
        `sensor "${name}" cannot run as ${flavour.name}: ${flavour.reason ?? flavour.state}`,
      )
    log.warn(
      { sensor: name, flavour: running, gaps },
      `sensor "${name}" runs as ${running}${gaps.length ? `, which misses: ${gaps.join('; ')}` : ''}`,
    )
  }

  #degrade(name: string, detail: string): void {
    const plugin = this.#plugins.find(({ loaded }) => loaded.instance.name === name)
    if (!plugin || plugin.state === 'failed') return
    plugin.state = 'degraded'
    plugin.detail = detail
    this.#shared.logFor(name).warn(detail)
  }

  /** Stops sensors first, then plugins, last first. Never throws: failures are told. */
  async stop(): Promise<void> {
    for (const sensor of this.sensors) await this.#stopSensor(sensor)
    for (const plugin of [...this.#plugins].reverse()) {
      plugin.abort.abort()
      for (const callback of plugin.stops.splice(0).reverse())
        await within(this.#timeouts.stopMs, plugin.loaded.instance.name, 'stop', callback).catch((error) =>
          this.engine.fault(plugin.loaded.instance.name, 'stop', asError(error)),
        )
    }
  }

  async #stopSensor(sensor: Sensor): Promise<void> {
    await sensor.stop().catch((error) => this.engine.fault(sensor.plugin, 'stop', asError(error)))
  }

  /** Another composition has taken over: what is under way here comes to its end, then the plugins stop. */
  async retire(): Promise<void> {
    for (const sensor of this.sensors) await this.#stopSensor(sensor)
    await this.engine.settled()
    await this.stop()
  }

  /** Another composition goes on in its place: stops, and disposes of what only this one keeps. */
  async abandon(): Promise<void> {
    await this.stop()
    await this.#kept.abandon()
  }

  pluginReports(): readonly PluginReport[] {
    return this.#plugins.map(({ loaded: { instance }, state, detail }) => ({
      name: instance.name,
      kind: instance.kind,
      package: instance.package.name,
      version: instance.package.version,
      state,
      detail,
    }))
  }
}

/** Whose kept values are whose: another plugin under the same name inherits nothing. */
function ownerOf({ instance }: LoadedInstance): string {
  return `${instance.name}\0${instance.package.name}`
}
