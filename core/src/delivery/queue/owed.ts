import type { Reason } from '../../messages/letter.ts'
import { type Conversation, sinceClock } from '../../notifications/conversation.ts'
import type { Lane } from '../../notifications/lanes.ts'
import { type Manner, usualManner } from '../../plugin/manner.ts'
import type { MessageRow } from '../store/store-rows.ts'
import type { Health } from './health.ts'
import type { OutboxOptions } from './options.ts'
import type { Planned, Planning } from './planning.ts'
import { type Item, itemOf, newItem, Schedule, unblamed } from './schedule.ts'
import type { Settling } from './settling.ts'

const MAX_ITEMS = 10_000
/** Conversations that are given up in one transaction. */
const GIVEN_UP_AT_ONCE = 1_000

export interface OwedOptions extends Pick<OutboxOptions, 'name' | 'store' | 'log' | 'now'> {
  readonly maxItems?: number
  /** Of the texts of its messages, in UTF-16 units. */
  readonly maxBytes: () => number
  /** Hears that something was given up since too much waits, and counted in the store. */
  readonly onShed?: () => void
  /** Hears of signals in a message that is refused while others are taken. */
  readonly onAlone?: (signals: readonly string[]) => void
}

interface Parts {
  readonly planning: Planning
  readonly settling: Settling
  readonly health: Health
}

/** What one destination is owed, bounded: the schedule in memory, kept in step with the conversations and texts in the store. */
export class Owed {
  readonly schedule = new Schedule()
  readonly #options: OwedOptions
  readonly #planning: Planning
  readonly #settling: Settling
  readonly #health: Health
  readonly #began: number
  #sequence = 0
  #isHurried = false
  /** What will never be told: given up, or refused for good. */
  failed = 0

  constructor(options: OwedOptions, { planning, settling, health }: Parts) {
    this.#options = options
    this.#planning = planning
    this.#settling = settling
    this.#health = health
    this.#began = options.now()
  }

  /** What is told again later, if nobody does anything until then, is not owed yet; what comes after a message about the same signal is one with it. */
  get pending(): number {
    const now = this.#options.now()
    let count = 0
    for (const item of this.schedule) {
      const isLater = item.due > now && (item.reason === 'repeat' || item.reason === 'escalated')
      if (item.key !== undefined || (!isLater && this.schedule.of(item.signal)[0] === item)) count++
    }
    return count
  }

  /** Whether every revision is told, as to files and archives. */
  get tellsEach(): boolean {
    return this.#planning.manner.mode === 'every'
  }

  /** Signals that should have been told before then, as the store knows it, and that the schedule does not. What was given up is known. */
  forgotten(before: number): number {
    const found = this.#options.store.untold(this.#options.name, this.#began, before).filter(({ conversation, head }) => {
      if (this.schedule.knows(head.id)) return false
      if (this.tellsEach) return true
      const { decision } = this.#planning.plan(conversation, head)
      return decision !== undefined && decision.due < before
    })
    return Math.max(0, found.length - this.failed)
  }

  /** Takes up the messages that an earlier agent owed. */
  restore(): void {
    const { store, now, name } = this.#options
    const time = now()
    for (const row of store.messages(name)) {
      const wait = Math.min(Math.max(0, row.not_before - time), Math.max(row.backoff, 0))
      const signal = store.signal(row.signal)
      this.#add(row, signal?.rule, time + wait)
      const conversation = store.conversation(row.signal, name)
      const escalates = signal && conversation && this.#planning.nextStep(conversation, signal)
      for (const each of this.schedule.of(row.signal)) each.escalates = escalates
    }
  }

  /** Looks anew at conversations: at those that are due some time, or at all about signals that are open. */
  review(looksAtOpen: boolean): void {
    const { store, now, name } = this.#options
    const time = now()
    const changed: Conversation[] = []
    for (const { conversation, head } of store.pending(name, looksAtOpen)) {
      const since = sinceClock(conversation, time)
      // Where every revision is told, what is due is no step yet: it was judged while no agent ran.
      const line = this.tellsEach && conversation.due !== null ? store.signalBody(head.id) : undefined
      const planned = this.#planning.plan(since, head, line)
      if (planned.step) store.write({ op: 'claim', message: planned.step, conversations: [planned.conversation] })
      else if (planned.conversation.due !== conversation.due) changed.push(planned.conversation)
      this.put(planned)
    }
    if (changed.length > 0) store.write({ op: 'converse', conversations: changed })
    this.bound()
  }

  /** What is next in a conversation, as it is stored. */
  put({ conversation, decision, head, step }: Planned): void {
    const { signal } = conversation
    if (step) this.putStep(step, head.rule)
    const item = this.schedule.of(signal).find(({ key }) => key === undefined)
    if (!decision) {
      if (item) this.schedule.remove(item)
    } else if (item) Object.assign(item, { reason: decision.reason, due: decision.due, severity: head.severity })
    else this.schedule.add(newItem(head, decision, this.#sequence++))
    const escalates = this.#planning.nextStep(conversation, head)
    for (const each of this.schedule.of(signal)) each.escalates = escalates
  }

  /** A step that is stored, to be told now. */
  putStep(step: MessageRow, rule: string | undefined): void {
    this.#add(step, rule, this.#options.now())
  }

  #add(row: MessageRow, rule: string | undefined, due: number): void {
    this.schedule.add(itemOf(row, rule, this.#sequence++, due))
  }

  /** From now on it is told so: what is owed is brought into that form. */
  adopt(given: Partial<Manner>): void {
    const before = this.#planning.manner
    const manner = { ...usualManner, ...given }
    this.#planning.manner = manner
    if (manner.mode === before.mode || manner.mode === 'latest') return
    const { store, name } = this.#options
    for (const item of [...this.schedule]) {
      if (item.key !== undefined) continue
      this.schedule.remove(item)
      const row = store.signal(item.signal)
      const conversation = store.conversation(item.signal, name)
      if (!row || !conversation) continue
      const planned = this.#planning.plan(conversation, row, row.body)
      if (planned.step) store.write({ op: 'claim', message: planned.step, conversations: [planned.conversation] })
      this.put(planned)
    }
  }

  /** It is tried: others have their turn before its next. */
  took(item: Item): void {
    item.turn = this.#sequence++
  }

  /** What failed is tried at once, whatever was held against it. */
  retryNow(): void {
    for (const item of this.schedule) Object.assign(item, unblamed)
    this.#release()
  }

  /** The destination took something: what failed for its sake is tried at once, but not what alone was refused. */
  recovered(): void {
    if (this.#health.recovered()) this.#release()
  }

  /** The destination takes others, and refused this one. */
  isAlone(item: Item): void {
    if (item.aloneSince !== undefined) return
    const { key, attempt, lastError } = item
    item.aloneSince = this.#options.now()
    this.#options.log.warn({ key, attempt }, `refused while others are taken: ${lastError}`)
    // Once what became of its try is stored.
    queueMicrotask(() => this.#tellAlone([item.signal, ...item.covers]))
  }

  #tellAlone(signals: readonly string[]): void {
    try {
      this.#options.onAlone?.(signals)
    } catch (error) {
      this.#options.log.error({ signals, error }, 'what is part of signals that are refused could not be told')
    }
  }

  #release(): void {
    const now = this.#options.now()
    for (const item of this.schedule) if (item.attempt > 0 && item.aloneSince === undefined && item.due > now) item.due = now
  }

  /** The agent stops: what only waits for its update interval is told. */
  hurry(): void {
    this.#isHurried = true
    const now = this.#options.now()
    for (const item of this.schedule) if (item.attempt === 0 && this.hurries(item.reason)) item.due = now
  }

  /** When the agent stops, the last count is told before its time. */
  readonly hurries = (reason: Reason): boolean => this.#isHurried && reason === 'updated' && !this.#planning.manner.interrupts

  /** Too many wait: what would be served last goes. */
  bound(): void {
    const now = this.#options.now()
    const victims = this.schedule.excess(this.#options.maxItems ?? MAX_ITEMS, this.#options.maxBytes(), now)
    if (victims.length === 0) return
    this.#shed(victims, (item) => this.schedule.laneOf(item, now))
    this.#options.onShed?.()
  }

  /** Those of which no message is made are stored together: after a restart they may be as many as there are signals. */
  #shed(items: readonly Item[], laneOf: (item: Item) => Lane): void {
    const unmade = items.filter(({ key }) => key === undefined)
    for (let i = 0; i < unmade.length; i += GIVEN_UP_AT_ONCE) {
      const some = unmade.slice(i, i + GIVEN_UP_AT_ONCE)
      const signals = some.map(({ signal }) => signal)
      this.#settling.giveUp(signals, undefined, { lanes: some.map(laneOf) })
    }
    for (const item of items)
      if (item.key !== undefined) this.#settling.giveUp([item.signal, ...item.covers], item.key, { lanes: [laneOf(item)] })
    this.#dropped(items, 'too many deliveries wait')
  }

  /** It will never be told: there is nothing to make it of. */
  giveUp(item: Item, detail: string): void {
    const { signal, covers, key, reason } = item
    this.#settling.giveUp([signal, ...covers], key, { reason, detail })
    this.#dropped([item], detail)
  }

  /** Counted as failed. */
  #dropped(items: readonly Item[], reason: string): void {
    for (const item of items) this.schedule.remove(item)
    this.failed += items.length
    this.#health.lastError = reason
    const [{ key, signal }] = items as [Item]
    if (items.length === 1) this.#options.log.warn({ key, signal }, `a delivery was given up: ${reason}`)
    else this.#options.log.warn(`${items.length} deliveries were given up: ${reason}`)
  }
}
