import { escalating, escalationsOf } from '../../notifications/conversation.ts'
import { rankOf, severities } from '../../signals/severity.ts'
import type { Route } from '../protocol.ts'
import type { DestinationQueue } from '../queue/destination-queue.ts'
import type { Planned } from '../queue/planning.ts'
import type { SignalStore } from '../store/store.ts'
import type { SignalRow } from '../store/store-rows.ts'
import type { Change } from './change-notices.ts'
import { subjects } from './notice-kinds.ts'
import { titleIn } from './title-in.ts'

const HIGH = rankOf('high')

export interface LostWordsParts {
  readonly store: SignalStore
  /** By the steady clock. */
  readonly now: () => number
  readonly queues: () => readonly DestinationQueue[]
  /** A rule of this name, if there still is one. */
  readonly route: (name: string | null) => Route | undefined
  /** Tells what is owed as notices. */
  readonly tell: () => void
}

interface Taken {
  readonly queue: DestinationQueue
  readonly planned: Planned
}

/**
 * What becomes of a signal that a destination will never be told: its message was refused in every form, or could not be made or read. What it kept quiet there is
 * told. If it is grave, and open, others hear that it was not told: the other destinations of its rule, else one that is well, else the same one, which refused a
 * message and not all of them. If nobody heard of it at all, whom it escalates to next is told now: nobody could acknowledge it.
 */
export class LostWords {
  readonly #parts: LostWordsParts

  constructor(parts: LostWordsParts) {
    this.#parts = parts
  }

  /** Stores all that. The caller calls what comes once it is lost in the store too: what is lost twice is said twice, not never. */
  lose(destination: string, signals: readonly string[], why: string): () => void {
    const taken: Taken[] = []
    const notices: Change[] = []
    for (const id of signals) {
      const row = this.#parts.store.signal(id)
      // Of what it has heard before, a word more is lost: that keeps quiet what it kept.
      if (row && this.hasHeard(destination, row)) continue
      taken.push(...this.#released(destination, id))
      if (row?.status !== 'open' || row.severity < HIGH) continue
      notices.push(...this.#notices(destination, row, why))
      taken.push(...this.#hastened(destination, row))
    }
    const conversations = taken.map(({ planned }) => planned.conversation)
    if (conversations.length + notices.length > 0) this.#parts.store.write({ op: 'converse', conversations, notices })
    return () => {
      for (const { queue, planned } of taken) queue.take(planned)
      if (notices.length > 0) this.#parts.tell()
    }
  }

  /** It takes others, and refuses these, nobody knows for how long: what they kept quiet there is told. */
  release(destination: string, signals: readonly string[]): void {
    const taken = signals.flatMap((id) => {
      const row = this.#parts.store.signal(id)
      return row && this.hasHeard(destination, row) ? [] : this.#released(destination, id)
    })
    if (taken.length === 0) return
    this.#parts.store.write({ op: 'converse', conversations: taken.map(({ planned }) => planned.conversation) })
    for (const { queue, planned } of taken) queue.take(planned)
  }

  /** Less severe signals that were part of it. */
  #released(destination: string, id: string): readonly Taken[] {
    const { store } = this.#parts
    const queue = this.#queue(destination)
    if (!queue || queue.tellsEach) return []
    return store.keptBy(id, destination).flatMap((conversation) => {
      const row = store.signal(conversation.signal)
      return row ? [{ queue, planned: queue.plan({ ...conversation, kept_by: null }, row) }] : []
    })
  }

  /** Whether the destination was told that it is so grave. */
  hasHeard(destination: string, { id, severity }: SignalRow): boolean {
    const conversation = this.#parts.store.conversation(id, destination)
    return conversation !== undefined && conversation.told_severity >= severity && conversation.told_status !== 'archived'
  }

  #notices(destination: string, { id, severity, body }: SignalRow, why: string): readonly Change[] {
    const rule = this.#parts.store.conversation(id, destination)?.rule ?? null
    const title = titleIn(body)
    const text = `${new Date().toISOString()}: ${destination} was not told of ${id}, ${severities[severity]}${title} (${why}).`
    return this.#hearers(destination, rule).map((hearer) => ({
      destination: hearer,
      subject: subjects.untold(destination),
      title: `${destination} was not told${title === '' ? ' of a signal' : title}`,
      text,
      weight: severity,
    }))
  }

  #hearers(destination: string, rule: string | null): readonly string[] {
    const people = this.#parts.queues().filter(({ tellsEach }) => !tellsEach)
    const others = people.filter(({ name }) => name !== destination)
    // Where there are no rules, all are told of everything.
    if (rule === null && others.length > 0) return others.map(({ name }) => name)
    const { to = [], escalate = [] } = this.#parts.route(rule) ?? {}
    const named = new Set([...to, ...escalate.flatMap((step) => step.to)])
    const beside = others.filter(({ name }) => named.has(name))
    if (beside.length > 0) return beside.map(({ name }) => name)
    const well = others.filter(({ unwellMs }) => unwellMs === 0)
    // Of one that has taken nothing yet it is not known whether it would.
    const one = well.find(({ counters }) => counters.delivered > 0) ?? well[0] ?? others[0] ?? people[0]
    return one ? [one.name] : []
  }

  /** The next step of its escalation, unless somebody else heard of it. */
  #hastened(destination: string, row: SignalRow): readonly Taken[] {
    const { store, now } = this.#parts
    const others = store.conversations(row.id).flatMap((conversation) => {
      const queue = conversation.destination === destination ? undefined : this.#queue(conversation.destination)
      return queue ? [{ queue, conversation, times: escalationsOf(conversation) }] : []
    })
    // What is dead counts as told, so that it is not told again.
    const isHeard = ({ queue, conversation: { told_revision, destination } }: (typeof others)[number]) =>
      told_revision > 0 && !queue.tellsEach && !store.isDead(row.id, destination)
    if (others.some(isHeard)) return []
    const next = Math.min(...others.flatMap(({ times }) => times))
    return others
      .filter(({ times }) => times[0] === next)
      .map(({ queue, conversation, times }) => {
        const hastened = escalating(conversation, [Math.min(next, now()), ...times.slice(1)])
        return { queue, planned: queue.plan(hastened, row) }
      })
  }

  #queue(name: string): DestinationQueue | undefined {
    return this.#parts.queues().find((queue) => queue.name === name)
  }
}
