import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { extentOf } from '../config/recorder.ts'
import { compositionOf, type Delivery, startDelivery } from '../delivery/delivery.ts'
import type { DeliveryComposition, OutputFormat } from '../delivery/protocol.ts'
import { CwsError, messageOf } from '../errors/cws-error.ts'
import { asError } from '../hooks/guard.ts'
import { Counters } from '../pipeline/counters.ts'
import { KeepStore } from '../plugin/keep.ts'
import type { Logger } from '../plugin/logger.ts'
import type { MemoryState } from '../plugin/state.ts'
import type { TrackedPast } from '../plugin/tracker.ts'
import { isSameExtent } from '../recorder/extent.ts'
import { FlightRecorder } from '../recorder/flight-recorder.ts'
import { Witness } from '../recorder/witness.ts'
import { Grouping } from '../signals/grouping.ts'
import { HeapCare, settleHeap } from '../signals/heap-care.ts'
import { type AgentConfig, deliveryPlanOf } from './agent-config.ts'
import { ConfigWatch } from './config-watch.ts'
import { type EventSelection, tapEventLines } from './event-lines.ts'
import { newCode } from './new-code.ts'
import { tapOwnEvents } from './own-events.ts'
import { type Blocked, blockedError } from './quarantine.ts'
import { rehearse } from './rehearsal.ts'
import { Reloads } from './reloads.ts'
import { Runtime } from './runtime.ts'
import { type AgentStatus, statusOf } from './status.ts'
import { ownerOf } from './strays.ts'

const DRAIN_MS = 10_000
/** Each proof starts a program and writes files. */
const PULSE_MS = 30_000

export interface AgentOptions {
  readonly config: AgentConfig
  /** Finds, evaluates and checks the configuration anew. Without it there is no reload. */
  readonly load?: () => Promise<AgentConfig>
  readonly stateDir: string
  readonly runDir: string
  readonly version: string
  readonly format: OutputFormat
  readonly color: boolean
  readonly logLevel: string
  readonly logFor: (plugin: string) => Logger
  /** Plugins that held up the processes that this one was restarted from: they are left out. */
  readonly blocked?: readonly Blocked[]
  /** Also show events as lines. */
  readonly events?: EventSelection | undefined
}

/** One agent: the delivery thread, what survives reloads, and the composition at work. */
export class Agent {
  readonly #options: AgentOptions
  readonly #keep: KeepStore
  readonly #counters = new Counters()
  readonly #states = new Map<string, MemoryState>()
  #config: AgentConfig
  #composition: DeliveryComposition | undefined
  #watch: ConfigWatch | undefined
  readonly #reloads: Reloads
  #recorder: FlightRecorder
  #witness: Witness
  /** Of the composition whose finding is taken. */
  #past: TrackedPast | undefined
  readonly #grouping: Grouping
  readonly #heap = new HeapCare()
  readonly #started = Date.now()
  #delivery: Delivery | undefined
  #runtime: Runtime | undefined
  #flushEvents: () => void = () => {}
  #state: 'starting' | 'ready' | 'stopping' = 'starting'
  /** When sensors last had to prove that they see, on the clock of `performance`. */
  #felt = Number.NEGATIVE_INFINITY
  /** Settles when the delivery thread has ended though nobody asked. */
  readonly failed: Promise<Error>
  #fail: (error: Error) => void = () => {}

  constructor(options: AgentOptions) {
    this.#options = options
    this.#config = options.config
    this.#keep = new KeepStore((error) =>
      options
        .logFor('agent')
        .error({ code: 'CWS_ERR_PLUGIN_FAULT', stack: error.stack }, `what a plugin kept could not be closed: ${error.message}`),
    )
    this.failed = new Promise((resolve) => {
      this.#fail = resolve
    })
    this.#reloads = new Reloads({
      mayBegin: () => this.#state === 'ready',
      reload: (why) => this.#reload(why),
      refused: (error) => this.#refused(error),
    })
    this.#recorder = new FlightRecorder(extentOf(options.config.recorder))
    this.#witness = this.#witnessOf(this.#recorder)
    this.#grouping = new Grouping({
      host: hostname(),
      onGrave: (signal, event) => this.#witness.opened(signal, event, this.#past),
      emit: (signal) => {
        const runtime = this.#runtime
        if (runtime) {
          runtime.engine.counters.signals++
          if (runtime.engine.hooks.signal.taps.length > 0) runtime.engine.hooks.signal.call(signal.signal)
        }
        this.#delivery?.send(signal)
        this.#heap.signal()
      },
    })
  }

  /**
   * Sinks first, then plugins, then sensors, then their self-test; after it the agent watches.
   * @throws CwsError whose code says what; the agent is stopped again by then.
   */
  async start(): Promise<void> {
    if (this.#options.load) this.#watchConfig()
    try {
      await this.#startDelivery()
      await this.#startRuntime()
    } catch (error) {
      await this.stop()
      throw error
    }
    settleHeap()
    this.#state = 'ready'
    this.#delivery?.status({ state: 'ready', pid: process.pid, version: this.#options.version, sensors: this.#sensorLine() })
    if (this.#runtime) this.#delivery?.atWork(this.#runtime.makeup)
    if (this.#reloads.isAsked) void this.reload('asked for while the agent started')
  }

  #watchConfig(): void {
    const { file } = this.#config
    if (this.#watch && this.#watch.file === file) {
      this.#watch.renew()
      return
    }
    this.#watch?.[Symbol.dispose]()
    this.#watch = undefined
    if (file !== undefined)
      this.#watch = new ConfigWatch(file, this.#options.logFor('agent'), () => void this.reload(`${file} has changed`))
  }

  /**
   * Loads the configuration anew and puts it to work. One at a time: what is asked for meanwhile is done once, afterwards. Never rejects: a
   * configuration that is not taken is told, and the one at work works on.
   */
  reload(why: string): Promise<void> {
    return this.#reloads.ask(why)
  }

  async #reload(why: string): Promise<void> {
    const { load, logFor } = this.#options
    const log = logFor('agent')
    log.info(`${why}: loading the configuration anew`)
    const before = this.#runtime
    const delivery = this.#delivery
    if (!load || !before || !delivery) return
    this.#watch?.seen()
    const config = await load()
    for (const warning of config.warnings) log.warn(warning)
    for (const text of newCode(config.instances.map(({ instance }) => instance))) log.warn(text)
    const composition = compositionOf(deliveryPlanOf(config))
    const recorder = this.#recorderOf(config)
    const runtime = this.#runtimeOf(config, delivery, recorder)
    let flush: () => void = () => {}
    try {
      await runtime.setup()
      flush = this.#tapEvents(runtime)
      // Who is to hear of signals is known before there are any of the new rules.
      await delivery.compose(composition)
      try {
        await runtime.takeOver(before)
      } catch (error) {
        await delivery.compose(this.#composition as DeliveryComposition)
        throw error
      }
    } catch (error) {
      await runtime.abandon()
      throw error
    }
    this.#flushEvents()
    this.#flushEvents = flush
    this.#runtime = runtime
    this.#config = config
    this.#composition = composition
    this.#record(recorder)
    await before.retire()
    await runtime.settle()
    this.#reloads.succeeded()
    this.#watchConfig()
    log.info(`the configuration ${config.file ?? 'that comes with the agent'} is at work`)
    delivery.status({ state: 'reloaded', pid: process.pid, reloads: this.#reloads.counts.done, sensors: this.#sensorLine() })
    delivery.atWork(runtime.makeup)
  }

  #refused(error: unknown): void {
    const { message } = asError(error)
    const known = error instanceof CwsError ? error : undefined
    const code = known?.code ?? 'CWS_ERR_RELOAD'
    this.#options
      .logFor('agent')
      .error({ code, hint: known?.hint, frame: known?.frame }, `the configuration is not taken, the one before works on: ${message}`)
    const engine = this.#runtime?.engine
    engine?.objectFeed(engine.events.get('agent.config_rejected')).emit({ file: this.#config.file, code, message } as never)
    this.#delivery?.status({ state: 'reload_rejected', pid: process.pid, code, message })
  }

  async #startDelivery(): Promise<void> {
    const { stateDir, runDir, version, format, color, logLevel, logFor } = this.#options
    const plan = deliveryPlanOf(this.#config)
    this.#delivery = await startDelivery(
      {
        stateDir,
        runDir,
        host: hostname(),
        version,
        format,
        color,
        logLevel,
        ...plan,
      },
      {
        onLog: ({ level, plugin, message, details }) => logFor(plugin ?? 'delivery')[level](details ?? {}, message),
        onRequest: (what, args) => this.#answer(what, args),
        onLeftOut: (notifier, error) => this.#fault(notifier, 'deliver', error),
        onExit: (error) => this.#fail(error),
      },
    )
    this.#composition = compositionOf(plan)
  }

  async #startRuntime(): Promise<void> {
    const runtime = this.#runtimeOf(this.#config, this.#delivery as Delivery, this.#recorder)
    this.#runtime = runtime
    await runtime.setup()
    this.#flushEvents = this.#tapEvents(runtime)
    await runtime.startSensors()
    for (const blocked of this.#options.blocked ?? []) runtime.engine.fault(blocked.plugin, blocked.hook, blockedError(blocked))
  }

  #witnessOf(recorder: FlightRecorder): Witness {
    return new Witness({ recorder, emit: (signal, part) => this.#delivery?.evidence(signal, JSON.stringify(part)) })
  }

  /** What a configuration wants remembered: by the recorder that there is, if that is as it should be. */
  #recorderOf({ recorder }: AgentConfig): FlightRecorder {
    const extent = extentOf(recorder)
    return isSameExtent(extent, this.#recorder.extent) ? this.#recorder : new FlightRecorder(extent)
  }

  /** Goes on with this recorder. What an earlier one remembers is told first, as far as it goes. */
  #record(recorder: FlightRecorder): void {
    if (recorder === this.#recorder) return
    this.#witness.close()
    this.#recorder = recorder
    const { skipped } = this.#witness
    this.#witness = this.#witnessOf(recorder)
    this.#witness.skipped = skipped
  }

  #runtimeOf({ instances, file }: AgentConfig, delivery: Delivery, recorder: FlightRecorder): Runtime {
    const { logFor, blocked = [] } = this.#options
    const quarantined = new Map(blocked.map((one) => [one.plugin, blockedError(one).message]))
    const runtime: Runtime = new Runtime(instances, {
      ...(file === undefined ? {} : { folder: dirname(file) }),
      keep: this.#keep,
      states: this.#states,
      counters: this.#counters,
      logFor,
      stateOf: (plugin) => delivery.initialState[plugin] ?? {},
      writeState: (plugin, key, value) => delivery.setState(plugin, key, value),
      onFinding: (finding, event) => {
        this.#past = runtime.engine.tracker?.past
        this.#grouping.add(finding, event)
      },
      recorder,
      quarantined,
      onSelfTest: (event) => {
        if (this.#state === 'starting') rehearse(hostname(), event, (signal) => delivery.rehearse(signal))
      },
    })
    tapOwnEvents(runtime.engine, logFor('agent'), new Set(quarantined.keys()))
    return runtime
  }

  /** Shows events as lines where that was asked for. Returns what hands over those that wait. */
  #tapEvents(runtime: Runtime): () => void {
    const { events } = this.#options
    if (!events) return () => {}
    const fed = [...new Set(runtime.sensors.flatMap((sensor) => sensor.definition.feeds as readonly string[]))]
    return tapEventLines(runtime.engine, runtime.selfTests, fed, events, { post: (lines, count) => this.#delivery?.events(lines, count) })
  }

  #sensorLine(): Record<string, string> {
    const line: Record<string, string> = {}
    for (const sensor of this.#runtime?.sensors ?? [])
      line[sensor.definition.sensor] = `${sensor.running ?? 'none'}${sensor.selfTest === 'silent' ? ' (silent)' : ''}`
    return line
  }

  async #answer(what: string, _args: unknown): Promise<unknown> {
    if (what === 'status') return await this.status()
    if (what === 'pulse') return await this.#pulse()
    if (what === 'doctor') return await this.doctor()
    throw new Error(`nobody answers "${what}"`)
  }

  /** How the agent is, once its sensors have proved again that they see. */
  async #pulse(): Promise<AgentStatus> {
    const runtime = this.#runtime
    if (runtime && this.#state === 'ready' && performance.now() - this.#felt > PULSE_MS) {
      this.#felt = performance.now()
      await Promise.all(runtime.sensors.map((sensor) => runtime.selfTests.run(sensor)))
    }
    return await this.status()
  }

  async status(): Promise<AgentStatus> {
    return statusOf({
      state: this.#state,
      version: this.#options.version,
      configFile: this.#config.file,
      started: this.#started,
      reloads: this.#reloads.counts,
      runtime: this.#runtime,
      openSignals: this.#grouping.size,
      recorder: { ...this.#recorder.counts(), signals_skipped: this.#witness.skipped },
      delivery: await this.#delivery?.counters(),
    })
  }

  /** Tells of an error that nobody caught, most likely of code that a plugin left to run on its own: attributed where its stack allows it. */
  stray(error: unknown): void {
    const plugin =
      ownerOf(
        error,
        this.#config.instances.map(({ instance }) => instance),
      ) ?? 'agent'
    this.#fault(plugin, 'code of its own', asError(error))
  }

  #fault(plugin: string, hook: string, error: Error): void {
    if (this.#runtime) this.#runtime.engine.fault(plugin, hook, error)
    else this.#options.logFor(plugin).error({ code: 'CWS_ERR_PLUGIN_FAULT' }, `failed in ${hook}: ${messageOf(error)}`)
  }

  /** For how long the delivery thread has taken nothing up, ms. That this is asked at all shows that the engine goes on. */
  get deliverySilentMs(): number {
    return this.#delivery?.silentMs ?? 0
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
    this.#watch?.[Symbol.dispose]()
    await this.#reloads.over()
    await this.#runtime?.stop()
    this.#grouping.close()
    this.#witness.close()
    this.#flushEvents()
    await this.#keep.close()
    const delivery = this.#delivery
    this.#delivery = undefined
    return delivery ? (await delivery.stop(DRAIN_MS)).pending : 0
  }
}
