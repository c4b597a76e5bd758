import type { AgentStatus } from '../agent/status.ts'
import { messageOf } from '../errors/cws-error.ts'
import { rankOf, severities } from '../signals/severity.ts'
import { decodeSignal, safeLine } from '../signals/signal-json.ts'
import type { SignalHead } from '../signals/signal-line.ts'
import { Attribution } from './attribution.ts'
import { Console } from './console/console.ts'
import { startControl } from './control.ts'
import { privateFolder } from './database.ts'
import { DestinationQueue } from './destination-queue.ts'
import { lockState } from './lock.ts'
import { cleanText, type DeliveryLog, threadLog } from './log.ts'
import { setUpNotifier } from './notifiers.ts'
import { Output } from './output.ts'
import type { DeliverySetup, FromDelivery, ThreadCounters, ToDelivery } from './protocol.ts'
import { Router } from './routing.ts'
import { Secrets } from './secrets.ts'
import { listSignals, showSignal } from './signal-queries.ts'
import { StateDatabase } from './state-store.ts'
import { SignalStore } from './store.ts'
import type { Vitals } from './vitals.ts'

/** DESIGN §8 leaves the deadline of a try to us: what Standard Webhooks advises at least. */
const DEADLINE_MS = 15_000
const ABSENT_MS = 7 * 24 * 3600_000
/** Of the time to stop, what is left for the output. */
const OUTPUT_SHARE = 0.3
const CRITICAL = rankOf('critical')

type Post = (message: FromDelivery) => void

/** Everything in the delivery thread: store, queues, console, control socket. Made by `worker.ts`. */
export class DeliveryThread {
  readonly #setup: DeliverySetup
  readonly #secrets = new Secrets()
  readonly #vitals: Vitals
  readonly #attribution: Attribution
  readonly #post: Post
  readonly #log: DeliveryLog
  readonly #lock: Disposable
  readonly #store: SignalStore
  readonly #state: StateDatabase
  readonly #queues = new Map<string, DestinationQueue>()
  readonly #router: Router
  readonly #output: Output
  readonly #console: Console
  readonly #abort = new AbortController()
  readonly #requests = new Map<number, { resolve(body: unknown): void; reject(error: Error): void }>()
  #control: AsyncDisposable | undefined
  #requestId = 0
  #signals = 0
  readonly #opened = severities.map(() => 0)
  #monitoring: AsyncDisposable | undefined
  readonly #clean: (text: string) => string

  /** @throws CwsError CWS_ERR_STATE_LOCKED, CWS_ERR_STATE_DIR */
  constructor(setup: DeliverySetup, post: Post, vitals: Vitals) {
    const secrets = this.#secrets
    this.#vitals = vitals
    this.#attribution = new Attribution(vitals)
    this.#setup = setup
    this.#post = post
    this.#log = threadLog(post, secrets, setup.debug)
    this.#clean = (text) => cleanText(text, secrets)
    privateFolder(setup.stateDir, 0o700)
    this.#lock = lockState(setup.stateDir)
    this.#store = new SignalStore({ stateDir: setup.stateDir, log: this.#log })
    this.#state = new StateDatabase(setup.stateDir, this.#log, (number) => {
      vitals.state = number
    })
    this.#router = new Router(
      setup.destinations.map(({ name }) => name),
      setup.routes,
    )
    this.#output = new Output({
      onRoom: () => this.#console.room(),
      onPartial: (partial) => {
        vitals.partial = partial
      },
      onClosed: (reason) => this.#log.warn(`stdout is closed (${reason}); signals go on to the store and the notifiers`),
    })
    this.#console = new Console({
      output: this.#output,
      format: setup.format,
      color: setup.color,
      bodyOf: (id) => this.#store.signalBody(id),
      decode: decodeSignal,
      onShown: (number) => vitals.show(number),
    })
    // What an earlier thread left unfinished is no line: what follows it is.
    if (setup.partialLine) this.#output.line('')
    for (const [place, { name }] of setup.destinations.entries()) {
      const log = threadLog(post, secrets, setup.debug, name)
      const within = this.#within(place)
      this.#queues.set(name, new DestinationQueue({ name, store: this.#store, log, clean: this.#clean, deadlineMs: DEADLINE_MS, within }))
    }
  }

  /** Opens the control socket, takes up what is owed, sets the notifiers up, and says what plugins had stored. */
  async start(): Promise<void> {
    const { runDir, destinations, debug, quarantined } = this.#setup
    this.#control = await startControl({ runDir, log: this.#log, handle: (what, args) => this.#answer(what, args) })
    if (this.#setup.monitoring) {
      const { startMonitoring } = await import('./monitoring/server.ts')
      const status = async () => (await this.#ask('status')) as AgentStatus
      this.#monitoring = await startMonitoring({ listen: this.#setup.monitoring, log: this.#log, status, clean: this.#clean })
    }
    this.#restore()
    this.#post({ kind: 'ready', state: this.#state.load() })
    for (const [place, spec] of destinations.entries()) {
      const log = threadLog(this.#post, this.#secrets, debug, spec.name)
      const queue = this.#queues.get(spec.name) as DestinationQueue
      const reason = quarantined[spec.name]
      if (reason !== undefined) queue.leaveOut(this.#clean(reason))
      else {
        const parts = { queue, log, secrets: this.#secrets, clean: this.#clean, signal: this.#abort.signal }
        this.#within(place)(() => void setUpNotifier(spec, parts))
      }
    }
  }

  /** Runs code of the notifier at a place, so that it is known whose code runs. */
  #within(place: number): <T>(code: () => T) => T {
    return (code) => this.#attribution.run(place, code)
  }

  /** Handles a message of the engine. A failure is told, and costs that message alone. */
  receive(message: ToDelivery): void {
    try {
      this.#handle(message)
    } catch (error) {
      this.fault(error, `a message (${message.kind}) could not be handled`)
    }
  }

  /** Tells of an error that nobody caught: most likely of a notifier's code that runs on its own. The others go on. */
  fault(error: unknown, what = 'code of a notifier failed on its own'): void {
    const where = error instanceof Error ? error.stack?.split('\n')[1]?.trim() : undefined
    this.#log.error({ code: 'CWS_ERR_PLUGIN_FAULT', where }, `${what}: ${messageOf(error)}`)
  }

  #handle(message: ToDelivery): void {
    switch (message.kind) {
      case 'signal':
        this.#signal(message.head, message.line, message.number)
        break
      case 'rehearsal':
        this.#rehearse(message.head, message.line)
        break
      case 'events':
        this.#vitals.takeEvents(message.count)
        this.#console.events(message.lines, message.count)
        break
      case 'again':
        this.#console.again(message.signals)
        break
      case 'status':
        this.#console.status(message.status)
        break
      case 'state':
        this.#state.set(message.plugin, message.key, message.value, message.number)
        break
      case 'answer':
        this.#answered(message)
        break
      case 'counters':
        this.#post({ kind: 'counters', request: message.request, counters: this.#counters() })
        break
      case 'stop':
        void this.stop(message.timeoutMs)
        break
    }
  }

  /** Durable first, then told. */
  #signal(head: SignalHead, line: string, number: number): void {
    this.#signals++
    const body = safeLine(line)
    const { id, revision, severity } = head
    if (revision === 1) this.#opened[severity] = (this.#opened[severity] ?? 0) + 1
    const owed = this.#router
      .route(severity, () => decodeSignal(body))
      .map((name) => {
        const queue = this.#queues.get(name) as DestinationQueue
        return { queue, ...queue.prepare(id, revision, severity, body) }
      })
    this.#store.write(
      {
        op: 'signal',
        signal: { ...head, body },
        entries: owed.map(({ row }) => row),
        replaces: owed.flatMap(({ replaces }) => replaces),
      },
      severity >= CRITICAL,
    )
    this.#console.signal(id, body, number)
    // From here on notifiers run: what one of them does to this thread must not make it take the signal up again.
    this.#vitals.handled = number
    for (const { queue, row, replaces } of owed) queue.add(row, replaces)
  }

  /** All that `#signal` does and can be undone. */
  #rehearse(head: SignalHead, line: string): void {
    const body = safeLine(line)
    this.#router.route(head.severity, () => decodeSignal(body))
    this.#store.rehearse({ ...head, body })
    this.#console.rehearse(body)
  }

  /** Takes up what an earlier agent owed. What is owed to a notifier that is no longer listed waits a week for it to come back. */
  #restore(): void {
    const absent = new Map<string, number>()
    for (const row of [...this.#store.entries()]) {
      const { key, destination, signal, revision, body, created } = row
      const queue = this.#queues.get(destination)
      if (queue) queue.restore(row)
      else if (Date.now() - created < ABSENT_MS) absent.set(destination, (absent.get(destination) ?? 0) + 1)
      else {
        const reason = 'its destination was not among the plugins for a week'
        this.#store.write({ op: 'bury', dead: { key, destination, signal, revision, body, reason, at: Date.now() } })
      }
    }
    for (const [name, count] of absent)
      this.#log.warn(`${count} deliveries are owed to "${name}", which is not among the plugins; they wait until it is again`)
  }

  async #answer(what: string, args: unknown): Promise<unknown> {
    const given = (typeof args === 'object' && args !== null ? args : {}) as Readonly<Record<string, unknown>>
    switch (what) {
      case 'signals.list':
        return listSignals(this.#store, given)
      case 'signals.show':
        return showSignal(this.#store, given)
      case 'outbox':
        return this.#outbox()
      default:
        return await this.#ask(what, args)
    }
  }

  /** Asks the engine. */
  #ask(what: string, args: unknown = {}): Promise<unknown> {
    const request = ++this.#requestId
    return new Promise((resolve, reject) => {
      this.#requests.set(request, { resolve, reject })
      this.#post({ kind: 'request', request, what, args })
    })
  }

  #answered({ request, body, error }: Extract<ToDelivery, { kind: 'answer' }>): void {
    const waiting = this.#requests.get(request)
    this.#requests.delete(request)
    if (error) waiting?.reject(Object.assign(new Error(error.message), error))
    else waiting?.resolve(body)
  }

  #outbox(): unknown {
    const destinations = [...this.#queues.values()].map((queue) => ({
      name: queue.name,
      ...queue.counters,
      entries: [...queue.entries].slice(0, 100).map(({ key, attempt, state, lastError, due }) => ({
        key,
        attempt,
        state,
        last_error: lastError,
        due_in_ms: Math.max(0, Math.round(due - performance.now())),
      })),
    }))
    return { destinations, dead: this.#store.dead(100).map(({ body: _, ...row }) => row) }
  }

  #counters(): ThreadCounters {
    const { stored, error, removed } = this.#store
    return {
      signals: this.#signals,
      opened: this.#opened,
      stored,
      storeError: error === undefined ? undefined : this.#clean(error),
      signalsRemoved: removed,
      eventsDropped: this.#output.dropped,
      outputBytes: this.#output.written,
      bufferBytes: process.memoryUsage().external,
      destinations: Object.fromEntries([...this.#queues].map(([name, queue]) => [name, queue.counters])),
    }
  }

  /** Drains within the time, closes everything, says what is left for the next start. */
  async stop(timeoutMs: number): Promise<void> {
    const began = performance.now()
    this.#console.flush()
    await this.#control?.[Symbol.asyncDispose]()
    await this.#monitoring?.[Symbol.asyncDispose]()
    const left = await Promise.all([...this.#queues.values()].map((queue) => queue.stop(timeoutMs * (1 - OUTPUT_SHARE))))
    this.#abort.abort()
    this.#state.close()
    this.#store.close()
    this.#lock[Symbol.dispose]()
    await this.#output.drain(Math.max(100, began + timeoutMs - performance.now()))
    this.#output.close()
    this.#post({ kind: 'stopped', pending: left.reduce((sum, count) => sum + count, 0) })
  }
}
