import { type Conversation, escalationsOf, nextKey } from '../../notifications/conversation.ts'
import { type Decision, decide } from '../../notifications/decide.ts'
import type { Terms } from '../../notifications/terms.ts'
import type { Manner } from '../../plugin/manner.ts'
import type { Notifier } from '../../plugin/notifier.ts'
import type { SignalHead } from '../../signals/signal-line.ts'
import type { MessageRow, SignalRow } from '../store/store-rows.ts'
import type { OutboxOptions } from './options.ts'
import { stepOf } from './step.ts'

/** A conversation with what is next in it, and the revision that waits for its turn where each is told. */
export interface Planned {
  readonly conversation: Conversation
  readonly decision: Decision | undefined
  readonly head: SignalHead
  readonly step: MessageRow | undefined
}

/** What is next in the conversations of one destination, by how it is told. */
export class Planning {
  readonly #options: Pick<OutboxOptions, 'name' | 'store' | 'now' | 'terms' | 'hold'>
  manner: Manner
  notifier: Notifier | undefined

  constructor(options: Pick<OutboxOptions, 'name' | 'store' | 'now' | 'terms' | 'hold'>, manner: Manner) {
    this.#options = options
    this.manner = manner
  }

  /**
   * What is next in a conversation about a signal that is, or has become, so. `line`: of what is new, which is a step of its own where every revision
   * is told. The caller stores what comes.
   */
  plan(conversation: Conversation, head: SignalHead, line?: string): Planned {
    if (this.manner.mode === 'every') {
      if (isYetToEscalate(conversation)) {
        // Neither quiet hours nor mutes are for who is told every revision.
        const decision = decide(conversation, head, {}, this.#options.now(), Date.now())
        return { conversation: { ...conversation, due: decision?.due ?? null }, decision, head, step: undefined }
      }
      const { key, conversation: next } = nextKey(conversation, head.revision)
      if (line === undefined) return { conversation: { ...conversation, due: null }, decision: undefined, head, step: undefined }
      return { conversation: { ...next, due: null }, decision: undefined, head, step: stepOf(key, conversation, head, line) }
    }
    const decided = decide(conversation, head, this.#terms(conversation), this.#options.now(), Date.now())
    const decision = decided && (this.#options.hold?.(decided, head) ?? decided)
    return { conversation: { ...conversation, due: decision?.due ?? null }, decision, head, step: undefined }
  }

  /** Whether something newer takes the place of a message of which nothing has arrived. Of a notice there is nothing newer: whoever archives it does not take it back. */
  isOvertaken(message: MessageRow): boolean {
    const { store, name } = this.#options
    if (message.reason === 'notice') return false
    if (this.manner.mode !== 'latest' || message.covers !== null) return false
    const row = store.signal(message.signal)
    const conversation = store.conversation(message.signal, name)
    if (!row || !conversation) return false
    if (row.revision !== message.revision || row.status !== message.status) return true
    return (message.reason === 'updated' || message.reason === 'repeat') && this.#escalatesNow(conversation, row)
  }

  #escalatesNow(conversation: Conversation, row: SignalRow): boolean {
    const { decision } = this.plan(conversation, row)
    return decision?.reason === 'escalated' && decision.due <= this.#options.now()
  }

  /** When a step of its escalation comes next, ms by the steady clock: whatever is told of it is then as urgent. Who is told every revision is told each at once. */
  nextStep(conversation: Conversation, { status }: Pick<SignalHead, 'status'>): number | undefined {
    return status === 'open' && this.manner.mode === 'latest' ? escalationsOf(conversation)[0] : undefined
  }

  #terms({ rule }: Conversation): Terms {
    // One that is not set up yet may say it: that is seen when the message is made.
    const saysKept = this.notifier === undefined || this.notifier.render !== undefined
    return { ...this.#options.terms(rule), interrupts: this.manner.interrupts, saysKept }
  }
}

/** No rule wants it told there, and no word was made of it yet. */
function isYetToEscalate({ opened_at, key_revision, told_revision }: Conversation): boolean {
  return opened_at === null && key_revision === 0 && told_revision === 0
}
