import { Worker } from 'node:worker_threads'
import { type ErrorCode, errorCodes } from '../errors/codes.ts'
import { CwsError, messageOf } from '../errors/cws-error.ts'
import type { SignalLine } from '../signals/signal-line.ts'
import { errorBody } from './control.ts'
import type { AgentStatusLine, DeliveryCounters, DeliveryOptions, DeliverySetup, FromDelivery, ToDelivery } from './protocol.ts'
import { routesOf } from './routing.ts'

/** The thread holds schedules, not texts: what waits is in the store, what is written is outside the heap. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 8 }
const START_MS = 30_000
const COUNTERS_MS = 2_000

export interface DeliveryHandlers {
  readonly onLog: (line: Extract<FromDelivery, { kind: 'log' }>) => void
  /** Answers a request of the control socket that is the engine's. */
  readonly onRequest: (what: string, args: unknown) => unknown
  /** The thread has ended though nobody asked. */
  readonly onExit: (error: Error) => void
}

/** The delivery thread as the engine sees it: every call is one message. */
export interface Delivery {
  send(signal: SignalLine, final: boolean): void
  /** Does with a signal what leaves no trace: see agent/rehearsal.ts. */
  rehearse(signal: SignalLine): void
  /** Ready-made JSON lines of events, joined by newlines. */
  events(lines: string, count: number): void
  status(line: AgentStatusLine): void
  /** `null` deletes. */
  setState(plugin: string, key: string, value: string | null): void
  /** By plugin and key, as it was when the thread started. */
  readonly initialState: Readonly<Record<string, Readonly<Record<string, string>>>>
  counters(): Promise<DeliveryCounters>
  /** Drains within the time and ends the thread. `pending` deliveries are left for the next start. */
  stop(timeoutMs: number): Promise<{ readonly pending: number }>
}

/**
 * Starts the delivery thread.
 * @throws CwsError CWS_ERR_CONDITION, CWS_ERR_DESTINATION_UNKNOWN, CWS_ERR_OPTION_NOT_CLONEABLE, CWS_ERR_STATE_LOCKED, CWS_ERR_STATE_DIR, CWS_ERR_DELIVERY
 */
export async function startDelivery(options: DeliveryOptions, handlers: DeliveryHandlers): Promise<Delivery> {
  const delivery = new DeliveryWorker(setupOf(options), handlers)
  await delivery.started
  return delivery
}

function setupOf(options: DeliveryOptions): DeliverySetup {
  const { stateDir, runDir, format, color, destinations, notifications, events, modules, logLevel } = options
  const names = destinations.map(({ name }) => name)
  return {
    stateDir,
    runDir,
    format,
    color,
    debug: logLevel === 'debug' || logLevel === 'trace',
    modules,
    destinations,
    routes: notifications && routesOf(notifications, names, events),
  }
}

class DeliveryWorker implements Delivery {
  readonly #worker: Worker
  readonly #handlers: DeliveryHandlers
  readonly #waiting = new Map<number, (counters: DeliveryCounters) => void>()
  readonly started: Promise<void>
  initialState: Delivery['initialState'] = {}
  #counters: DeliveryCounters | undefined
  #request = 0
  #begun: { resolve(): void; reject(error: Error): void }
  #stopped: ((pending: number) => void) | undefined
  #ended = false

  constructor(setup: DeliverySetup, handlers: DeliveryHandlers) {
    this.#handlers = handlers
    const { promise, ...settle } = Promise.withResolvers<void>()
    this.started = promise
    this.#begun = settle
    // From the clone the sources run as they are; from a package what was built.
    const entry = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)
    try {
      this.#worker = new Worker(entry, { name: 'delivery', workerData: setup, resourceLimits: RESOURCE_LIMITS })
    } catch (error) {
      throw new CwsError(
        'CWS_ERR_OPTION_NOT_CLONEABLE',
        `an option of a notifier cannot cross to the delivery thread: ${messageOf(error)}`,
        {
          cause: error,
        },
      )
    }
    this.#worker.on('message', (message: FromDelivery) => this.#receive(message))
    this.#worker.on('error', (error: Error) => this.#end(error))
    this.#worker.on('exit', (code) => this.#end(new Error(`it exited with code ${code}`)))
    const late = setTimeout(
      () => this.#refuse(new CwsError('CWS_ERR_DELIVERY', `the delivery thread was not ready within ${START_MS} ms`)),
      START_MS,
    )
    const clear = (): void => clearTimeout(late)
    promise.then(clear, clear)
  }

  send({ head, line }: SignalLine, final: boolean): void {
    this.#post({ kind: 'signal', head, line, final })
  }

  rehearse({ head, line }: SignalLine): void {
    this.#post({ kind: 'rehearsal', head, line })
  }

  events(lines: string, count: number): void {
    this.#post({ kind: 'events', lines, count })
  }

  status(status: AgentStatusLine): void {
    this.#post({ kind: 'status', status })
  }

  setState(plugin: string, key: string, value: string | null): void {
    this.#post({ kind: 'state', plugin, key, value })
  }

  async counters(): Promise<DeliveryCounters> {
    const request = ++this.#request
    const answer = new Promise<DeliveryCounters>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(request)
        // A thread that is busy writing: its last word is better than none.
        if (this.#counters) resolve(this.#counters)
        else reject(new CwsError('CWS_ERR_DELIVERY', `the delivery thread did not answer within ${COUNTERS_MS} ms`))
      }, COUNTERS_MS)
      this.#waiting.set(request, (counters) => {
        clearTimeout(timer)
        resolve(counters)
      })
    })
    this.#post({ kind: 'counters', request })
    return await answer
  }

  async stop(timeoutMs: number): Promise<{ readonly pending: number }> {
    if (this.#ended) return { pending: 0 }
    const pending = await new Promise<number>((resolve) => {
      // What drains inside has its own bounds; this one is for a thread that hangs.
      const timer = setTimeout(() => resolve(0), timeoutMs + 5_000)
      this.#stopped = (count) => {
        clearTimeout(timer)
        resolve(count)
      }
      this.#post({ kind: 'stop', timeoutMs })
    })
    this.#ended = true
    await this.#worker.terminate()
    return { pending }
  }

  #post(message: ToDelivery): void {
    if (!this.#ended) this.#worker.postMessage(message)
  }

  #receive(message: FromDelivery): void {
    switch (message.kind) {
      case 'ready':
        this.initialState = message.state
        this.#begun.resolve()
        break
      case 'failed': {
        const code = Object.hasOwn(errorCodes, message.code) ? (message.code as ErrorCode) : 'CWS_ERR_DELIVERY'
        this.#refuse(new CwsError(code, message.message, { hint: message.hint }))
        break
      }
      case 'log':
        this.#handlers.onLog(message)
        break
      case 'request':
        void this.#answer(message.request, message.what, message.args)
        break
      case 'counters':
        this.#counters = message.counters
        this.#waiting.get(message.request)?.(message.counters)
        this.#waiting.delete(message.request)
        break
      case 'stopped':
        this.#stopped?.(message.pending)
        break
    }
  }

  async #answer(request: number, what: string, args: unknown): Promise<void> {
    try {
      this.#post({ kind: 'answer', request, body: await this.#handlers.onRequest(what, args) })
    } catch (error) {
      this.#post({ kind: 'answer', request, body: null, error: errorBody(error) })
    }
  }

  #refuse(error: CwsError): void {
    if (this.#ended) return
    this.#ended = true
    this.#begun.reject(error)
    void this.#worker.terminate()
  }

  #end(cause: Error): void {
    if (this.#ended) return
    this.#ended = true
    const error = new CwsError('CWS_ERR_DELIVERY', `the delivery thread has ended: ${cause.message}`, { cause })
    this.#begun.reject(error)
    if (this.#stopped) this.#stopped(0)
    else this.#handlers.onExit(error)
  }
}
