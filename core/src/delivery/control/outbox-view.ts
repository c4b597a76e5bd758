import type { Reason } from '../../messages/letter.ts'
import { type Conversation, lastKeyOf } from '../../notifications/conversation.ts'
import type { DestinationQueue } from '../queue/destination-queue.ts'
import type { DeadRow, MessageState } from '../store/store-rows.ts'
import type { StoreTables } from '../store/store-tables.ts'
import { type DestinationView, viewOf, viewOfStopped } from './destination-view.ts'

/** Of one destination, and of the dead. */
const MAX_SHOWN = 100

/** Something that is to be told. */
export interface OwedView {
  /** Null: no message is made of it yet. */
  readonly key: string | null
  readonly signal: string
  /** Null: it is judged when it is due. */
  readonly reason: Reason | null
  /** Tries so far. */
  readonly attempt: number
  readonly state: MessageState
  readonly last_error: string | null
  /** 0: now. */
  readonly due_in_ms: number
}

export interface OutboxView {
  /** At most 100 `entries` of each, what is due first first; `left_out` counts the others. */
  readonly destinations: readonly (DestinationView & { readonly entries: readonly OwedView[]; readonly left_out: number })[]
  /** What was refused for good, newest first, at most 100. */
  readonly dead: readonly DeadView[]
  /** How many more there are. */
  readonly dead_left_out: number
}

export interface DeadView extends Omit<DeadRow, 'body' | 'in_part'> {
  /** Key of the last message about the same signal, where that is another one: the destination was told since, or is to be. */
  readonly followed_by: string | null
  /** Some of several refused it, the others have it. */
  readonly in_part: boolean
}

/** Where that is read: the store of the agent, or its file where none runs. */
interface Graves {
  deadCount(): number
  dead(limit: number): readonly DeadRow[]
  conversation(signal: string, destination: string): Conversation | undefined
}

export function destinationView(queue: DestinationQueue): DestinationView {
  return viewOf(queue.name, queue.counters)
}

/** What an agent owes. `untilMs`: how long it is until a time of the steady clock. */
export function outboxOf(queues: readonly DestinationQueue[], graves: Graves, untilMs: (due: number) => number): OutboxView {
  const destinations = queues.map((queue) => {
    const entries = [...queue.items].map(({ key = null, signal, reason, attempt, state, lastError, due }) => ({
      key,
      signal,
      reason,
      attempt,
      state,
      last_error: lastError,
      due_in_ms: untilMs(due),
    }))
    return { ...destinationView(queue), ...shown(entries) }
  })
  return { destinations, ...deadIn(graves) }
}

/** What is owed in a state folder whose agent does not run. */
export function storedOutbox(tables: StoreTables): OutboxView {
  const now = Date.now() - tables.clockOffset()
  const destinations = storedDestinations(tables).map((destination) => {
    const entries: OwedView[] = []
    for (const { key, signal, reason, attempt, state, last_error, not_before } of tables.messages(destination.name))
      entries.push({ key, signal, reason, attempt, state, last_error, due_in_ms: Math.max(0, not_before - now) })
    for (const { conversation } of tables.pending(destination.name, false))
      entries.push({
        key: null,
        signal: conversation.signal,
        reason: null,
        attempt: 0,
        state: 'waiting',
        last_error: null,
        due_in_ms: Math.max(0, (conversation.due ?? 0) - now),
      })
    return { ...destination, ...shown(entries) }
  })
  return { destinations, ...deadIn(tables) }
}

/** Those that something is known of. */
export function storedDestinations(tables: StoreTables, names: readonly string[] = []): DestinationView[] {
  const owed = new Map(tables.owed().map(({ destination, count }) => [destination, count]))
  const all = new Set([...names, ...tables.destinations().map(({ name }) => name), ...owed.keys()])
  return [...all].map((name) => {
    const known = tables.destination(name)
    // One that took something since is past.
    const { last_error = null, last_error_at = null } = known && known.opened_at !== null ? known : {}
    return viewOfStopped(name, { pending: owed.get(name) ?? 0, last_error, last_error_at })
  })
}

const shown = (entries: readonly OwedView[]): { readonly entries: readonly OwedView[]; readonly left_out: number } => ({
  entries: entries.toSorted((a, b) => a.due_in_ms - b.due_in_ms).slice(0, MAX_SHOWN),
  left_out: Math.max(0, entries.length - MAX_SHOWN),
})

function deadIn(graves: Graves): Pick<OutboxView, 'dead' | 'dead_left_out'> {
  const dead = graves.dead(MAX_SHOWN).map(({ body: _, in_part: inPart, ...row }): DeadView => {
    const conversation = graves.conversation(row.signal, row.destination)
    const last = conversation && lastKeyOf(conversation)
    return { ...row, followed_by: last === undefined || last === row.key ? null : last, in_part: inPart === 1 }
  })
  return { dead, dead_left_out: Math.max(0, graves.deadCount() - dead.length) }
}
