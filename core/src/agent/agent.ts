import { hostname } from 'node:os'
import { dirname } from 'node:path'
import type { NotificationRule } from '../config/define-config.ts'
import { generationOf } from '../config/generation.ts'
import type { ModulePolicy } from '../config/module-hooks.ts'
import { type Monitoring, parseListen } from '../config/monitoring.ts'
import { type Delivery, startDelivery } from '../delivery/delivery.ts'
import type { OutputFormat } from '../delivery/protocol.ts'
import { messageOf } from '../errors/cws-error.ts'
import { asError } from '../hooks/guard.ts'
import { KeepStore } from '../plugin/keep.ts'
import type { Logger } from '../plugin/logger.ts'
import { Grouping } from '../signals/grouping.ts'
import { type EventSelection, tapEventLines } from './event-lines.ts'
import { rehearse } from './rehearsal.ts'
import { type LoadedInstance, Runtime } from './runtime.ts'
import { type AgentStatus, statusOf } from './status.ts'
import { ownerOf } from './strays.ts'

const DRAIN_MS = 10_000

export interface AgentOptions {
  readonly instances: readonly LoadedInstance[]
  readonly notifications: readonly NotificationRule[] | undefined
  /** Path of the configuration, for `cws status`. */
  readonly configFile: string | undefined
  /** Where `/healthz` and `/metrics` are served. */
  readonly monitoring?: Monitoring | undefined
  /** The policy that the configuration was loaded with: in the delivery thread its notifiers are found by it. */
  readonly modules: ModulePolicy
  readonly stateDir: string
  readonly runDir: string
  readonly version: string
  readonly format: OutputFormat
  readonly color: boolean
  readonly logLevel: string
  readonly logFor: (plugin: string) => Logger
  /** Also show events as lines. */
  readonly events?: EventSelection | undefined
}

/** One agent: the delivery thread, what survives reloads, and the composition at work. */
export class Agent {
  readonly #options: AgentOptions
  readonly #keep = new KeepStore()
  readonly #grouping: Grouping
  readonly #started = Date.now()
  #delivery: Delivery | undefined
  #runtime: Runtime | undefined
  #flushEvents: () => void = () => {}
  #state: 'starting' | 'ready' | 'stopping' = 'starting'
  /** Settles when the delivery thread has ended though nobody asked. */
  readonly failed: Promise<Error>
  #fail: (error: Error) => void = () => {}

  constructor(options: AgentOptions) {
    this.#options = options
    this.failed = new Promise((resolve) => {
      this.#fail = resolve
    })
    this.#grouping = new Grouping({
      host: hostname(),
      emit: (signal, final) => {
        const runtime = this.#runtime
        if (runtime) {
          runtime.engine.counters.signals++
          if (runtime.engine.hooks.signal.taps.length > 0) runtime.engine.hooks.signal.call(signal.signal)
        }
        this.#delivery?.send(signal, final)
      },
    })
  }

  /**
   * Sinks first, then plugins, then sensors, then their self-test; after it the agent watches.
   * @throws CwsError whose code says what; the agent is stopped again by then.
   */
  async start(): Promise<void> {
    try {
      await this.#startDelivery()
      await this.#startRuntime()
    } catch (error) {
      await this.stop()
      throw error
    }
    this.#state = 'ready'
    this.#delivery?.status({ state: 'ready', pid: process.pid, version: this.#options.version, sensors: this.#sensorLine() })
  }

  async #startDelivery(): Promise<void> {
    const { instances, notifications, monitoring, modules, stateDir, runDir, version, format, color, logLevel, logFor } = this.#options
    const notifiers = instances.filter(({ instance }) => instance.kind === 'notifier')
    // The hooks for modules are heavy: that thread goes without where all notifiers come from installed packages.
    const inConfiguration = notifiers.some(({ instance }) => generationOf(instance.site.module) !== undefined)
    this.#delivery = await startDelivery(
      {
        stateDir,
        runDir,
        host: hostname(),
        version,
        format,
        color,
        logLevel,
        notifications,
        monitoring: monitoring && parseListen(monitoring.listen),
        modules: inConfiguration ? modules : undefined,
        events: instances.flatMap(({ instance }) => instance.definition.events ?? []),
        destinations: notifiers.map(({ instance, options }) => ({ name: instance.name, site: instance.site, options })),
      },
      {
        onLog: ({ level, plugin, message, details }) => logFor(plugin ?? 'delivery')[level](details ?? {}, message),
        onRequest: (what, args) => this.#answer(what, args),
        onLeftOut: (notifier, error) => this.#fault(notifier, 'deliver', error),
        onExit: (error) => this.#fail(error),
      },
    )
  }

  async #startRuntime(): Promise<void> {
    const { instances, logFor, events, configFile } = this.#options
    const delivery = this.#delivery as Delivery
    const runtime = new Runtime(instances, {
      ...(configFile === undefined ? {} : { folder: dirname(configFile) }),
      keep: this.#keep,
      logFor,
      stateOf: (plugin) => delivery.initialState[plugin] ?? {},
      writeState: (plugin, key, value) => delivery.setState(plugin, key, value),
      onFinding: (finding, event) => this.#grouping.add(finding, event),
      onSelfTest: (event) => {
        if (this.#state === 'starting') rehearse(hostname(), event, (signal) => delivery.rehearse(signal))
      },
    })
    this.#runtime = runtime
    this.#tellLoss(runtime)
    await runtime.setup()
    if (events) {
      const fed = [...new Set(runtime.sensors.flatMap((sensor) => sensor.definition.feeds as readonly string[]))]
      this.#flushEvents = tapEventLines(runtime.engine, runtime.selfTests, fed, events, (lines, count) => delivery.events(lines, count))
    }
    await runtime.startSensors()
  }

  /** Loss is never silent: without any rule it is at least in the log. */
  #tellLoss(runtime: Runtime): void {
    const log = this.#options.logFor('agent')
    runtime.engine.hooks
      .facadeFor('agent')
      .detect.for('agent.lost_events')
      .tap((event) => {
        const { event: type, stage, count } = event.agent.lost_events
        log.warn({ type, stage, count }, `lost ${String(count)} ${String(type)} events (${String(stage)})`)
      })
  }

  #sensorLine(): Record<string, string> {
    const line: Record<string, string> = {}
    for (const sensor of this.#runtime?.sensors ?? [])
      line[sensor.definition.sensor] = `${sensor.running ?? 'none'}${sensor.selfTest === 'silent' ? ' (silent)' : ''}`
    return line
  }

  async #answer(what: string, _args: unknown): Promise<unknown> {
    if (what === 'status') return await this.status()
    if (what === 'doctor') return await this.doctor()
    throw new Error(`nobody answers "${what}"`)
  }

  async status(): Promise<AgentStatus> {
    return statusOf({
      state: this.#state,
      version: this.#options.version,
      configFile: this.#options.configFile,
      started: this.#started,
      runtime: this.#runtime,
      openSignals: this.#grouping.size,
      delivery: await this.#delivery?.counters(),
    })
  }

  /** Tells of an error that nobody caught, most likely of code that a plugin left to run on its own: attributed where its stack allows it. */
  stray(error: unknown): void {
    const plugin =
      ownerOf(
        error,
        this.#options.instances.map(({ instance }) => instance),
      ) ?? 'agent'
    this.#fault(plugin, 'code of its own', asError(error))
  }

  #fault(plugin: string, hook: string, error: Error): void {
    if (this.#runtime) this.#runtime.engine.fault(plugin, hook, error)
    else this.#options.logFor(plugin).error({ code: 'CWS_ERR_PLUGIN_FAULT' }, `failed in ${hook}: ${messageOf(error)}`)
  }

  /** Sensors with all flavours probed, their self-test run anew. */
  async doctor(): Promise<{ readonly sensors: readonly ReturnType<Runtime['sensors'][number]['report']>[] }> {
    const runtime = this.#runtime
    if (!runtime) return { sensors: [] }
    for (const sensor of runtime.sensors) {
      await sensor.probeAll()
      await runtime.selfTests.run(sensor)
    }
    return { sensors: runtime.sensors.map((sensor) => sensor.report()) }
  }

  /** Drains and ends: sensors, plugins, open signals, lines of events, then delivery. Safe to call twice. Returns how many deliveries are left for the next start. */
  async stop(): Promise<number> {
    if (this.#state === 'stopping') return 0
    this.#state = 'stopping'
    await this.#runtime?.stop()
    this.#grouping.close()
    this.#flushEvents()
    await this.#keep.close()
    const delivery = this.#delivery
    this.#delivery = undefined
    return delivery ? (await delivery.stop(DRAIN_MS)).pending : 0
  }
}
