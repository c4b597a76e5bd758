import { type LoadedInstance, Runtime } from '../agent/runtime.ts'
import type { Event } from '../model/event.ts'
import type { BaseEvent } from '../model/event-class.ts'
import type { EventType } from '../model/event-map.ts'
import type { AnyInstance } from '../plugin/instance.ts'
import { KeepStore } from '../plugin/keep.ts'
import type { Logger } from '../plugin/logger.ts'
import type { EventOrigin, InterestSet, ObjectFeed } from '../plugin/source.ts'
import type { MemoryState } from '../plugin/state.ts'
import type { Finding } from '../signals/finding.ts'
import { Grouping } from '../signals/grouping.ts'
import type { Signal } from '../signals/signal.ts'
import { loadOptions } from './load-options.ts'
import { PidTracker } from './pid-tracker.ts'

/** Plugins under test are not waited for as long as the agent would wait. */
const TIMEOUTS = { setupMs: 2_000, stopMs: 1_000 }

/** A finding with a kept copy of its event. */
export interface ObservedFinding extends Finding {
  readonly event: Event
}

export interface ObservedLog {
  readonly plugin: string
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
}

/**
 * The real pipeline without kernel, disk or threads: plugins are set up in it, events are put in by hand, findings and signals come out.
 * For tests of plugins: no root, milliseconds. `await using pipeline = await TestPipeline.of([myPlugin()])` stops it at the end.
 */
export class TestPipeline implements AsyncDisposable {
  readonly findings: ObservedFinding[] = []
  readonly signals: Signal[] = []
  readonly logs: ObservedLog[] = []
  readonly faults: { readonly plugin: string; readonly hook: string; readonly error: Error }[] = []
  readonly state = new Map<string, string>()
  readonly #folder: string
  readonly #keep = new KeepStore()
  readonly #states = new Map<string, MemoryState>()
  #runtime: Runtime
  #started = false
  readonly #feeds = new Map<string, ObjectFeed<EventType>>()
  readonly #grouping = new Grouping({ host: 'test', emit: ({ signal }) => this.signals.push(signal) })

  private constructor(instances: readonly LoadedInstance[], folder: string, state: ReadonlyMap<string, string>) {
    this.#folder = folder
    for (const [key, value] of state) this.state.set(key, value)
    this.#runtime = this.#runtimeOf(instances)
  }

  /** The composition at work. */
  get runtime(): Runtime {
    return this.#runtime
  }

  #runtimeOf(instances: readonly LoadedInstance[]): Runtime {
    const runtime = new Runtime(instances, {
      folder: this.#folder,
      keep: this.#keep,
      states: this.#states,
      timeouts: TIMEOUTS,
      logFor: (plugin) => loggerInto(this.logs, plugin),
      stateOf: (plugin) => {
        const own = [...this.state].filter(([key]) => key.startsWith(`${plugin}/`))
        return Object.fromEntries(own.map(([key, value]) => [key.slice(plugin.length + 1), value]))
      },
      writeState: (plugin, key, value) => {
        if (value === null) this.state.delete(`${plugin}/${key}`)
        else this.state.set(`${plugin}/${key}`, value)
      },
      onFinding: (finding, event) => this.#observe(finding, event),
    })
    runtime.engine.hooks.facadeFor('test').fault.tap((fault) => this.faults.push(fault))
    return runtime
  }

  /**
   * Validates the options as the agent does, and sets the plugins up. Sensors are not started: call `start()` for that. Where no plugin keeps the
   * process tree, processes are told apart by pid, and an `exit` event ends one. `folder` stands for that of the configuration; `state` is
   * that of a pipeline that was stopped, as after a restart.
   */
  static async of(
    plugins: readonly AnyInstance[],
    { folder = process.cwd(), state = new Map() }: { folder?: string; state?: ReadonlyMap<string, string> } = {},
  ): Promise<TestPipeline> {
    const pipeline = new TestPipeline(await loadedOf(plugins), folder, state)
    await pipeline.#setUp()
    return pipeline
  }

  async #setUp(): Promise<void> {
    await this.#runtime.setup()
    const { engine } = this.#runtime
    if (engine.tracker) return
    const tracker = new PidTracker()
    engine.track('test', tracker)
    engine.hooks
      .facadeFor('test')
      .detect.for('exit')
      .tap((event) => tracker.release(tracker.locate(event as never)), { stage: Number.MAX_SAFE_INTEGER })
  }

  /** Puts another composition in the place of the one at work, as a reload does, sensors started: what plugins keep and their stores go on. */
  async reload(plugins: readonly AnyInstance[]): Promise<void> {
    if (!this.#started) await this.start()
    const before = this.#runtime
    this.#runtime = this.#runtimeOf(await loadedOf(plugins))
    await this.#setUp()
    await this.#runtime.takeOver(before)
    this.#feeds.clear()
    await before.retire()
    await this.#runtime.settle()
  }

  /** Starts the sensors of the plugins, as the agent would. */
  async start(): Promise<void> {
    this.#started = true
    await this.runtime.startSensors()
  }

  /** Puts an event in: fields below the event's own name, or dotted in full (`'process.file.path'`). */
  emit<T extends EventType>(type: T, fields: Readonly<Record<string, unknown>>, about?: EventOrigin): void {
    let feed = this.#feeds.get(type)
    if (!feed) {
      feed = this.runtime.engine.objectFeed(this.runtime.engine.events.get(type)) as ObjectFeed<EventType>
      this.#feeds.set(type, feed)
    }
    feed.emit(fields as never, about)
  }

  /** What the plugins want of sources. */
  interests(): InterestSet {
    return this.runtime.engine.interests.next()
  }

  async stop(): Promise<void> {
    await this.runtime.stop()
    await this.#keep.close()
    this.#grouping.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #observe(finding: Finding, event: BaseEvent): void {
    this.findings.push({ ...finding, event: event.keep() as unknown as Event })
    this.#grouping.add(finding, event)
  }
}

async function loadedOf(plugins: readonly AnyInstance[]): Promise<LoadedInstance[]> {
  const loaded: LoadedInstance[] = []
  for (const instance of plugins) loaded.push({ instance, options: await loadOptions(instance) })
  return loaded
}

/** A logger that remembers. */
export function loggerInto(logs: ObservedLog[], plugin: string): Logger {
  const write =
    (level: ObservedLog['level']) =>
    (details: object | string, message?: string): void => {
      logs.push({ plugin, level, message: typeof details === 'string' ? details : (message ?? '') })
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}
