import type { Conversation } from '../../notifications/conversation.ts'
import { statusAfter } from '../../notifications/lifecycle.ts'
import type { Change } from '../telling/change-notices.ts'
import type {
  DeadRow,
  DestinationRow,
  EvidenceRow,
  MessageProgress,
  MessageRow,
  Muting,
  Shed,
  SignalRow,
  StoreWrite,
} from './store-rows.ts'

/** What memory a broken store may cost, in characters of bodies, and in changes of what is on disk. */
const MAX_TEXT = 32 * 1024 * 1024
const MAX_CHANGES = 100_000
/** Of what destinations are to hear of others, and of lanes in which something was given up. */
const MAX_NOTICES = 1_000

/** What the store could not take: merged while it waits, so that a delivery that was made in the meantime leaves no trace, and applied when the disk is back. */
export class WriteBacklog {
  readonly #signals = new Map<string, SignalRow>()
  /** Of these signals. */
  readonly #muting = new Map<string, Muting>()
  readonly #messages = new Map<string, MessageRow>()
  /** By signal and destination. */
  readonly #conversations = new Map<string, Conversation>()
  readonly #dead = new Map<string, DeadRow>()
  /** Changes of messages that are on disk. */
  readonly #changes = new Map<string, MessageProgress | 'remove'>()
  #evidence: EvidenceRow[] = []
  /** What people said of signals that are on disk. */
  readonly #judged = new Map<string, string>()
  /** What destinations are to hear of others. */
  #notices: Change[] = []
  /** Of a destination and a lane, how often. */
  readonly #shed = new Map<string, { readonly shed: Shed; count: number }>()
  /** Signals that tell of what was given up of a destination. */
  readonly #shedTold = new Map<string, string>()
  readonly #destinations = new Map<string, DestinationRow>()
  #clock: number | undefined
  #makeup: string | undefined
  #text = 0
  /** Signals that will not be stored, since there was no room. */
  dropped = 0
  evidenceDropped = 0

  get size(): number {
    const maps = [this.#signals, this.#messages, this.#conversations, this.#dead, this.#changes, this.#judged, this.#destinations]
    return maps.reduce(
      (sum, { size }) => sum + size,
      this.#evidence.length + (this.#clock === undefined ? 0 : 1) + (this.#makeup === undefined ? 0 : 1),
    )
  }

  add(write: StoreWrite): void {
    switch (write.op) {
      case 'signal':
        this.#putSignal(write.signal)
        this.#converse(write.conversations)
        for (const step of write.steps) this.#swap(this.#messages, step.key, step)
        if (write.muting) this.#mute(write.signal.id, write.muting)
        if (write.shedTold !== undefined) this.#shedTold.set(write.signal.id, write.shedTold)
        break
      case 'claim':
        if (write.replaces !== undefined) this.#remove(write.replaces)
        this.#swap(this.#messages, write.message.key, write.message)
        this.#converse(write.conversations)
        break
      case 'progress': {
        const message = this.#messages.get(write.key)
        if (message) this.#messages.set(write.key, { ...message, ...write.progress })
        else this.#change(write.key, write.progress)
        break
      }
      case 'settle':
        this.#remove(write.key)
        this.#converse(write.conversations)
        if (write.dead) this.#swap(this.#dead, write.dead.key, write.dead)
        this.#giveUp(write.shed)
        break
      case 'converse':
        this.#converse(write.conversations)
        this.#owe(write.notices)
        this.#giveUp(write.shed)
        break
      case 'evidence':
        this.#evidence.push(write.evidence)
        this.#text += write.evidence.body.length
        break
      case 'judge': {
        const signal = this.#signals.get(write.signal)
        if (signal) this.#signals.set(write.signal, { ...signal, status: write.status })
        if (this.#judged.size < MAX_CHANGES) this.#judged.set(write.signal, write.status)
        this.#owe(write.notices)
        break
      }
      case 'destination':
        this.#destinations.set(write.destination.name, write.destination)
        break
      case 'clock':
        this.#clock = write.offset
        break
      case 'makeup':
        this.#makeup = write.makeup
        for (const step of write.steps) this.#swap(this.#messages, step.key, step)
        break
    }
    this.#bound()
  }

  message(key: string): MessageRow | undefined {
    return this.#messages.get(key)
  }

  /** What became of a message that is on disk; undefined: nothing. */
  changeOf(key: string): MessageProgress | 'remove' | undefined {
    return this.#changes.get(key)
  }

  conversation(signal: string, destination: string): Conversation | undefined {
    return this.#conversations.get(keyOf(signal, destination))
  }

  get hasConversations(): boolean {
    return this.#conversations.size > 0
  }

  conversations(signal: string): Conversation[] {
    if (this.#conversations.size === 0) return []
    return [...this.#conversations.values()].filter((each) => each.signal === signal)
  }

  isDead(signal: string, destination: string): boolean {
    return [...this.#dead.values()].some((row) => row.signal === signal && row.destination === destination && row.in_part === 0)
  }

  /** Of all signals. */
  newest(): Conversation[] {
    return [...this.#conversations.values()]
  }

  signalBody(id: string): string | undefined {
    return this.#signals.get(id)?.body
  }

  signal(id: string): SignalRow | undefined {
    return this.#signals.get(id)
  }

  /** What people said meanwhile of a signal that is on disk. */
  judged(id: string): string | undefined {
    return this.#judged.get(id)
  }

  evidence(signal: string): string[] {
    return this.#evidence.filter((row) => row.signal === signal).map(({ body }) => body)
  }

  signals(): SignalRow[] {
    return [...this.#signals.values()]
  }

  /** All of it as writes, in an order that gives the same state. */
  *writes(): Generator<StoreWrite> {
    for (const [key, change] of this.#changes)
      yield change === 'remove' ? { op: 'settle', key, conversations: [] } : { op: 'progress', key, progress: change }
    for (const signal of this.#signals.values())
      yield {
        op: 'signal',
        signal,
        conversations: [],
        steps: [],
        muting: this.#muting.get(signal.id),
        shedTold: this.#shedTold.get(signal.id),
      }
    for (const [signal, status] of this.#judged) yield { op: 'judge', signal, status }
    for (const message of this.#messages.values()) yield { op: 'claim', message, conversations: [] }
    yield { op: 'converse', conversations: [...this.#conversations.values()], notices: this.#notices }
    for (const { shed, count } of this.#shed.values())
      yield { op: 'converse', conversations: [], shed: { ...shed, lanes: Array(count).fill(shed.lanes[0]) } }
    for (const dead of this.#dead.values()) yield { op: 'settle', key: dead.key, conversations: [], dead }
    for (const evidence of this.#evidence) yield { op: 'evidence', evidence }
    for (const destination of this.#destinations.values()) yield { op: 'destination', destination }
    if (this.#clock !== undefined) yield { op: 'clock', offset: this.#clock }
    if (this.#makeup !== undefined) yield { op: 'makeup', makeup: this.#makeup, steps: [] }
  }

  clear(): void {
    for (const map of [this.#signals, this.#messages, this.#conversations, this.#dead, this.#changes, this.#judged, this.#destinations])
      map.clear()
    this.#muting.clear()
    this.#notices = []
    this.#shed.clear()
    this.#shedTold.clear()
    this.#evidence = []
    this.#clock = undefined
    this.#makeup = undefined
    this.#text = 0
  }

  #putSignal(row: SignalRow): void {
    const before = this.#signals.get(row.id)
    this.#swap(this.#signals, row.id, { ...row, status: statusAfter(before, row) })
    // What was judged is stored after the signal: it must not undo a rise.
    const judged = this.#judged.get(row.id)
    if (judged !== undefined && row.status !== judged) this.#judged.delete(row.id)
  }

  #mute(signal: string, { mutes, destinations }: Muting): void {
    const before = this.#muting.get(signal)
    this.#muting.set(signal, { mutes: union(before?.mutes, mutes), destinations: union(before?.destinations, destinations) })
  }

  #converse(conversations: readonly Conversation[]): void {
    for (const each of conversations) this.#conversations.set(keyOf(each.signal, each.destination), each)
  }

  #owe(notices: readonly Change[] = []): void {
    this.#notices.push(...notices.slice(0, MAX_NOTICES - this.#notices.length))
  }

  #giveUp(shed: Shed | undefined): void {
    for (const lane of shed?.lanes ?? []) {
      const destination = shed?.destination as string
      const known = this.#shed.get(keyOf(lane, destination))
      if (known) known.count++
      else this.#shed.set(keyOf(lane, destination), { shed: { destination, lanes: [lane] }, count: 1 })
    }
  }

  #remove(key: string): void {
    if (this.#messages.has(key)) this.#swap(this.#messages, key, undefined)
    // It may be on disk as well: a commit that failed when it was synced.
    this.#change(key, 'remove')
  }

  #change(key: string, change: MessageProgress | 'remove'): void {
    if (this.#changes.has(key) || this.#changes.size < MAX_CHANGES) this.#changes.set(key, change)
  }

  #swap<V extends { readonly body: string }>(map: Map<string, V>, key: string, value: V | undefined): void {
    this.#text += (value?.body.length ?? 0) - (map.get(key)?.body.length ?? 0)
    map.delete(key)
    if (value) map.set(key, value)
  }

  /** Evidence goes first, then what was refused, then the oldest signals with what is owed of them. */
  #bound(): void {
    while (this.#text > MAX_TEXT && this.#evidence.length > 0) {
      this.#text -= (this.#evidence.shift() as EvidenceRow).body.length
      this.evidenceDropped++
    }
    while (this.#text > MAX_TEXT && this.#dead.size > 0) this.#swap(this.#dead, first(this.#dead), undefined)
    while (this.#text > MAX_TEXT && this.#signals.size > 1) {
      const id = first(this.#signals)
      this.#swap(this.#signals, id, undefined)
      this.#muting.delete(id)
      for (const message of this.#messages.values()) if (message.signal === id) this.#swap(this.#messages, message.key, undefined)
      for (const [key, { signal }] of this.#conversations) if (signal === id) this.#conversations.delete(key)
      this.dropped++
    }
  }
}

const keyOf = (signal: string, destination: string): string => `${signal}\0${destination}`
const union = <T>(before: readonly T[] = [], more: readonly T[]): readonly T[] => [...new Set([...before, ...more])]
const first = <V>(map: Map<string, V>): string => map.keys().next().value as string
