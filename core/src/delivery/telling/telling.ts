import { begunOf, type Conversation, escalating, newConversation } from '../../notifications/conversation.ts'
import type { Decision } from '../../notifications/decide.ts'
import { type Escalation, escalationsFrom } from '../../notifications/escalation.ts'
import type { Kin } from '../../notifications/kin.ts'
import { statusAfter } from '../../notifications/lifecycle.ts'
import type { Signal } from '../../signals/signal.ts'
import { decodeSignal } from '../../signals/signal-json.ts'
import type { SignalHead } from '../../signals/signal-line.ts'
import type { SignalJudge } from '../control/signal-queries.ts'
import type { DeliveryLog } from '../log.ts'
import type { DeliveryComposition, Route } from '../protocol.ts'
import { DestinationQueue, type QueueOptions } from '../queue/destination-queue.ts'
import type { Planned } from '../queue/planning.ts'
import { whoMisses } from '../rules/mute-audience.ts'
import type { Mutes } from '../rules/mutes.ts'
import { RuleTemplates } from '../rules/rule-templates.ts'
import type { SignalStore } from '../store/store.ts'
import type { SignalRow, StoreWrite } from '../store/store-rows.ts'
import { stillOwed } from './absent.ts'
import { ChangeNotices } from './change-notices.ts'
import { judging } from './judging.ts'
import { LostWords } from './lost-words.ts'
import { Outages } from './outages.ts'
import { rememberedKin } from './remembered-kin.ts'
import { Router } from './routing.ts'
import { Scouts } from './scouts.ts'
import { ShedNotices } from './shed-notices.ts'
import { SteadyClock } from './steady-clock.ts'

/** Of the texts of all messages that wait, in UTF-16 units; each destination has the same share, so that one which takes nothing leaves the others theirs. */
const MAX_BYTES = 64 * 1024 * 1024

/** How often it is seen whether the wall clock was set, ms. */
const CLOCK_MS = 10_000
/** What is muted is looked at again after this, ms: some mutes have no end. */
const LOOK_AGAIN_MS = 24 * 3600_000

/** A revision that is ready to be stored, and to be told afterwards. */
export interface Prepared {
  readonly write: Extract<StoreWrite, { op: 'signal' }>
  /** Call it once `write` is stored. */
  told(): void
}

/** Who is to be told of which signal: the rules, and a queue for each destination that was ever listed. */
export class Telling {
  readonly #store: SignalStore
  readonly #clock: SteadyClock
  readonly #timer: NodeJS.Timeout
  readonly templates = new RuleTemplates()
  readonly #queues = new Map<string, DestinationQueue>()
  readonly #kin: Kin
  readonly #shed: ShedNotices
  readonly #lost: LostWords
  readonly #outages: Outages
  readonly #scouts: Scouts
  readonly #changes: ChangeNotices
  #listed: ReadonlySet<string>
  #routes: readonly Route[] | undefined
  #router: Router

  readonly #mutes: Mutes | undefined
  readonly #log: DeliveryLog | undefined

  constructor(store: SignalStore, composition: Pick<DeliveryComposition, 'destinations' | 'routes'>, mutes?: Mutes, log?: DeliveryLog) {
    this.#store = store
    this.#log = log
    this.#mutes = mutes
    this.#changes = new ChangeNotices(store, (destination, notice) => {
      this.#queues.get(destination)?.notice(notice)
      return this.#queues.has(destination)
    })
    this.#shed = new ShedNotices(store, (about, notice) => this.#notify(about, notice))
    this.#clock = new SteadyClock(store.clockOffset())
    const parts = { store, now: () => this.#clock.now(), queues: () => this.#heard, tell: () => this.#changes.tell() }
    this.#lost = new LostWords({ ...parts, route: (name) => this.#routes?.find((route) => route.name === name) })
    this.#outages = new Outages(parts)
    this.#scouts = new Scouts({ ...parts, log })
    this.#timer = setInterval(() => this.#watchClock(), CLOCK_MS).unref()
    this.#watchClock()
    this.#listed = namesOf(composition)
    this.#routes = composition.routes
    this.#router = routerOf(composition)
    this.#kin = rememberedKin(store, this.#clock.now())
  }

  get queues(): readonly DestinationQueue[] {
    return [...this.#queues.values()]
  }

  /** Of those that the configuration names: one that a reload removed tells nobody. */
  get #heard(): readonly DestinationQueue[] {
    return this.queues.filter(({ name }) => this.#listed.has(name))
  }

  queue(name: string): DestinationQueue | undefined {
    return this.#queues.get(name)
  }

  /** Makes the queue of a destination, which begins empty. */
  add(
    name: string,
    options: Pick<QueueOptions, 'log' | 'clean' | 'deadlineMs' | 'within' | 'maxItems' | 'manner'> &
      Partial<Pick<QueueOptions, 'maxBytes'>>,
  ): DestinationQueue {
    const terms = (rule: string | null): Route | Record<string, never> => this.#routes?.find((route) => route.name === rule) ?? {}
    const parts = {
      maxBytes: () => MAX_BYTES / this.#queues.size,
      name,
      store: this.#store,
      now: () => this.#clock.now(),
      terms,
      template: (rule: string | null) => this.templates.of(rule),
      hold: (decision: Decision, head: SignalHead) => this.#hold(decision, head),
    }
    const queue = new DestinationQueue({
      ...parts,
      ...options,
      onShed: () => this.#shed.look(name),
      onLost: (signals, why) => this.#lost.lose(name, signals, why),
      onAlone: (signals) => this.#lost.release(name, signals),
    })
    this.#queues.set(name, queue)
    return queue
  }

  /** Takes up what an earlier agent owed to a destination. */
  restore(queue: DestinationQueue): void {
    queue.restore(this.#tellsAgain)
  }

  /** Other rules: what is open is looked at anew. */
  compose(composition: Pick<DeliveryComposition, 'destinations' | 'routes'>): void {
    const before = this.#tellsAgain
    this.#listed = namesOf(composition)
    this.#routes = composition.routes
    this.#router = routerOf(composition)
    for (const queue of this.#queues.values()) queue.review(before || this.#tellsAgain)
  }

  /** Mutes have changed: what is open is looked at anew. */
  review(): void {
    for (const queue of this.#queues.values()) queue.review(true)
  }

  /** Tells those from whom mutes or changes of rules take something, as far as they were not told yet. */
  announce(): void {
    this.#mutes?.announce((mute, isCriticalToo) => {
      const missing = whoMisses(mute, isCriticalToo, this.#routes, [...this.#listed])
      return [...missing].filter((name) => this.#queues.get(name)?.tellsEach === false)
    })
    this.#changes.tell()
  }

  /** What is muted is told no sooner than its mute ends. How people judged it is told at once. */
  #hold(decision: Decision, { id, severity }: SignalHead): Decision {
    const { reason } = decision
    if (!this.#mutes?.isActive || reason === 'acknowledged' || reason === 'archived') return decision
    const body = this.#store.signalBody(id)
    const until = body === undefined ? undefined : this.#mutedUntil(severity, body)
    if (until === undefined) return decision
    const left = Math.min(until - Date.now(), LOOK_AGAIN_MS)
    return { ...decision, due: Math.max(decision.due, this.#clock.now() + left) }
  }

  /** A condition that fails at a signal mutes nothing. */
  #mutedUntil(severity: number, line: string): number | undefined {
    try {
      return this.#mutes?.until(severity, () => decodeSignal(line))
    } catch {
      return undefined
    }
  }

  get #tellsAgain(): boolean {
    return this.#routes?.some(({ repeat }) => repeat !== undefined) ?? false
  }

  /** How long it is until then, ms; 0: it is past. */
  untilMs(due: number): number {
    return Math.max(0, due - this.#clock.now())
  }

  /** Names of the destinations that would hear of it. */
  wouldTell(severity: number, line: string): readonly string[] {
    return [...this.#router.route(severity, () => decodeSignal(line)).keys()]
  }

  /** What a new revision makes owed. Whom it was told once hears of it further, whether or not a rule still holds. */
  prepare(head: SignalHead, line: string): Prepared {
    const { id, revision } = head
    const now = this.#clock.now()
    const was = revision === 1 ? undefined : this.#store.signal(id)
    const known = { ...head, status: statusAfter(was, head) }
    const before = new Map(this.#store.conversations(id).map((each) => [each.destination, each]))
    const { owners, above, mutes } = this.#judgement(known, line, now)
    const isOpenedAnew = was !== undefined && was.status !== 'open' && known.status === 'open'
    const said = isOpenedAnew ? new Map<string, Conversation>() : before
    const ownedBefore = () => this.#ownersOf(was)
    const escalations =
      known.status === 'open' ? escalationsFrom({ owners, before: said, ownedBefore }, now) : new Map<string, Escalation>()
    const silenced: string[] = []
    const plans: { readonly queue: DestinationQueue; readonly planned: Planned }[] = []
    for (const name of new Set([...owners.keys(), ...before.keys(), ...escalations.keys()])) {
      const queue = this.#queues.get(name)
      if (!queue) continue
      if (mutes.length > 0 && !queue.tellsEach) {
        silenced.push(name)
        continue
      }
      const isOwned = owners.has(name)
      const rule = owners.get(name)?.name
      const escalation = escalations.get(name)
      const conversation = before.get(name) ?? newConversation(id, name, rule ?? escalation?.rule, now)
      const escalated = isOpenedAnew ? { ...conversation, escalations: '[]' } : conversation
      // Muted, it does not begin for the others.
      const begun = mutes.length > 0 ? begunOf(escalated) : escalation?.begun
      const wanted: Conversation = {
        ...(escalation ? escalating(escalated, escalation.times, begun) : escalated),
        rule: isOwned ? (rule ?? null) : conversation.rule,
        wanted: revision,
        changed_at: revision > conversation.wanted ? now : conversation.changed_at,
        opened_at: conversation.opened_at ?? (isOwned ? now : null),
        kept_by: this.#scouts.has(id, name) ? null : this.#keeper(above, name),
      }
      plans.push({ queue, planned: queue.plan(wanted, known, line) })
      if (isNewlyKept(conversation, wanted)) plans.push(...this.#keeping(wanted.kept_by, queue, now))
    }
    return {
      write: {
        op: 'signal',
        signal: { ...known, body: line },
        conversations: plans.map(({ planned }) => planned.conversation),
        steps: plans.flatMap(({ planned: { step } }) => step ?? []),
        muting: silenced.length > 0 ? { mutes, destinations: silenced } : undefined,
      },
      told: () => {
        for (const { queue, planned } of plans) queue.take(planned)
      },
    }
  }

  /** Whom rules and mutes name. What cannot be judged, since a condition fails at it, is told to all. */
  #judgement(head: SignalHead, line: string, now: number) {
    try {
      const mutes = this.#mutes?.covering(head.severity, () => decodeSignal(line)) ?? []
      return { ...this.#owners(head, line, now), mutes }
    } catch (error) {
      this.#log?.error({ signal: head.id, error }, 'rules and mutes could not be asked about a signal: it is told to all')
      return { owners: new Map([...this.#queues.keys()].map((name) => [name, undefined] as const)), above: [], mutes: [] }
    }
  }

  /** The rules that own what is stored of a signal, as they are now. What cannot be judged none owned. */
  #ownersOf(row: SignalRow | undefined): Iterable<Route | undefined> {
    if (!row) return []
    try {
      return this.#router.route(row.severity, () => decodeSignal(row.body)).values()
    } catch {
      return []
    }
  }

  /** Which rules want it told to whom, and what is beside it that is more severe. Where there are no rules, everything is told. */
  #owners({ severity, status }: SignalHead, line: string, now: number) {
    let read: Signal | undefined
    const signal = (): Signal => {
      read ??= decodeSignal(line)
      return read
    }
    const owners = this.#router.route(severity, signal)
    if (this.#routes === undefined || owners.size === 0) return { owners, above: [] }
    const above = this.#kin.above(signal(), severity, now)
    if (status === 'open') this.#kin.add(signal(), severity, now)
    return { owners, above }
  }

  /** Tells what was given up of one destination through another: one that takes what it is told, if there is any. Where it is the only one, through itself once it takes something. */
  #notify(about: string, notice: Signal): boolean {
    const well = this.#heard.filter(({ counters }) => counters.state === 'ok')
    const others = [...well, ...this.#heard].filter(({ name }) => name !== about)
    // A file tells nobody until somebody reads it.
    const other = others.find(({ tellsEach }) => !tellsEach) ?? others[0] ?? well[0]
    other?.notice(notice, about)
    return other !== undefined
  }

  /** Of more severe signals the one that is open, and told to the same destination. */
  #keeper(above: readonly string[], destination: string): string | null {
    const isTold = (id: string): boolean => {
      const conversation = this.#store.conversation(id, destination)
      const row = this.#store.signal(id)
      if (!conversation || conversation.opened_at === null || row?.status !== 'open') return false
      // Of one that is kept quiet itself, was given up or refused for good, nobody heard.
      if ((conversation.due === null && conversation.key_revision === 0) || this.#store.isDead(id, destination)) return false
      // Nor of one that is refused while others are taken: that may last for ever.
      return !this.#queues.get(destination)?.isAlone(id) || this.#lost.hasHeard(destination, row)
    }
    return above.find(isTold) ?? null
  }

  /** What keeps a signal quiet since now is told again to say so, unless that is owed already. */
  #keeping(
    keeper: string,
    queue: DestinationQueue,
    now: number,
  ): readonly { readonly queue: DestinationQueue; readonly planned: Planned }[] {
    const conversation = queue.tellsEach ? undefined : this.#store.conversation(keeper, queue.name)
    if (conversation?.kept_since !== null) return []
    const row = this.#store.signal(keeper)
    return row ? [{ queue, planned: queue.plan({ ...conversation, kept_since: now }, row) }] : []
  }

  /** Stores what people say of signals, and tells who was told of them. */
  get judge(): SignalJudge {
    return judging({ store: this.#store, log: this.#log, queue: (name) => this.#queues.get(name), tell: () => this.#changes.tell() })
  }

  /** What is owed to destinations that are not listed, by name. What has waited for a week is given up. */
  absent(): ReadonlyMap<string, number> {
    const names = [...this.#store.owed().keys()].filter((name) => !this.#queues.has(name))
    const owed = names.map((name) => [name, stillOwed(name, this.#store, this.#clock.now(), this.#lost)] as const)
    return new Map(owed.filter(([, count]) => count > 0))
  }

  /** Drains all queues within the time; returns how much is left. */
  async stop(timeoutMs: number): Promise<number> {
    clearInterval(this.#timer)
    this.#shed.stop()
    const left = await Promise.all(this.queues.map((queue) => queue.stop(timeoutMs)))
    this.#watchClock()
    return left.reduce((sum, count) => sum + count, 0)
  }

  #watchClock(): void {
    if (this.#mutes?.tick()) this.review()
    if (this.#queues.size > 0) {
      this.#outages.look()
      this.#scouts.look()
      this.announce()
    }
    const offset = this.#clock.jumped()
    if (offset !== undefined) this.#store.write({ op: 'clock', offset })
  }
}

function isNewlyKept(before: Conversation, wanted: Conversation): wanted is Conversation & { readonly kept_by: string } {
  return wanted.kept_by !== null && wanted.kept_by !== before.kept_by && wanted.opened_at !== null && wanted.told_revision === 0
}

const namesOf = ({ destinations }: Pick<DeliveryComposition, 'destinations'>): ReadonlySet<string> =>
  new Set(destinations.map(({ name }) => name))

const routerOf = ({ destinations, routes }: Pick<DeliveryComposition, 'destinations' | 'routes'>): Router =>
  new Router(
    destinations.map(({ name }) => name),
    routes,
  )
