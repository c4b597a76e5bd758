import { type Difference, differences, differencesText, differencesTitle, type Makeup } from '../../notifications/makeup.ts'
import type { Signal } from '../../signals/signal.ts'
import type { DestinationQueue } from '../queue/destination-queue.ts'
import type { SignalStore } from '../store/store.ts'
import { noticeSignal } from './notice-signal.ts'

/** Tells destinations that ask for it what is at work since a reload or a change of rules; what was at work before is stored, so that a restart tells too. */
export class ChangeLetters {
  readonly #store: SignalStore
  readonly #queues: () => Iterable<DestinationQueue>
  /** What is known to be at work; undefined: the store was not asked yet. */
  #known: Makeup | undefined

  constructor(store: SignalStore, queues: () => Iterable<DestinationQueue>) {
    this.#store = store
    this.#queues = queues
  }

  /** Something may be at work that was not. `by`: who changed a notification rule last. The first time of all nothing is told. */
  look(part: Partial<Makeup>, by: ReadonlyMap<string, string> = new Map()): void {
    this.#known ??= stored(this.#store.makeup())
    const before = this.#known
    const now: Makeup = { plugins: {}, rules: {}, notifications: {}, ...before, ...part }
    const found = before ? differences(before, now) : []
    if (before && found.length === 0) return
    this.#known = now
    const letter = before && letterOf(found, by)
    const asked = letter ? [...this.#queues()].filter(({ hearsChanges }) => hearsChanges) : []
    const told = asked.map((queue) => ({ queue, step: queue.changeStep(letter as Signal) }))
    this.#store.write({ op: 'makeup', makeup: JSON.stringify(now), steps: told.map(({ step }) => step) })
    for (const { queue, step } of told) queue.takeStep(step)
  }
}

function stored(text: string | undefined): Makeup | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as Makeup)
}

function letterOf(found: readonly Difference[], by: ReadonlyMap<string, string>): Signal {
  return noticeSignal({
    rule: { id: 'configuration-changed', name: 'What the agent works by was changed' },
    severity: 'info',
    title: `CWS was changed: ${differencesTitle(found)}`,
    message: differencesText(found, by),
    advice: '`cws rules list` and `cws notify list` show what is at work.',
    count: 1,
    group: {},
  })
}
