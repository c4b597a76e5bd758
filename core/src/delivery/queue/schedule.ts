import type { Reason } from '../../messages/letter.ts'
import type { Decision } from '../../notifications/decide.ts'
import { type Lane, laneOf, lanes } from '../../notifications/lanes.ts'
import { rankOf } from '../../signals/severity.ts'
import type { SignalHead } from '../../signals/signal-line.ts'
import type { MessageProgress, MessageRow, MessageState } from '../store/store-rows.ts'
import { coveredBy, severityOf } from './covered.ts'

/** For how long a rule counts as heard, ms. */
const HEARD_MS = 10 * 60_000
const MAX_HEARD = 1_000
const HIGH = rankOf('high')
const INDISPENSABLE: ReadonlySet<Reason> = new Set(['opened', 'raised', 'digest', 'archived'])

/** Something to be said, now or later: a message whose bytes are made, or a conversation that is due. Without texts, which the store holds. */
export interface Item {
  readonly signal: string
  /** Id of the signal's rule; undefined if it is not known any more. */
  readonly rule: string | undefined
  /** Of the message; undefined: it is not made yet. */
  key: string | undefined
  reason: Reason
  /** Of the gravest signal that it tells. */
  severity: number
  /** By the steady clock, ms. */
  due: number
  /** When a step of its signal's escalation is due, which it tells or which waits for it; undefined: there is none. */
  escalates: number | undefined
  readonly sequence: number
  /** In the same count, when it was tried last by this agent; its `sequence`: never. */
  turn: number
  /** Of the texts that its message has in the store, in UTF-16 units; 0: it is not made yet. */
  bytes: number
  /** Other signals that the message tells: nothing else is said of them meanwhile. */
  covers: readonly string[]
  attempt: number
  /** Tries of what it tells that did not arrive, under whatever key. */
  failures: number
  backoff: number
  /** How many messages the destination had taken when it failed last; undefined: it did not. */
  taken: number | undefined
  /** Since when it is known that the destination takes others and not this, by the steady clock, ms; undefined: that is not known. */
  aloneSince: number | undefined
  state: MessageState
  lastError: string | null
  /** A try may have arrived. */
  isAmbiguous: boolean
  inFlight: boolean
}

/** Who is served next: the first of its lane, who was not tried for longest, whatever its lane, or, to see whether a destination is back, who was never tried. */
export type Order = 'lanes' | 'untried' | 'turns'

/** What one destination is owed, and who is served first. */
export class Schedule {
  readonly #items = new Set<Item>()
  /** By signal, in the order in which they are to be told: one at a time. */
  readonly #bySignal = new Map<string, Item[]>()
  readonly #heard = new Map<string, number>()
  /** Signals that a message on its way tells along with its own. */
  readonly #covered = new Map<string, number>()

  #bytes = 0

  get size(): number {
    return this.#items.size
  }

  /** Of all messages that are made. */
  get bytes(): number {
    return this.#bytes
  }

  [Symbol.iterator](): IterableIterator<Item> {
    return this.#items.values()
  }

  of(signal: string): readonly Item[] {
    return this.#bySignal.get(signal) ?? []
  }

  add(item: Item): void {
    this.#items.add(item)
    this.#bytes += item.bytes
    this.#cover(item, 1)
    const items = this.#bySignal.get(item.signal)
    if (!items) this.#bySignal.set(item.signal, [item])
    // A message that is made goes before what is only due.
    else if (item.key !== undefined && items.at(-1)?.key === undefined) items.splice(-1, 0, item)
    else items.push(item)
  }

  remove(item: Item): void {
    if (!this.#items.delete(item)) return
    this.#bytes -= item.bytes
    this.#cover(item, -1)
    const items = this.of(item.signal).filter((other) => other !== item)
    if (items.length > 0) this.#bySignal.set(item.signal, items)
    else this.#bySignal.delete(item.signal)
  }

  /** Signals of which a word is due now, and none is on its way. */
  *due(now: number): Generator<string> {
    for (const item of this.#items) if (item.key === undefined && item.due <= now && this.#isReady(item)) yield item.signal
  }

  #cover({ covers }: Item, by: 1 | -1): void {
    for (const signal of covers) {
      const count = (this.#covered.get(signal) ?? 0) + by
      if (count > 0) this.#covered.set(signal, count)
      else this.#covered.delete(signal)
    }
  }

  /** A message of the rule was made. */
  hear(rule: string | undefined, now: number): void {
    if (rule === undefined) return
    if (this.#heard.size > MAX_HEARD) for (const [id, at] of this.#heard) if (at + HEARD_MS < now) this.#heard.delete(id)
    if (this.#heard.size <= MAX_HEARD) this.#heard.set(rule, now)
  }

  /** What is served next of what is due, and `may` be tried. */
  next(now: number, order: Order, may: (item: Item) => boolean = () => true): Item | undefined {
    let best: Item | undefined
    for (const item of this.#items) {
      if (item.due > now || !this.#isReady(item) || !may(item)) continue
      if (!best || this.#precedes(item, best, order, now) < 0) best = item
    }
    return best
  }

  #precedes(a: Item, b: Item, order: Order, now: number): number {
    switch (order) {
      case 'lanes':
        return this.#order(a, b, now)
      case 'untried':
        return isTried(a) || isTried(b) ? Number(isTried(a)) - Number(isTried(b)) || a.turn - b.turn : this.#order(a, b, now)
      case 'turns':
        return a.turn - b.turn
    }
  }

  /** When the earliest became due of what could be tried or is being tried; undefined: there is nothing. */
  earliest(): number | undefined {
    let due: number | undefined
    for (const item of this.#items) if ((item.inFlight || this.#isReady(item)) && (due === undefined || item.due < due)) due = item.due
    return due
  }

  /** Whether something is to be said of the signal, by itself or with others. */
  knows(signal: string): boolean {
    return this.#bySignal.has(signal) || this.#covered.has(signal)
  }

  /** Whether the message that tells the signal next, or with others, is refused while others are taken. */
  isAlone(signal: string): boolean {
    const items = this.#covered.has(signal) ? [...this.#items].filter(({ covers }) => covers.includes(signal)) : this.of(signal)
    return items.some(({ aloneSince }) => aloneSince !== undefined)
  }

  /** When something is due next that `may` be tried. */
  nextDue(now: number, may: (item: Item) => boolean = () => true): number | undefined {
    let due: number | undefined
    for (const item of this.#items) if (this.#isReady(item) && may(item) && (due === undefined || item.due < due)) due = item.due
    return due === undefined ? undefined : Math.max(due, now + 1)
  }

  /** Its message has other texts now. */
  resize(item: Item, bytes: number): void {
    if (this.#items.has(item)) this.#bytes += bytes - item.bytes
    item.bytes = bytes
  }

  /**
   * What is to go so that no more than so many, and so many bytes, are left: what is missed least, which would be served last. What may have arrived is
   * not among it, and what is indispensable only beyond twice that.
   */
  excess(maxItems: number, maxBytes: number, now: number): readonly Item[] {
    const left = { items: this.size, bytes: this.#bytes }
    const gone: Item[] = []
    const shed = (item: Item): void => {
      const times = isIndispensable(item) ? 2 : 1
      const isMany = left.items > times * maxItems
      if (!isMany && (left.bytes <= times * maxBytes || item.bytes === 0)) return
      gone.push(item)
      left.items--
      left.bytes -= item.bytes
    }
    if (left.items <= maxItems && left.bytes <= maxBytes) return gone
    const known = [...this.#items].filter(({ inFlight, isAmbiguous }) => !inFlight && !isAmbiguous)
    const order = (a: Item, b: Item): number => Number(isIndispensable(a)) - Number(isIndispensable(b)) || this.#order(b, a, now)
    // One needs no sorting; many one by one would take as long as all of them squared.
    if (known.length > 0) shed(known.reduce((least, item) => (order(least, item) <= 0 ? least : item)))
    if (left.items <= maxItems && left.bytes <= maxBytes) return gone
    const [first] = gone
    for (const item of known.sort(order)) if (item !== first) shed(item)
    return gone
  }

  #isReady(item: Item): boolean {
    return !item.inFlight && this.#bySignal.get(item.signal)?.[0] === item && !this.#covered.has(item.signal)
  }

  #order(a: Item, b: Item, now: number): number {
    return lanes.indexOf(this.laneOf(a, now)) - lanes.indexOf(this.laneOf(b, now)) || b.severity - a.severity || a.sequence - b.sequence
  }

  /** What a step of an escalation waits for is as urgent as the step, unless it is refused while others are taken. */
  laneOf({ reason, severity, rule, escalates, aloneSince }: Item, now: number): Lane {
    const heard = rule === undefined ? undefined : this.#heard.get(rule)
    const isHeard = heard !== undefined && heard + HEARD_MS > now
    const isAlone = aloneSince !== undefined
    const lane = laneOf(reason, severity, isHeard, isAlone)
    if (isAlone || escalates === undefined || escalates > now) return lane
    const step = laneOf('escalated', severity, isHeard)
    return lanes.indexOf(step) < lanes.indexOf(lane) ? step : lane
  }

  /** When something that is due becomes more urgent. */
  nextStep(now: number): number | undefined {
    let next: number | undefined
    for (const { due, escalates } of this.#items)
      if (due <= now && escalates !== undefined && escalates > now && (next === undefined || escalates < next)) next = escalates
    return next
  }
}

/** By this agent. */
export const isTried = ({ turn, sequence }: Item): boolean => turn > sequence

/** The first word of what is grave, also in a digest, and its end. */
function isIndispensable({ reason, severity }: Item): boolean {
  return severity >= HIGH && INDISPENSABLE.has(reason)
}

/** Of texts of a message that is stored. */
export const bytesOf = ({ body, line }: Pick<MessageRow, 'body' | 'line'>): number => body.length + (line?.length ?? 0)

/** Nothing is known against it. */
export const unblamed = { taken: undefined, aloneSince: undefined } as const

/** Of a conversation that is due. */
export function newItem({ id: signal, rule, severity }: SignalHead, { reason, due }: Decision, sequence: number): Item {
  const untried = { bytes: 0, attempt: 0, state: 'waiting', lastError: null, isAmbiguous: false, inFlight: false } as const
  return { signal, rule, key: undefined, reason, severity, due, covers: [], ...unfailed(sequence), ...untried }
}

/** Of a message that is stored. */
export function itemOf(row: MessageRow, rule: string | undefined, sequence: number, due: number): Item {
  const { key, signal, reason, attempt, backoff, state, last_error: lastError } = row
  const isAmbiguous = state === 'sending' || state === 'ambiguous'
  const covers = coveredBy(row).map((each) => each.signal)
  const tried = { attempt, failures: attempt, backoff, state, lastError, isAmbiguous, inFlight: false }
  return { signal, rule, key, reason, severity: severityOf(row), due, bytes: bytesOf(row), covers, ...unfailed(sequence), ...tried }
}

function unfailed(sequence: number) {
  return { sequence, escalates: undefined, turn: sequence, failures: 0, backoff: 0, ...unblamed } as const
}

export function progressOf({ attempt, due, backoff, state, lastError }: Item): MessageProgress {
  return { attempt, not_before: Math.ceil(due), backoff: Math.ceil(backoff), state, last_error: lastError }
}
