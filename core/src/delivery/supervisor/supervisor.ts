import { isDeepStrictEqual } from 'node:util'
import { CwsError, messageOf } from '../../errors/cws-error.ts'
import type { SignalLine } from '../../signals/signal-line.ts'
import type { Delivery, DeliveryHandlers } from '../delivery.ts'
import type {
  AgentStatusLine,
  DeliveryComposition,
  DeliveryCounters,
  DeliverySetup,
  EngineMakeup,
  Supervision,
  ThreadCounters,
  ToDelivery,
} from '../protocol.ts'
import { addCounters, noCounters } from './add-counters.ts'
import { KeptSignals } from './kept-signals.ts'
import { KeptState } from './kept-state.ts'
import { DeliveryLife } from './life.ts'
import { Mortality } from './mortality.ts'
import { Places } from './places.ts'
import { Unshown } from './unshown.ts'
import { Vitals } from './vitals.ts'

const DEFAULTS: Supervision = {
  pingMs: 3_000,
  hangMs: 30_000,
  bufferBytes: 256 * 1024 * 1024,
  backoffMs: 500,
  restarts: 5,
  windowMs: 10 * 60_000,
  keptSignals: 10_000,
  keptText: 32 * 1024 * 1024,
}
/** What is the same for every thread. */
export type SharedSetup = Omit<DeliverySetup, 'vitals' | 'quarantined' | 'partialLine'>

/** What the last thread may take to store what is left, when the agent stops. */
const STORE_MS = 5_000

/**
 * The delivery thread that is there again when it dies. What the engine says meanwhile is kept; so is what the dead thread had not made durable.
 * A notifier in whose code it dies for the second time, or the third where it makes messages, is left out: see `Mortality`.
 */
export class Supervisor implements Delivery {
  #setup: SharedSetup
  readonly #handlers: DeliveryHandlers
  readonly #options: Supervision
  readonly #signals: KeptSignals
  readonly #state = new KeptState()
  readonly #unshown = new Unshown()
  readonly #mortality: Mortality
  /** Undefined while none is ready. */
  #life: DeliveryLife | undefined
  #vitals = new Vitals()
  /** Notifiers by the place that the living thread knows them by. */
  readonly #places = new Places()
  #starting: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #pinger: NodeJS.Timeout | undefined
  #beat = 0
  /** When the thread was last seen to take something up, on the clock of `performance`. */
  #alive = performance.now()
  #silent = 0
  #ended = false
  /** The last status, unless a thread that has ended took it up. */
  #status: AgentStatusLine | undefined
  /** Of them, to this thread. */
  #statusesSent = 0
  /** Told to each thread: one that died may not have heard of it. */
  #makeup: EngineMakeup | undefined
  #eventsSent = 0
  #eventsDropped = 0
  #evidenceSent = 0
  #evidenceDropped = 0
  /** What the dead said at last. */
  #past: ThreadCounters = noCounters
  initialState: Delivery['initialState'] = {}

  constructor(setup: SharedSetup, handlers: DeliveryHandlers, options: Partial<Supervision> = {}) {
    this.#setup = setup
    this.#handlers = handlers
    this.#options = { ...DEFAULTS, ...options }
    this.#signals = new KeptSignals({ count: this.#options.keptSignals, text: this.#options.keptText })
    this.#mortality = new Mortality(this.#options)
  }

  /** Starts the first thread; one that cannot start is not tried again. */
  async start(): Promise<void> {
    this.initialState = await this.#begin()
    this.#pinger = setInterval(() => this.#check(), this.#options.pingMs)
    this.#pinger.unref()
  }

  send(signal: SignalLine): void {
    this.#signals.durable(this.#vitals.handled)
    this.#unshown.shown(this.#vitals.shown)
    const { number } = this.#signals.add(signal)
    const { head, line } = signal
    this.#unshown.add(head.id, head.revision, number)
    if (this.#life) this.#life.post({ kind: 'signal', number, head, line })
    else this.#signals.settle()
  }

  evidence(signal: string, body: string): void {
    if (this.#life) {
      this.#evidenceSent++
      this.#life.post({ kind: 'evidence', signal, body })
    } else this.#evidenceDropped++
  }

  rehearse({ head, line }: SignalLine): void {
    this.#life?.post({ kind: 'rehearsal', head, line })
  }

  events(lines: string, count: number): void {
    if (this.#life) {
      this.#eventsSent += count
      this.#life.post({ kind: 'events', lines, count })
    } else this.#eventsDropped += count
  }

  status(status: AgentStatusLine): void {
    this.#status = status
    if (!this.#life) return
    this.#statusesSent++
    this.#life.post({ kind: 'status', status })
  }

  atWork(makeup: EngineMakeup): void {
    this.#makeup = makeup
    this.#life?.post({ kind: 'at-work', makeup })
  }

  setState(plugin: string, key: string, value: string | null): void {
    this.#state.durable(this.#vitals.state)
    const kept = this.#state.add(plugin, key, value)
    this.#life?.post({ kind: 'state', ...kept })
  }

  async counters(): Promise<DeliveryCounters> {
    const now = (await this.#life?.counters()) ?? noCounters
    this.#signals.durable(this.#vitals.handled)
    const sum = addCounters(this.#past, now, this.#eventsDropped)
    return {
      ...sum,
      evidenceDropped: sum.evidenceDropped + this.#evidenceDropped,
      signals: this.#signals.total,
      signalsDropped: this.#signals.dropped,
      signalsWaiting: this.#signals.size,
      restarts: this.#mortality.restarts,
      restartReason: this.#mortality.lastReason,
    }
  }

  get silentMs(): number {
    return this.#vitals.beat === this.#beat ? performance.now() - this.#alive : 0
  }

  async compose(composition: DeliveryComposition): Promise<void> {
    const before = this.#setup
    // Also while no thread runs: the next one could not be started with what cannot cross.
    cloneable(composition)
    for (const spec of composition.destinations)
      if (!before.destinations.some((other) => isDeepStrictEqual(spec, other))) this.#mortality.forgive(spec.name)
    // A thread that is started from now on works by it.
    this.#setup = { ...before, ...composition }
    this.#places.add(composition.destinations)
    try {
      await this.#life?.compose(composition)
    } catch (error) {
      this.#setup = before
      throw error
    }
  }

  async stop(timeoutMs: number): Promise<{ readonly pending: number }> {
    this.#ended = true
    clearTimeout(this.#timer)
    clearInterval(this.#pinger)
    await this.#starting
    const pending = await this.#life?.stop(timeoutMs)
    this.#life = undefined
    if (pending !== undefined) return { pending }
    this.#signals.durable(this.#vitals.handled)
    this.#signals.settle()
    return { pending: await this.#storeRest() }
  }

  /** One thread more, that stores what is left and calls no notifier. Returns what is owed then. */
  async #storeRest(): Promise<number> {
    if (this.#signals.size === 0) return 0
    try {
      for (const { name } of this.#setup.destinations) this.#mortality.leaveOut(name, 'the agent stops')
      await this.#begin()
      return (await (this.#life as DeliveryLife | undefined)?.stop(STORE_MS)) ?? 0
    } catch (error) {
      this.#log('error', `${this.#signals.size} signals could not be stored and end with this process: ${messageOf(error)}`)
      return 0
    }
  }

  /** Starts a thread and gives it all that its predecessor had not made durable. */
  async #begin(): Promise<Delivery['initialState']> {
    const { onLog, onRequest } = this.#handlers
    const vitals = new Vitals()
    const setup = this.#setup
    const life = new DeliveryLife(
      {
        ...setup,
        vitals: vitals.buffer,
        quarantined: this.#mortality.leftOut,
        partialLine: this.#vitals.partial,
      },
      { onLog, onRequest, onDeath: (cause) => this.#died(cause) },
    )
    const state = await life.started
    this.#unshown.shown(this.#vitals.shown)
    this.#vitals = vitals
    this.#life = life
    this.#places.reset(setup.destinations)
    this.#beat = 0
    this.#alive = performance.now()
    this.#silent = 0
    this.#eventsSent = 0
    this.#evidenceSent = 0
    const kept = this.#signals.all()
    const numbers = new Set(kept.map(({ number }) => number))
    const first: ToDelivery[] = [
      ...this.#state.all().map((kept) => ({ kind: 'state' as const, ...kept })),
      ...(this.#status ? [{ kind: 'status' as const, status: this.#status }] : []),
      { kind: 'again', signals: this.#unshown.all().filter(([, number]) => !numbers.has(number)) },
      ...kept.map(({ number, signal: { head, line } }) => ({ kind: 'signal' as const, number, head, line })),
      ...(this.#makeup ? [{ kind: 'at-work' as const, makeup: this.#makeup }] : []),
    ]
    this.#statusesSent = this.#status ? 1 : 0
    for (const message of first) life.post(message)
    // A reload came while it started.
    if (this.#setup !== setup)
      await this.compose(this.#setup).catch((error) => this.#log('error', `the new composition of destinations: ${messageOf(error)}`))
    return state
  }

  /** A sign of life is any message that the thread took up since the last look: what stalls the engine costs the thread nothing. */
  #check(): void {
    const vitals = this.#vitals
    this.#signals.durable(vitals.handled)
    this.#unshown.shown(vitals.shown)
    this.#state.durable(vitals.state)
    const life = this.#life
    if (!life) return
    if (vitals.beat === this.#beat) this.#silent += this.#options.pingMs
    else {
      this.#beat = vitals.beat
      this.#alive = performance.now()
      this.#silent = 0
    }
    if (this.#silent > this.#options.hangMs) {
      this.#silent = Number.NEGATIVE_INFINITY
      life.kill(new Error(`it has not answered for ${this.#options.hangMs / 1000} s`))
    } else if ((life.said?.bufferBytes ?? 0) > this.#options.bufferBytes)
      life.kill(new Error(`it holds more than ${this.#options.bufferBytes >>> 20} MiB outside its heap`))
    else life.ping()
  }

  #died(cause: Error): void {
    const vitals = this.#vitals
    this.#signals.durable(vitals.handled)
    this.#signals.settle()
    this.#state.durable(vitals.state)
    this.#eventsDropped += Math.max(0, this.#eventsSent - vitals.events)
    this.#evidenceDropped += Math.max(0, this.#evidenceSent - vitals.evidence)
    if (vitals.statuses >= this.#statusesSent) this.#status = undefined
    this.#past = addCounters(this.#past, this.#life?.said ?? noCounters)
    this.#life = undefined
    this.#again(cause, this.#places.nameOf(vitals.running - 1), vitals.making)
  }

  #again(cause: Error, notifier: string | undefined, making = false): void {
    if (this.#ended) return
    const { reason, leftOut, waitMs } = this.#mortality.died(cause, notifier, making)
    const error = new CwsError('CWS_ERR_DELIVERY', `the delivery thread has ended: ${reason}`, { cause })
    if (leftOut !== undefined) this.#handlers.onLeftOut(leftOut, error)
    if (waitMs === undefined) {
      this.#ended = true
      clearInterval(this.#pinger)
      const { restarts, windowMs } = this.#options
      const often = `the delivery thread has ended more than ${restarts} times within ${Math.round(windowMs / 60_000)} minutes, at last: ${reason}`
      this.#handlers.onExit(new CwsError('CWS_ERR_DELIVERY', often, { cause }))
      return
    }
    this.#log('error', `${error.message}; another is started, ${this.#signals.size} signals wait`)
    this.#timer = setTimeout(() => {
      this.#starting = this.#replace()
    }, waitMs)
  }

  async #replace(): Promise<void> {
    const waited = this.#signals.size
    try {
      await this.#begin()
      this.#log('warn', `the delivery thread works again; ${waited} signals that waited were handed to it`)
    } catch (error) {
      this.#again(error as Error, undefined)
    }
  }

  #log(level: 'warn' | 'error', message: string): void {
    this.#handlers.onLog({ kind: 'log', level, message, ...(level === 'error' ? { details: { code: 'CWS_ERR_DELIVERY' } } : {}) })
  }
}

/** @throws CwsError CWS_ERR_OPTION_NOT_CLONEABLE */
function cloneable(composition: DeliveryComposition): void {
  try {
    structuredClone(composition)
  } catch (error) {
    throw new CwsError('CWS_ERR_OPTION_NOT_CLONEABLE', `an option of a notifier cannot cross to the delivery thread: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
