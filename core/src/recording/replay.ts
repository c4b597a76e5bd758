import type { LoadedInstance } from '../agent/runtime.ts'
import { Runtime } from '../agent/runtime.ts'
import { CwsError } from '../errors/cws-error.ts'
import type { EventDefinition } from '../model/define-event.ts'
import type { ReplayFeed } from '../pipeline/engine.ts'
import { KeepStore } from '../plugin/keep.ts'
import type { Logger } from '../plugin/logger.ts'
import { Grouping, WINDOW_MS } from '../signals/grouping.ts'
import type { SignalLine } from '../signals/signal-line.ts'
import { ulidOf } from '../signals/ulid.ts'
import { Decoder, type RecordedEvent } from './decoder.ts'
import type { RecordingHead } from './head.ts'

/** How often growing signals are looked after, ms of the events' time. */
const TICK_MS = 1_000
/** A signal that grows is told so often, as on stdout of an agent. */
const TOLD_MS = 10_000
/** For so long what is kept of a process outlives it: its last events may come late. */
const GRACE_MS = 5_000
/** Processes that ended and are not forgotten: more than a host ends in that time. Of more the oldest are forgotten early, since a recording can let time stand still. */
export const MAX_ENDED = 65_536
/** By then no more can come of a signal. */
const FORGET_MS = 2 * WINDOW_MS

export interface ReplayOptions {
  readonly instances: readonly LoadedInstance[]
  readonly folder?: string
  readonly logFor: (plugin: string) => Logger
  readonly emit: (signal: SignalLine) => void
}

interface Told {
  at: number
  /** A revision that is not told yet. */
  newest: SignalLine | undefined
}

/**
 * The pipeline of a configuration on recorded events: enrichment, detection and grouping as in an agent, without sensors, stores or notifiers. Time is
 * that of the events, so that the same recording gives the same signals, ids included.
 */
export class Replay implements AsyncDisposable {
  readonly #options: ReplayOptions
  readonly #runtime: Runtime
  readonly #feeds = new Map<string, ReplayFeed | undefined>()
  readonly #told = new Map<string, Told>()
  /** Processes that have ended, and when they are forgotten: the next first. */
  readonly #ended = new Map<number, number>()
  readonly #decoder = new Decoder((type) => this.#definitionOf(type))
  #grouping: Grouping | undefined
  /** ms since the epoch; never goes back. */
  #now = 0
  #ticked = 0
  #opened = 0
  events = 0
  /** Signals that opened. */
  signals = 0
  /** Times of the first event and of the last, ms since the epoch. */
  first: number | undefined
  last: number | undefined

  constructor(options: ReplayOptions) {
    this.#options = options
    const { instances, folder, logFor } = options
    this.#runtime = new Runtime(
      instances.filter(({ instance }) => instance.kind === 'plugin'),
      {
        ...(folder === undefined ? {} : { folder }),
        keep: new KeepStore(),
        logFor,
        stateOf: () => ({}),
        writeState: () => {},
        onFinding: (finding, event) => this.#grouping?.add(finding, event),
      },
    )
  }

  get head(): RecordingHead | undefined {
    return this.#decoder.head
  }

  /** Events of types that neither the model nor a plugin knows. */
  get unknown(): number {
    return this.#decoder.unknown
  }

  async setup(): Promise<void> {
    await this.#runtime.setup()
  }

  /** Takes the next lines of a recording. @throws CwsError CWS_ERR_RECORDING */
  take(lines: readonly string[]): void {
    const { head } = this
    for (const line of lines) {
      const event = this.#decoder.take(line)
      if (event) this.#event(event)
      else if (!head && this.head) this.#grouping ??= this.#groupingOf(this.head)
    }
  }

  /** All has been taken: what grew last is told. @throws CwsError CWS_ERR_RECORDING if nothing has */
  end(): void {
    if (!this.head) throw new CwsError('CWS_ERR_RECORDING', 'it is empty')
    this.#grouping?.close()
    for (const told of this.#told.values()) this.#tell(told)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runtime.stop()
  }

  #groupingOf(head: RecordingHead): Grouping {
    return new Grouping({
      host: head.host.name,
      now: () => this.#now,
      newId: (ms) => ulidOf(ms, ++this.#opened),
      isClocked: true,
      emit: (signal) => this.#signal(signal),
    })
  }

  #event({ type, process, values }: RecordedEvent): void {
    this.events++
    const timestamp = values.get('event.timestamp')
    if (typeof timestamp === 'bigint') this.#advance(Number(timestamp / 1_000_000n))
    this.#feeds.get(type)?.emit(values, process)
    if (type === 'exit' && process >= 0) this.#end(process)
  }

  #end(process: number): void {
    this.#ended.delete(process)
    this.#ended.set(process, this.#now + GRACE_MS)
    if (this.#ended.size > MAX_ENDED) this.#forget(this.#ended.keys().next().value as number)
  }

  #forget(process: number): void {
    this.#ended.delete(process)
    this.#runtime.engine.released(process)
  }

  #definitionOf(type: string): EventDefinition | undefined {
    const { engine } = this.#runtime
    if (!this.#feeds.has(type)) {
      const definition = [...engine.events.values()].find((one) => one.type === type)
      // Numbers of types are few; names in a hostile recording are not.
      if (!definition) return undefined
      this.#feeds.set(type, engine.replayFeed(definition))
    }
    return engine.events.get(type)
  }

  #advance(ms: number): void {
    if (this.first === undefined || ms < this.first) this.first = ms
    if (this.last === undefined || ms > this.last) this.last = ms
    if (ms <= this.#now) return
    this.#now = ms
    for (const [process, at] of this.#ended) {
      if (at > ms) break
      this.#forget(process)
    }
    if (ms - this.#ticked < TICK_MS) return
    this.#ticked = ms
    this.#grouping?.flush()
    for (const [id, told] of this.#told)
      if (told.newest && ms - told.at >= TOLD_MS) this.#tell(told)
      else if (ms - told.at > FORGET_MS) this.#told.delete(id)
  }

  #signal(signal: SignalLine): void {
    const { hooks } = this.#runtime.engine
    if (hooks.signal.taps.length > 0) hooks.signal.call(signal.signal)
    const told = this.#told.get(signal.head.id)
    if (told) told.newest = signal
    else {
      this.signals++
      this.#told.set(signal.head.id, { at: this.#now, newest: undefined })
      this.#options.emit(signal)
    }
  }

  #tell(told: Told): void {
    if (!told.newest) return
    this.#options.emit(told.newest)
    told.newest = undefined
    told.at = this.#now
  }
}
