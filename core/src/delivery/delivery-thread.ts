import { isDeepStrictEqual } from 'node:util'
import type { AgentStatus } from '../agent/status.ts'
import type { ListenAddress } from '../config/monitoring.ts'
import { messageOf } from '../errors/cws-error.ts'
import { HeapCare, settleHeap } from '../signals/heap-care.ts'
import { rankOf, severities } from '../signals/severity.ts'
import { decodeSignal, safeLine } from '../signals/signal-json.ts'
import type { SignalHead } from '../signals/signal-line.ts'
import type { Asker } from './administration.ts'
import { Attribution } from './attribution.ts'
import { ChangeLetters } from './change-letters.ts'
import { Console } from './console/console.ts'
import { errorBody, startControl } from './control.ts'
import { privateFolder } from './database.ts'
import type { DestinationQueue } from './destination-queue.ts'
import { Heartbeat } from './heartbeat/heartbeat.ts'
import { lockState } from './lock.ts'
import { cleanText, type DeliveryLog, threadLog } from './log.ts'
import { Mutes } from './mutes.ts'
import { setUpNotifier } from './notifiers.ts'
import { NotifyDesk } from './notify-desk.ts'
import { Output } from './output.ts'
import { PacedLog } from './paced-log.ts'
import { Places } from './places.ts'
import type {
  DeliveryComposition,
  DeliverySetup,
  DestinationSpec,
  EngineMakeup,
  FromDelivery,
  ThreadCounters,
  ToDelivery,
} from './protocol.ts'
import { RuleBook } from './rule-book.ts'
import { Secrets } from './secrets.ts'
import { acknowledgeSignals, archiveSignals, listSignals, showSignal } from './signal-queries.ts'
import { StateDatabase } from './state-store.ts'
import { SignalStore } from './store.ts'
import { Telling } from './telling.ts'
import { logWhatWasDone } from './unlogged.ts'
import type { Vitals } from './vitals.ts'

/** Of one try: what Standard Webhooks advises at least. */
const DEADLINE_MS = 15_000
/** Of the time to stop, what is left for the output. */
const OUTPUT_SHARE = 0.3
const CRITICAL = rankOf('critical')

type Post = (message: FromDelivery) => void

/** A notifier of the composition at work. */
interface Listed {
  readonly spec: DestinationSpec
  readonly abort: AbortController
}

/** Everything in the delivery thread: store, queues, console, control socket. Made by `worker.ts`. */
export class DeliveryThread {
  readonly #heap = new HeapCare()
  readonly #setup: DeliverySetup
  readonly #secrets = new Secrets()
  readonly #vitals: Vitals
  readonly #attribution: Attribution
  readonly #post: Post
  readonly #log: DeliveryLog
  readonly #lock: Disposable
  readonly #store: SignalStore
  readonly #state: StateDatabase
  readonly #telling: Telling
  readonly #mutes: Mutes
  readonly #rules: RuleBook
  readonly #desk: NotifyDesk
  readonly #changes: ChangeLetters
  #engineMakeup: EngineMakeup | undefined
  readonly #listed = new Map<string, Listed>()
  readonly #logs = new Map<string, PacedLog>()
  readonly #places = new Places()
  readonly #output: Output
  readonly #console: Console
  readonly #requests = new Map<number, { resolve(body: unknown): void; reject(error: Error): void }>()
  #control: AsyncDisposable | undefined
  #requestId = 0
  #signals = 0
  readonly #opened = severities.map(() => 0)
  #monitoring: AsyncDisposable | undefined
  readonly #heartbeat: Heartbeat
  #fields: DeliveryComposition['fields']
  #listen: ListenAddress | undefined
  readonly #clean: (text: string) => string

  /** @throws CwsError CWS_ERR_STATE_LOCKED, CWS_ERR_STATE_DIR */
  constructor(setup: DeliverySetup, post: Post, vitals: Vitals) {
    const secrets = this.#secrets
    this.#vitals = vitals
    this.#attribution = new Attribution(vitals)
    this.#setup = setup
    this.#fields = setup.fields
    this.#post = post
    this.#log = threadLog(post, secrets, setup.debug)
    this.#clean = (text) => cleanText(text, secrets)
    privateFolder(setup.stateDir, 0o700)
    this.#lock = lockState(setup.stateDir)
    this.#store = new SignalStore({ stateDir: setup.stateDir, log: this.#log })
    this.#state = new StateDatabase(setup.stateDir, this.#log, (number) => {
      vitals.state = number
    })
    this.#mutes = new Mutes(this.#store, this.#log, setup.fields)
    this.#rules = new RuleBook(this.#store, this.#log, setup)
    this.#telling = new Telling(this.#store, { destinations: setup.destinations, routes: this.#rules.routes }, this.#mutes, this.#log)
    this.#changes = new ChangeLetters(this.#store, () => this.#listedQueues())
    this.#heartbeat = new Heartbeat({
      log: this.#log,
      clean: this.#clean,
      secret: (ref) => secrets.resolve(ref),
      pulse: async () => (await this.#ask('pulse')) as AgentStatus,
      touchStore: () => this.#touchStore(),
      standings: (overdueMs) => this.#listedQueues().map((queue) => queue.standing(overdueMs)),
    })
    this.#desk = new NotifyDesk({
      heartbeat: this.#heartbeat,
      mutes: this.#mutes,
      store: this.#store,
      telling: this.#telling,
      log: this.#log,
      clean: this.#clean,
      queues: () => this.#listedQueues(),
      rules: this.#rules,
      apply: async () => {
        await this.#apply([...this.#listed.values()].map(({ spec }) => spec))
        this.#changed()
      },
    })
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
    this.#places.reset(setup.destinations)
    for (const spec of setup.destinations) this.#queueFor(spec)
  }

  /** Opens the control socket, takes up what is owed, sets the notifiers up, and says what plugins had stored. */
  async start(): Promise<void> {
    const { runDir, destinations, quarantined } = this.#setup
    this.#control = await startControl({ runDir, log: this.#log, handle: (...asked) => this.#answer(...asked) })
    await this.#monitor(this.#setup.monitoring)
    await this.#loadTemplates(destinations)
    this.#restore()
    this.#post({ kind: 'ready', state: this.#state.load() })
    for (const spec of destinations) this.#begin(spec, quarantined[spec.name])
    this.#heartbeat.compose(this.#setup.heartbeat)
  }

  /** Stores what is stored already; returns why it could not. */
  #touchStore(): string | undefined {
    if (this.#store.error === undefined) this.#store.write({ op: 'clock', offset: this.#store.clockOffset() })
    return this.#store.error
  }

  /** Serves health and metrics there, and nowhere else. */
  async #monitor(listen: ListenAddress | undefined): Promise<void> {
    await this.#monitoring?.[Symbol.asyncDispose]()
    this.#monitoring = undefined
    this.#listen = listen
    if (!listen) return
    const { startMonitoring } = await import('./monitoring/server.ts')
    const status = async () => (await this.#ask('status')) as AgentStatus
    this.#monitoring = await startMonitoring({ listen, log: this.#log, status, clean: this.#clean })
  }

  #queueFor({ name, manner }: DestinationSpec): DestinationQueue {
    const log = this.#logOf(name)
    const within = this.#within(name)
    return this.#telling.add(name, { log, clean: this.#clean, deadlineMs: DEADLINE_MS, within, manner })
  }

  #begin(spec: DestinationSpec, quarantined?: string): void {
    const { name } = spec
    const queue = this.#telling.queue(name) as DestinationQueue
    const abort = new AbortController()
    this.#listed.set(name, { spec, abort })
    if (quarantined !== undefined) {
      queue.leaveOut(this.#clean(quarantined))
      return
    }
    const log = this.#logOf(name)
    const parts = { queue, log, secrets: this.#secrets, clean: this.#clean, signal: abort.signal }
    this.#within(name)(() => void setUpNotifier(spec, parts))
  }

  /** What is said of a destination, by its queue and by its notifier. */
  #logOf(name: string): PacedLog {
    const known = this.#logs.get(name)
    if (known) return known
    const log = new PacedLog(threadLog(this.#post, this.#secrets, this.#setup.debug, name))
    this.#logs.set(name, log)
    return log
  }

  /** Runs code of a notifier, so that it is known whose code runs. */
  #within(name: string): <T>(code: () => T) => T {
    return (code) => this.#attribution.run(this.#places.placeOf(name), code)
  }

  /** Another composition: notifiers that are the same run on, the others end when their tries have, and what is owed to them waits. */
  async #compose({ modules, destinations, monitoring, heartbeat, routes, notifications, fields }: DeliveryComposition): Promise<void> {
    if (modules) (await import('../config/module-hooks.ts')).installModuleHooks(modules)
    this.#places.add(destinations)
    const names = destinations.map(({ name }) => name)
    for (const [name, { spec, abort }] of [...this.#listed]) {
      if (destinations.some((other) => isSame(spec, other))) continue
      this.#listed.delete(name)
      const queue = this.#telling.queue(name) as DestinationQueue
      void queue.retire(abort)
      const owed = queue.counters.pending
      if (owed > 0 && !names.includes(name))
        this.#log.warn(`${owed} deliveries are owed to "${name}", which is not among the plugins any more; they wait until it is again`)
    }
    for (const spec of destinations) {
      if (this.#listed.has(spec.name)) continue
      const known = this.#telling.queue(spec.name)
      if (known) known.adopt(spec.manner)
      else this.#telling.restore(this.#queueFor(spec))
      this.#begin(spec)
    }
    this.#fields = fields
    this.#rules.compose({ destinations, routes, notifications, fields })
    this.#mutes.compose(fields)
    await this.#apply(destinations)
    this.#heartbeat.compose(heartbeat)
    if (!isDeepStrictEqual(monitoring, this.#listen)) await this.#monitor(monitoring)
  }

  async #loadTemplates(destinations: readonly DestinationSpec[]): Promise<void> {
    const { routes, edited } = this.#rules
    await this.#telling.templates.load({ routes, edited, destinations, fields: this.#fields }, this.#log)
  }

  /** The rules of the book, as they are now, decide who hears of signals from now on. */
  async #apply(destinations: readonly DestinationSpec[]): Promise<void> {
    await this.#loadTemplates(destinations)
    this.#telling.compose({ destinations, routes: this.#rules.routes })
  }

  async #composed(request: number, composition: DeliveryComposition): Promise<void> {
    try {
      await this.#compose(composition)
      this.#post({ kind: 'composed', request })
    } catch (error) {
      this.#post({ kind: 'composed', request, error: errorBody(error) })
    }
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
      case 'evidence':
        this.#store.write({ op: 'evidence', evidence: { signal: message.signal, body: safeLine(message.body) } })
        this.#vitals.takeEvidence()
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
        this.#vitals.takeStatus()
        if (message.status.state === 'ready') settleHeap()
        break
      case 'at-work':
        this.#atWork(message.makeup)
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
      case 'compose':
        void this.#composed(message.request, message.composition)
        break
      case 'stop':
        void this.stop(message.timeoutMs)
        break
    }
  }

  #atWork(makeup: EngineMakeup): void {
    this.#engineMakeup = makeup
    this.#changed()
  }

  /** Who asks for it hears of what is at work now and was not. Nothing is before the engine has said so. */
  #changed(): void {
    if (!this.#engineMakeup) return
    const { notifications, by } = this.#rules.makeup
    this.#changes.look({ ...this.#engineMakeup, notifications }, by)
  }

  /** Durable first, then told. */
  #signal(head: SignalHead, line: string, number: number): void {
    this.#signals++
    const body = safeLine(line)
    const { id, revision, severity } = head
    if (revision === 1) this.#opened[severity] = (this.#opened[severity] ?? 0) + 1
    const { write, told } = this.#telling.prepare(head, body)
    this.#store.write(write, severity >= CRITICAL)
    this.#console.signal(id, body, number)
    // From here on notifiers run: what one of them does to this thread must not make it take the signal up again.
    this.#vitals.handled = number
    told()
    this.#heap.signal()
  }

  /** All that `#signal` does and can be undone. */
  #rehearse(head: SignalHead, line: string): void {
    const body = safeLine(line)
    this.#telling.wouldTell(head.severity, body)
    this.#store.rehearse({ ...head, body })
    this.#console.rehearse(body)
  }

  /** Takes up what an earlier agent owed. What is owed to a notifier that is no longer listed waits for it to come back. */
  #restore(): void {
    for (const queue of this.#telling.queues) this.#telling.restore(queue)
    logWhatWasDone(this.#store, this.#log)
    this.#telling.announce()
    for (const [name, count] of this.#telling.absent())
      this.#log.warn(`${count} deliveries are owed to "${name}", which is not among the plugins; they wait until it is again`)
  }

  async #answer(what: string, args: unknown, asker: Asker): Promise<unknown> {
    const given = (typeof args === 'object' && args !== null ? args : {}) as Readonly<Record<string, unknown>>
    switch (what) {
      case 'signals.list':
        return listSignals(this.#store, given)
      case 'signals.show':
        return showSignal(this.#store, given)
      case 'signals.archive':
        return archiveSignals(this.#telling.judge, given, this.#log, asker)
      case 'signals.ack':
        return acknowledgeSignals(this.#telling.judge, given, this.#log, asker)
      default:
        return this.#desk.answers(what) ? await this.#desk.answer(what, given, asker) : await this.#ask(what, args)
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

  #listedQueues(): readonly DestinationQueue[] {
    return this.#telling.queues.filter(({ name }) => this.#listed.has(name))
  }

  #counters(): ThreadCounters {
    const { stored, error, removed, evidenceRemoved, evidenceDropped } = this.#store
    return {
      signals: this.#signals,
      opened: this.#opened,
      stored,
      storeError: error === undefined ? undefined : this.#clean(error),
      signalsRemoved: removed,
      eventsDropped: this.#output.dropped,
      evidenceRemoved,
      evidenceDropped,
      outputBytes: this.#output.written,
      bufferBytes: process.memoryUsage().external,
      heartbeat: this.#heartbeat.counters,
      destinations: Object.fromEntries(this.#listedQueues().map((queue) => [queue.name, queue.counters])),
    }
  }

  /** Drains within the time, closes everything, says what is left for the next start. */
  async stop(timeoutMs: number): Promise<void> {
    const began = performance.now()
    this.#console.flush()
    this.#heartbeat[Symbol.dispose]()
    await this.#control?.[Symbol.asyncDispose]()
    await this.#monitoring?.[Symbol.asyncDispose]()
    const pending = await this.#telling.stop(timeoutMs * (1 - OUTPUT_SHARE))
    for (const { abort } of this.#listed.values()) abort.abort()
    for (const log of this.#logs.values()) log[Symbol.dispose]()
    this.#state.close()
    this.#store.close()
    this.#lock[Symbol.dispose]()
    await this.#output.drain(Math.max(100, began + timeoutMs - performance.now()))
    this.#output.close()
    this.#post({ kind: 'stopped', pending })
  }
}

/** Whether a notifier may run on. One that stands in a configuration has another URL with each load: its code may be another. */
const isSame = (a: DestinationSpec, b: DestinationSpec): boolean => isDeepStrictEqual(a, b)
