import { isDeepStrictEqual } from 'node:util'
import type { AgentStatus } from '../agent/status.ts'
import type { ListenAddress } from '../config/monitoring.ts'
import { messageOf } from '../errors/cws-error.ts'
import { HeapCare, settleHeap } from '../signals/heap-care.ts'
import { rankOf, severities } from '../signals/severity.ts'
import { decodeSignal, safeLine } from '../signals/signal-json.ts'
import type { SignalHead } from '../signals/signal-line.ts'
import { Console } from './console/console.ts'
import type { Asker } from './control/administration.ts'
import { errorBody, startControl } from './control/control.ts'
import { EngineQuestions } from './control/engine-questions.ts'
import { NotifyDesk } from './control/notify-desk.ts'
import { acknowledgeSignals, archiveSignals, listSignals, showSignal } from './control/signal-queries.ts'
import { Heartbeat } from './heartbeat/heartbeat.ts'
import { cleanText, type DeliveryLog, threadLog } from './log.ts'
import { Output } from './output.ts'
import type {
  DeliveryComposition,
  DeliverySetup,
  DestinationSpec,
  EngineMakeup,
  FromDelivery,
  ThreadCounters,
  ToDelivery,
} from './protocol.ts'
import { NotifiersAtWork } from './queue/notifiers-at-work.ts'
import { Mutes } from './rules/mutes.ts'
import { RuleBook } from './rules/rule-book.ts'
import { Secrets } from './secrets/secrets.ts'
import { privateFolder } from './store/database.ts'
import { lockState } from './store/lock.ts'
import { StateDatabase } from './store/state-store.ts'
import { SignalStore } from './store/store.ts'
import { logWhatWasDone } from './store/unlogged.ts'
import { Attribution } from './supervisor/attribution.ts'
import type { Vitals } from './supervisor/vitals.ts'
import { howAbsentWait } from './telling/absent.ts'
import { ChangeLetters } from './telling/change-letters.ts'
import { Telling } from './telling/telling.ts'

/** Of the time to stop, what is left for the output. */
const OUTPUT_SHARE = 0.3
const CRITICAL = rankOf('critical')

type Post = (message: FromDelivery) => void

/** Everything in the delivery thread: store, queues, console, control socket. Made by `worker.ts`. */
export class DeliveryThread {
  readonly #heap = new HeapCare()
  readonly #setup: DeliverySetup
  readonly #secrets = new Secrets()
  readonly #vitals: Vitals
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
  readonly #notifiers: NotifiersAtWork
  readonly #output: Output
  readonly #console: Console
  readonly #engine: EngineQuestions
  #control: AsyncDisposable | undefined
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
    this.#setup = setup
    this.#fields = setup.fields
    this.#post = post
    this.#log = threadLog(post, secrets, setup.debug)
    this.#clean = (text) => cleanText(text, secrets)
    this.#engine = new EngineQuestions(post)
    privateFolder(setup.stateDir, 0o700)
    this.#lock = lockState(setup.stateDir)
    this.#store = new SignalStore({ stateDir: setup.stateDir, log: this.#log })
    this.#state = new StateDatabase(setup.stateDir, this.#log, (number) => {
      vitals.state = number
    })
    this.#mutes = new Mutes(this.#store, this.#log, setup.fields)
    this.#rules = new RuleBook(this.#store, this.#log, setup)
    this.#telling = new Telling(this.#store, { destinations: setup.destinations, routes: this.#rules.routes }, this.#mutes, this.#log)
    this.#changes = new ChangeLetters(this.#store, () => this.#notifiers.queues)
    this.#heartbeat = new Heartbeat({
      log: this.#log,
      clean: this.#clean,
      secret: (ref) => secrets.resolve(ref),
      pulse: async () => (await this.#engine.ask('pulse')) as AgentStatus,
      touchStore: () => this.#touchStore(),
      standings: (overdueMs) => this.#notifiers.queues.map((queue) => queue.standing(overdueMs)),
    })
    this.#desk = new NotifyDesk({
      heartbeat: this.#heartbeat,
      mutes: this.#mutes,
      store: this.#store,
      telling: this.#telling,
      log: this.#log,
      queues: () => this.#notifiers.queues,
      rules: this.#rules,
      apply: async () => {
        await this.#apply(this.#notifiers.specs)
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
    this.#notifiers = new NotifiersAtWork(
      {
        telling: this.#telling,
        attribution: new Attribution(vitals),
        secrets,
        clean: this.#clean,
        log: this.#log,
        post,
        debug: setup.debug,
      },
      setup.destinations,
    )
  }

  /** Opens the control socket, takes up what is owed, sets the notifiers up, and says what plugins had stored. */
  async start(): Promise<void> {
    const { runDir, destinations, quarantined } = this.#setup
    this.#control = await startControl({ runDir, log: this.#log, handle: (...asked) => this.#answer(...asked) })
    await this.#monitor(this.#setup.monitoring)
    await this.#loadTemplates(destinations)
    this.#restore()
    this.#post({ kind: 'ready', state: this.#state.load() })
    for (const spec of destinations) this.#notifiers.begin(spec, quarantined[spec.name])
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
    const status = async () => (await this.#engine.ask('status')) as AgentStatus
    this.#monitoring = await startMonitoring({ listen, log: this.#log, status, clean: this.#clean })
  }

  /** Another composition, by a reload. */
  async #compose({ modules, destinations, monitoring, heartbeat, routes, notifications, fields }: DeliveryComposition): Promise<void> {
    if (modules) (await import('../config/module-hooks.ts')).installModuleHooks(modules)
    this.#notifiers.compose(destinations)
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
        this.#engine.answered(message)
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
      this.#log.warn(`${count} deliveries are owed to "${name}", which is not among the plugins; ${howAbsentWait}`)
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
        return this.#desk.answers(what) ? await this.#desk.answer(what, given, asker) : await this.#engine.ask(what, args)
    }
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
      destinations: Object.fromEntries(this.#notifiers.queues.map((queue) => [queue.name, queue.counters])),
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
    this.#notifiers[Symbol.dispose]()
    this.#state.close()
    this.#store.close()
    this.#lock[Symbol.dispose]()
    await this.#output.drain(Math.max(100, began + timeoutMs - performance.now()))
    this.#output.close()
    this.#post({ kind: 'stopped', pending })
  }
}
