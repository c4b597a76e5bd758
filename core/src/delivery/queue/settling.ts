import type { Reason } from '../../messages/letter.ts'
import { type Conversation, escalatedBy } from '../../notifications/conversation.ts'
import type { Lane } from '../../notifications/lanes.ts'
import type { Covered, MessageRow } from '../store/store-rows.ts'
import { coveredBy } from './covered.ts'
import type { OutboxOptions } from './options.ts'
import type { Planned, Planning } from './planning.ts'

/** Whoever is told so is called: a step of an escalation that was due meanwhile says no more. */
const CALLS: ReadonlySet<Reason> = new Set(['opened', 'raised', 'escalated'])
/** Longest receipt, in characters. */
const MAX_RECEIPT = 4_096

/** What became of a message. Texts are fit to be shown. */
interface Settled {
  readonly receipt?: string | undefined
  readonly dead?: string | undefined
  readonly refused?: string | undefined
}

/** How messages of one destination end: told, refused for good, or given up. */
export class Settling {
  readonly #options: Pick<OutboxOptions, 'name' | 'store' | 'log' | 'now' | 'onLost'>
  readonly #planning: Planning

  constructor(options: Pick<OutboxOptions, 'name' | 'store' | 'log' | 'now' | 'onLost'>, planning: Planning) {
    this.#options = options
    this.#planning = planning
  }

  /**
   * The destination knows it now, or, if it is `dead` for a reason, will never take it; `refused`: some of several will not. What is next in these
   * conversations.
   */
  settle(message: MessageRow, { receipt, dead, refused }: Settled): readonly Planned[] {
    const { store, name } = this.#options
    const { key, signal, revision, generation, body } = message
    const told = [
      this.#told(message, message.reason, { generation, receipt: this.#kept(receipt) }),
      ...coveredBy(message).map((each) => this.#told(each, message.reason, {})),
    ].flatMap((each) => each ?? [])
    const planned = told.flatMap((each) => {
      const row = store.signal(each.signal)
      return row ? [this.#planning.plan(each, row)] : []
    })
    const losing =
      dead === undefined ? undefined : this.#losing([signal, ...coveredBy(message).map((each) => each.signal)], message.reason, dead)
    const reason = dead ?? refused
    const inPart = dead === undefined ? 1 : 0
    const buried =
      reason === undefined
        ? {}
        : { dead: { key, destination: name, signal, revision, reason, body, at: Date.now(), in_part: inPart } as const }
    store.write({ op: 'settle', key, conversations: planned.map(({ conversation }) => conversation), ...buried })
    losing?.()
    return planned
  }

  /** The conversation in which this was said just now. */
  #told(
    what: Covered,
    reason: Reason,
    news: { readonly generation?: number; readonly receipt?: string | undefined },
  ): Conversation | undefined {
    const { store, now, name } = this.#options
    const { signal, revision, severity, count, status } = what
    const conversation = store.conversation(signal, name)
    // Steps are nothing to who is told every revision.
    const isStep = CALLS.has(reason) || this.#planning.manner.mode === 'every'
    return (
      conversation && {
        ...(isStep ? escalatedBy(conversation, now()) : conversation),
        told_revision: revision,
        told_severity: severity,
        told_count: count,
        told_status: status,
        told_at: now(),
        tellings: conversation.tellings + 1,
        generation: news.generation ?? conversation.generation,
        receipt: news.receipt ?? conversation.receipt,
      }
    )
  }

  /** Nobody will be told of this: there was no room, in these lanes, or there is nothing to make it of. */
  giveUp(
    signals: readonly string[],
    key: string | undefined,
    why: { readonly lanes: readonly Lane[] } | { readonly reason: Reason; readonly detail: string },
  ): void {
    const { store, name } = this.#options
    const losing = 'lanes' in why ? undefined : this.#losing(signals, why.reason, why.detail)
    const shed = 'lanes' in why ? { destination: name, lanes: why.lanes } : undefined
    const conversations = signals.flatMap((signal) => store.conversation(signal, name) ?? []).map((each) => ({ ...each, due: null }))
    store.write(key === undefined ? { op: 'converse', conversations, shed } : { op: 'settle', key, conversations, shed })
    losing?.()
  }

  /** Nobody hears that a notice, or what else is of no signal, was lost. What comes tells others, once who calls it has taken in what became of this. */
  #losing(signals: readonly string[], reason: Reason, why: string): (() => void) | undefined {
    if (reason === 'notice' || reason === 'changed') return undefined
    try {
      const told = this.#options.onLost?.(signals, why)
      return told && (() => queueMicrotask(told))
    } catch (error) {
      this.#options.log.error({ signals, error }, 'others could not be told of signals that were lost')
      return undefined
    }
  }

  #kept(receipt: string | undefined): string | undefined {
    if (receipt === undefined || receipt.length <= MAX_RECEIPT) return receipt
    this.#options.log.error(`a receipt is at most ${MAX_RECEIPT} characters, but one of ${receipt.length} came; it is not kept`)
    return undefined
  }
}
