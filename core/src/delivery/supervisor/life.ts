import { Worker } from 'node:worker_threads'
import { type ErrorCode, errorCodes } from '../../errors/codes.ts'
import { CwsError, messageOf } from '../../errors/cws-error.ts'
import { errorBody } from '../control/control.ts'
import type { DeliveryComposition, DeliverySetup, ErrorBody, FromDelivery, ThreadCounters, ToDelivery } from '../protocol.ts'

/** The thread holds schedules, not texts: what waits is in the store, what is written is outside the heap. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 8 }
const START_MS = 30_000
const COUNTERS_MS = 2_000
const COMPOSE_MS = 30_000
/** A thread ends at once, unless it is inside a system call. */
const END_MS = 5_000

type State = Extract<FromDelivery, { kind: 'ready' }>['state']

export interface LifeHandlers {
  readonly onLog: (line: Extract<FromDelivery, { kind: 'log' }>) => void
  readonly onRequest: (what: string, args: unknown) => unknown
  /** The thread was ready and has ended though nobody asked: all that it held is free. */
  readonly onDeath: (cause: Error) => void
}

/** One delivery thread, from its start to its end. */
export class DeliveryLife {
  readonly #worker: Worker
  readonly #handlers: LifeHandlers
  readonly #waiting = new Map<number, (counters: ThreadCounters | undefined) => void>()
  readonly #composing = new Map<number, (error: CwsError | undefined) => void>()
  readonly #exited = Promise.withResolvers<void>()
  readonly #begun = Promise.withResolvers<State>()
  #stopped: ((pending: number | undefined) => void) | undefined
  #cause: Error | undefined
  #request = 0
  #ready = false
  #asked = false
  #killed = false
  #gone = false
  /** What it last said of itself. */
  said: ThreadCounters | undefined

  /** @throws CwsError CWS_ERR_OPTION_NOT_CLONEABLE */
  constructor(setup: DeliverySetup, handlers: LifeHandlers) {
    this.#handlers = handlers
    // From the clone the sources run as they are; from a package what was built.
    const entry = new URL(import.meta.url.endsWith('.ts') ? '../worker.ts' : '../worker.js', import.meta.url)
    try {
      this.#worker = new Worker(entry, { name: 'delivery', workerData: setup, resourceLimits: RESOURCE_LIMITS })
    } catch (error) {
      throw notCloneable(error)
    }
    this.#worker.on('message', (message: FromDelivery) => this.#receive(message))
    this.#worker.on('error', (error: Error) => {
      this.#cause ??= error
    })
    this.#worker.on('exit', (code) => this.#exit(code))
    const late = setTimeout(
      () => this.kill(new CwsError('CWS_ERR_DELIVERY', `the delivery thread was not ready within ${START_MS} ms`)),
      START_MS,
    )
    const clear = (): void => clearTimeout(late)
    this.#begun.promise.then(clear, clear)
  }

  /**
   * Settles when the thread is ready, with the state of plugins; rejects when it has ended before.
   * @throws CwsError the reason of the thread, or CWS_ERR_DELIVERY
   */
  get started(): Promise<State> {
    return this.#begun.promise
  }

  post(message: ToDelivery): void {
    // To one that is being ended nothing more is said: it may sit in a system call for hours, and all it would be told is kept elsewhere.
    if (!this.#gone && !this.#killed) this.#worker.postMessage(message)
  }

  /** Asks for counters without waiting for them: a sign of life. */
  ping(): void {
    this.post({ kind: 'counters', request: 0 })
  }

  /** The counters; what was said last if the thread is busy; undefined if it said nothing yet. */
  async counters(): Promise<ThreadCounters | undefined> {
    const request = ++this.#request
    this.post({ kind: 'counters', request })
    return await new Promise((resolve) => {
      const timer = setTimeout(() => settle(this.said), COUNTERS_MS)
      const settle = (counters: ThreadCounters | undefined): void => {
        clearTimeout(timer)
        this.#waiting.delete(request)
        resolve(counters)
      }
      this.#waiting.set(request, settle)
    })
  }

  /**
   * Settles when the thread works by this composition, or has ended: the next one is started with it.
   * @throws CwsError CWS_ERR_OPTION_NOT_CLONEABLE, or the reason of the thread
   */
  async compose(composition: DeliveryComposition): Promise<void> {
    const request = ++this.#request
    const { promise, resolve } = Promise.withResolvers<CwsError | undefined>()
    const late = setTimeout(
      () => resolve(new CwsError('CWS_ERR_DELIVERY', `the delivery thread did not take the configuration within ${COMPOSE_MS} ms`)),
      COMPOSE_MS,
    )
    this.#composing.set(request, resolve)
    try {
      if (this.#gone) resolve(undefined)
      else this.post({ kind: 'compose', request, composition })
    } catch (error) {
      resolve(notCloneable(error))
    }
    const error = await promise
    clearTimeout(late)
    this.#composing.delete(request)
    if (error) throw error
  }

  /** Ends the thread by force; `onDeath` follows when it is gone. */
  kill(cause: Error): void {
    this.#cause ??= cause
    this.#killed = true
    void this.#worker.terminate()
    setTimeout(() => {
      if (this.#gone) return
      // Who waits for it to be ready need not wait for a system call.
      this.#begun.reject(cause)
      this.#handlers.onLog({
        kind: 'log',
        level: 'error',
        message: 'the delivery thread does not end: it must be waiting for a disk or a file; signals are kept until it has ended',
      })
    }, END_MS).unref()
  }

  /** Drains within the time and ends the thread. Returns what is left for the next start, or undefined if the thread did not come to its end by itself. */
  async stop(timeoutMs: number): Promise<number | undefined> {
    this.#asked = true
    let timer: NodeJS.Timeout | undefined
    const pending = await new Promise<number | undefined>((resolve) => {
      this.#stopped = resolve
      // What drains inside has its own bounds; this one is for a thread that hangs.
      timer = setTimeout(() => resolve(undefined), timeoutMs + 5_000)
      if (this.#gone) resolve(undefined)
      else this.post({ kind: 'stop', timeoutMs })
    })
    clearTimeout(timer)
    await this.end()
    return pending
  }

  /** Ends the thread; false if it is inside a system call that does not end. */
  async end(): Promise<boolean> {
    this.#asked = true
    void this.#worker.terminate()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, END_MS)
    })
    await Promise.race([this.#exited.promise, late])
    clearTimeout(timer)
    return this.#gone
  }

  #receive(message: FromDelivery): void {
    switch (message.kind) {
      case 'ready':
        this.#ready = true
        this.#begun.resolve(message.state)
        break
      case 'failed':
        this.kill(errorOf(message))
        break
      case 'composed':
        this.#composing.get(message.request)?.(message.error && errorOf(message.error))
        break
      case 'log':
        this.#handlers.onLog(message)
        break
      case 'request':
        void this.#answer(message.request, message.what, message.args)
        break
      case 'counters':
        this.said = message.counters
        this.#waiting.get(message.request)?.(message.counters)
        break
      case 'stopped':
        this.#stopped?.(message.pending)
        break
    }
  }

  async #answer(request: number, what: string, args: unknown): Promise<void> {
    try {
      this.post({ kind: 'answer', request, body: await this.#handlers.onRequest(what, args) })
    } catch (error) {
      this.post({ kind: 'answer', request, body: null, error: errorBody(error) })
    }
  }

  #exit(code: number): void {
    this.#gone = true
    const cause = this.#cause ?? new Error(`it exited with code ${code}`)
    for (const settle of [...this.#waiting.values()]) settle(this.said)
    for (const settle of [...this.#composing.values()]) settle(undefined)
    this.#stopped?.(undefined)
    this.#exited.resolve()
    if (!this.#ready)
      this.#begun.reject(
        cause instanceof CwsError ? cause : new CwsError('CWS_ERR_DELIVERY', `the delivery thread has ended: ${cause.message}`, { cause }),
      )
    else if (!this.#asked) this.#handlers.onDeath(cause)
  }
}

function notCloneable(error: unknown): CwsError {
  const message = `an option of a notifier cannot cross to the delivery thread: ${messageOf(error)}`
  return new CwsError('CWS_ERR_OPTION_NOT_CLONEABLE', message, { cause: error })
}

function errorOf({ code, message, hint }: ErrorBody): CwsError {
  return new CwsError(Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : 'CWS_ERR_DELIVERY', message, { hint })
}
