import { isDeepStrictEqual } from 'node:util'
import { type DeliveryLog, threadLog } from '../log.ts'
import { PacedLog } from '../paced-log.ts'
import type { DestinationSpec, FromDelivery } from '../protocol.ts'
import type { Secrets } from '../secrets/secrets.ts'
import type { Attribution } from '../supervisor/attribution.ts'
import { Places } from '../supervisor/places.ts'
import { howAbsentWait } from '../telling/absent.ts'
import type { Telling } from '../telling/telling.ts'
import type { Composer } from './compose-message.ts'
import type { DestinationQueue } from './destination-queue.ts'
import { setUpNotifier } from './notifiers.ts'

/** Of one try: what Standard Webhooks advises at least. */
const DEADLINE_MS = 15_000

interface Parts {
  readonly telling: Telling
  readonly attribution: Attribution
  readonly secrets: Secrets
  readonly clean: (text: string) => string
  readonly log: DeliveryLog
  readonly post: (message: FromDelivery) => void
  readonly debug: boolean
}

interface AtWork {
  readonly spec: DestinationSpec
  readonly abort: AbortController
}

/** The notifiers of the composition, each with its queue, its log and its place; a reload changes which they are. */
export class NotifiersAtWork {
  readonly #parts: Parts
  readonly #listed = new Map<string, AtWork>()
  readonly #logs = new Map<string, PacedLog>()
  readonly #places = new Places()

  constructor(parts: Parts, destinations: readonly DestinationSpec[]) {
    this.#parts = parts
    this.#places.reset(destinations)
    for (const spec of destinations) this.#queueFor(spec)
  }

  get specs(): readonly DestinationSpec[] {
    return [...this.#listed.values()].map(({ spec }) => spec)
  }

  /** Queues of destinations that left the composition finish their tries, and are not among them. */
  get queues(): readonly DestinationQueue[] {
    return this.#parts.telling.queues.filter(({ name }) => this.#listed.has(name))
  }

  /** Sets a notifier up and starts its queue. `quarantined`: why it is left out instead. */
  begin(spec: DestinationSpec, quarantined?: string): void {
    const { telling, secrets, clean } = this.#parts
    const { name } = spec
    const queue = telling.queue(name) as DestinationQueue
    const abort = new AbortController()
    this.#listed.set(name, { spec, abort })
    if (quarantined !== undefined) {
      queue.leaveOut(clean(quarantined))
      return
    }
    const parts = { queue, log: this.#logOf(name), secrets, clean, signal: abort.signal }
    this.#within(name)(() => void setUpNotifier(spec, parts))
  }

  /** Notifiers that are the same run on, the others end when their tries have, and what is owed to them waits. */
  compose(destinations: readonly DestinationSpec[]): void {
    const { telling } = this.#parts
    this.#places.add(destinations)
    for (const { spec, abort } of [...this.#listed.values()])
      if (!destinations.some((other) => isSame(spec, other))) this.#end(spec.name, abort, destinations)
    for (const spec of destinations) {
      if (this.#listed.has(spec.name)) continue
      const known = telling.queue(spec.name)
      if (known) known.adopt(spec.manner)
      else telling.restore(this.#queueFor(spec))
      this.begin(spec)
    }
  }

  /** Ends what they do and what they still say. */
  [Symbol.dispose](): void {
    for (const { abort } of this.#listed.values()) abort.abort()
    for (const log of this.#logs.values()) log[Symbol.dispose]()
  }

  #end(name: string, abort: AbortController, destinations: readonly DestinationSpec[]): void {
    const { telling, log } = this.#parts
    this.#listed.delete(name)
    const queue = telling.queue(name) as DestinationQueue
    void queue.retire(abort)
    const owed = queue.counters.pending
    if (owed > 0 && !destinations.some((other) => other.name === name))
      log.warn(`${owed} deliveries are owed to "${name}", which is not among the plugins any more; ${howAbsentWait}`)
  }

  #queueFor({ name, manner }: DestinationSpec): DestinationQueue {
    const { telling, clean } = this.#parts
    return telling.add(name, { log: this.#logOf(name), clean, deadlineMs: DEADLINE_MS, within: this.#within(name), manner })
  }

  /** What is said of a destination, by its queue and by its notifier. */
  #logOf(name: string): PacedLog {
    const known = this.#logs.get(name)
    if (known) return known
    const { post, secrets, debug } = this.#parts
    const log = new PacedLog(threadLog(post, secrets, debug, name))
    this.#logs.set(name, log)
    return log
  }

  /** Runs code of a notifier, so that it is known whose code runs. */
  #within(name: string): Composer['within'] {
    return (code, making) => this.#parts.attribution.run(this.#places.placeOf(name), code, making)
  }
}

/** Whether a notifier may run on. One that stands in a configuration has another URL with each load: its code may be another. */
const isSame = (a: DestinationSpec, b: DestinationSpec): boolean => isDeepStrictEqual(a, b)
