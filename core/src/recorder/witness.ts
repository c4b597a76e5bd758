import type { BaseEvent, Redactors } from '../model/event-class.ts'
import { LiveEvent } from '../model/event-class.ts'
import type { TrackedPast } from '../plugin/tracker.ts'
import { Draft } from './entry.ts'
import type { EvidencePart } from './evidence.ts'
import { type FlightRecorder, millisecondsOf } from './flight-recorder.ts'
import { type Subject, tell } from './story.ts'

/** When the past of a signal is looked for: its line is out by then. */
const SOON_MS = 10
/** Between one signal's and the next: each takes milliseconds of the engine, and whoever raises many at once must not have them all. */
const BETWEEN_MS = 100
/** Signals in one go. */
const AT_ONCE = 1
/** Signals whose past, and whose minute after, are awaited. */
const MAX_WAITING = 256

interface Watched {
  readonly signal: string
  readonly subject: Subject
  readonly redactors: Redactors
  /** Up to here it is told already, ms since the epoch. */
  told: number
}

export interface WitnessOptions {
  readonly recorder: FlightRecorder
  /** Gets each part as it is collected. */
  readonly emit: (signal: string, part: EvidencePart) => void
  /** ms since the epoch. */
  readonly now?: () => number
}

/** Collects the evidence of signals from the flight recorder: the time before when the signal is out, the time after when it is over. */
export class Witness {
  readonly #options: WitnessOptions
  readonly #now: () => number
  readonly #draft = new Draft()
  readonly #fresh: Watched[] = []
  /** By when their time is over. */
  readonly #after: Watched[] = []
  #soon: NodeJS.Timeout | undefined
  #later: NodeJS.Timeout | undefined
  /** Signals that opened while too many waited. */
  skipped = 0

  constructor(options: WitnessOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  /** A signal opened with this event, which is under dispatch or was kept. */
  opened(signal: string, event: BaseEvent, past: TrackedPast | undefined): void {
    if (event.process$ <= 0) return
    if (this.#fresh.length >= MAX_WAITING) {
      this.skipped++
      return
    }
    const { recorder } = this.#options
    const subject = this.#subjectOf(event, past)
    if (!subject) return
    this.#fresh.push({ signal, subject, redactors: event.redactors, told: subject.ms - recorder.extent.beforeMs })
    this.#soon ??= setTimeout(() => this.#tellPast(), SOON_MS).unref()
  }

  /** Ends: what has been waited for is collected as far as it goes. */
  close(): void {
    clearTimeout(this.#soon)
    clearTimeout(this.#later)
    this.#soon = this.#later = undefined
    const now = this.#now()
    for (const watched of [...this.#fresh.splice(0), ...this.#after.splice(0)]) this.#tell(watched, Math.min(now, this.#endOf(watched)))
  }

  #subjectOf(event: BaseEvent, past: TrackedPast | undefined): Subject | undefined {
    const { recorder } = this.#options
    const timestamp = event.get('event.timestamp')
    const ms = typeof timestamp === 'bigint' ? millisecondsOf(timestamp) : this.#now()
    if (event instanceof LiveEvent) {
      const draft = this.#draft
      draft.reset()
      recorder.who(event, past, draft)
      return { process: draft.process, session: draft.session, family: draft.family, type: event.type, ms }
    }
    const found = recorder.find(event.process$)
    return found && { process: event.process$, ...found, type: event.type, ms }
  }

  #tellPast(): void {
    this.#soon = undefined
    for (const watched of this.#fresh.splice(0, AT_ONCE)) {
      this.#tell(watched, this.#now())
      if (this.#afterMs === 0) continue
      // Who has waited longest is told what there is by now.
      if (this.#after.length >= MAX_WAITING) this.#tell(this.#after.shift() as Watched, this.#now())
      this.#after.push(watched)
    }
    if (this.#fresh.length > 0) this.#soon = setTimeout(() => this.#tellPast(), BETWEEN_MS).unref()
    this.#await()
  }

  #await(): void {
    const [first] = this.#after
    if (!first || this.#later) return
    this.#later = setTimeout(() => this.#tellAfter(), Math.max(BETWEEN_MS, this.#endOf(first) - this.#now())).unref()
  }

  #tellAfter(): void {
    this.#later = undefined
    const now = this.#now()
    for (let i = 0; i < AT_ONCE; i++) {
      const [first] = this.#after
      if (!first || this.#endOf(first) > now) break
      this.#after.shift()
      this.#tell(first, this.#endOf(first))
    }
    this.#await()
  }

  #tell(watched: Watched, until: number): void {
    const { recorder, emit } = this.#options
    if (until <= watched.told) return
    const part = tell(recorder, watched.subject, watched.told, until, watched.redactors)
    const isFirst = watched.told < watched.subject.ms
    watched.told = until
    if (isFirst || part.events.length > 0) emit(watched.signal, part)
  }

  get #afterMs(): number {
    return this.#options.recorder.extent.afterMs
  }

  /** When its time is over; of a signal whose past comes late nothing is cut off. */
  #endOf({ subject }: Watched): number {
    return subject.ms + this.#afterMs
  }
}
