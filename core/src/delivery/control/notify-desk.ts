import { hostname } from 'node:os'
import { CwsError } from '../../errors/cws-error.ts'
import { nearest } from '../../model/nearest.ts'
import { durationText } from '../../notifications/duration.ts'
import { sampleSignal } from '../../notifications/sample-signal.ts'
import { printable } from '../../signals/printable.ts'
import type { Heartbeat } from '../heartbeat/heartbeat.ts'
import type { DeliveryLog } from '../log.ts'
import type { DestinationQueue } from '../queue/destination-queue.ts'
import { replayKey } from '../queue/replay-key.ts'
import type { Mutes } from '../rules/mutes.ts'
import type { RuleBook } from '../rules/rule-book.ts'
import type { SignalStore } from '../store/store.ts'
import type { Telling } from '../telling/telling.ts'
import { type Asker, administrationIn, notAllowed } from './administration.ts'
import type { NotifyList } from './notify-list.ts'
import { destinationView, type OutboxView, outboxOf } from './outbox-view.ts'
import { Pace } from './pace.ts'

/** Of one destination: a test may open something in it, a replay repeats what somebody has read. */
const TESTS = { burst: 5, everyMs: 60_000 }
const REPLAYS = { burst: 100, everyMs: 6_000 }

/** By this name the watcher outside is tested, where no notifier has it. */
const HEARTBEAT = 'heartbeat'

type Args = Readonly<Record<string, unknown>>

/** What became of a beat that somebody asked for. */
export interface BeatOutcome {
  readonly result: 'delivered' | 'withheld' | 'failed'
  /** Why it was not sent, or did not arrive. */
  readonly detail: string
}

export interface DeskParts {
  readonly store: SignalStore
  readonly telling: Telling
  readonly mutes: Mutes
  readonly log: DeliveryLog
  /** Of the notifiers that are listed now. */
  readonly queues: () => readonly DestinationQueue[]
  readonly rules: RuleBook
  readonly heartbeat: Pick<Heartbeat, 'beat' | 'counters'>
  /** Has the rules of the book decide from now on. */
  readonly apply: () => Promise<void>
}

/** Answers what `cws notify` asks of an agent. */
export class NotifyDesk {
  readonly #parts: DeskParts
  readonly #tests = new Pace(TESTS)
  readonly #replays = new Pace(REPLAYS)
  readonly #answers: Readonly<Record<string, (args: Args) => unknown>> = {
    outbox: () => this.#outbox(),
    'notify.list': () => this.#list(),
    'notify.change': (args) => this.#change(args),
    'notify.mute': (args) => this.#mute(args),
    'notify.unmute': (args) => this.#unmute(args),
    'notify.replay': (args) => this.#replay(args),
    'notify.test': (args) => this.#test(args),
  }

  constructor(parts: DeskParts) {
    this.#parts = parts
  }

  answers(what: string): boolean {
    return Object.hasOwn(this.#answers, what)
  }

  /** @throws CwsError CWS_ERR_NOT_ALLOWED, CWS_ERR_USAGE, CWS_ERR_DELIVERY */
  async answer(what: string, args: Args, asker: Asker): Promise<unknown> {
    const administration = asker === 'operator' ? administrationIn(what, args) : undefined
    if (administration) throw notAllowed(administration)
    return await this.#answers[what]?.(args)
  }

  #list(): NotifyList {
    const { queues, mutes, rules, heartbeat } = this.#parts
    const { counters = null } = heartbeat
    return { rules: rules.views(), destinations: queues().map(destinationView), heartbeat: counters, mutes: mutes.list() }
  }

  #outbox(): OutboxView {
    const { store, telling, queues } = this.#parts
    return outboxOf(queues(), store, (due) => telling.untilMs(due))
  }

  async #change(args: Args): Promise<unknown> {
    const { rules, apply, telling } = this.#parts
    const { checkTemplate } = await import('../../messages/check-template.ts')
    const { by: _, ...change } = args
    const changed = rules.change(change, by(args), checkTemplate)
    await apply()
    telling.announce()
    return changed
  }

  #mute(args: Args): unknown {
    const { mutes, telling } = this.#parts
    const added = mutes.add(args, by(args))
    telling.review()
    telling.announce()
    return added
  }

  #unmute(args: Args): unknown {
    const { mutes, telling } = this.#parts
    const mute = mutes.remove(args, by(args))
    telling.review()
    telling.announce()
    return { mute }
  }

  #replay(args: Args): unknown {
    const { store, log } = this.#parts
    const { queue, signal, key } = replayKey(args['key'], { store, queueOf: (name) => this.#queue(name) })
    unlessTooMany(this.#replays.take(queue.name), `${REPLAYS.burst} replays to "${queue.name}"`)
    const again = queue.replay(signal)
    if (again === undefined) throw new CwsError('CWS_ERR_USAGE', `signal ${signal} has left the store: there is nothing to tell any more`)
    log.info({ key: again, replays: key, by: by(args) }, 'told once more, since somebody asked for it')
    return { key: again, replays: key }
  }

  async #test(args: Args): Promise<unknown> {
    const { log, rules, heartbeat } = this.#parts
    const { destination, rule = null } = args
    const beats = destination === HEARTBEAT && heartbeat.counters !== undefined && this.#known(destination) === undefined
    const { name } = beats ? { name: HEARTBEAT } : this.#queue(destination)
    if (rule !== null && beats)
      throw new CwsError('CWS_ERR_USAGE', 'a heartbeat says that all is well, in words of its own: leave --rule out')
    if (rule !== null && !rules.names.includes(rule as string)) throw unknown('notification rule', rule, rules.names)
    unlessTooMany(this.#tests.take(name), `${TESTS.burst} test messages to "${name}"`)
    const trying = beats ? this.#beat() : this.#queue(name).test(sampleSignal(hostname()), rule as string | null)
    const { key, outcome } = await trying.catch((error: unknown) => {
      this.#tests.undo(name)
      throw error
    })
    const what = beats ? 'a heartbeat was tried' : 'a test message was sent'
    log.info({ key, by: by(args), result: outcome.result }, `${what}, since somebody asked for it`)
    return { destination: name, key, outcome }
  }

  /** A beat at its own terms: what the auditor withholds is withheld from a test too, for the watcher cannot tell the two apart. */
  async #beat(): Promise<{ readonly key: null; readonly outcome: BeatOutcome }> {
    const beat = await this.#parts.heartbeat.beat()
    if (!beat) throw new CwsError('CWS_ERR_DELIVERY', 'the configuration was changed meanwhile: try again')
    return { key: null, outcome: { result: beat.result === 'sent' ? 'delivered' : beat.result, detail: beat.reasons.join('; ') } }
  }

  #known(name: unknown): DestinationQueue | undefined {
    return this.#parts.queues().find((each) => each.name === name)
  }

  #queue(name: unknown): DestinationQueue {
    const queue = this.#known(name)
    if (queue) return queue
    const { queues, heartbeat } = this.#parts
    throw unknown('notifier', name, [...queues().map((each) => each.name), ...(heartbeat.counters ? [HEARTBEAT] : [])])
  }
}

/** Who asked, as the command says. Not masked, as nothing that who asks gets back: what is masked tells what the secrets are. */
function by({ by: who }: Args): string {
  return typeof who === 'string' && who !== '' ? printable(who.slice(0, 64).toWellFormed()) : 'unknown'
}

function unlessTooMany(waitMs: number, what: string): void {
  if (waitMs > 0) throw new CwsError('CWS_ERR_USAGE', `${what} were asked for at once: try again in ${durationText(waitMs)}`)
}

function unknown(what: string, name: unknown, names: readonly string[]): CwsError {
  const guess = typeof name === 'string' ? nearest(name, names) : undefined
  return new CwsError('CWS_ERR_USAGE', `there is no ${what} ${JSON.stringify(name ?? null)}${guess ? `; did you mean "${guess}"?` : ''}`, {
    hint: names.length > 0 ? `there are: ${names.join(', ')}` : 'there is none',
  })
}
