import { CwsError, messageOf } from '../../errors/cws-error.ts'
import type { Reason } from '../../messages/letter.ts'
import { type Conversation, escalatedBy, newConversation, nextKey } from '../../notifications/conversation.ts'
import { MAX_IN_DIGEST } from '../../notifications/digest.ts'
import type { Notifier } from '../../plugin/notifier.ts'
import { rankOf } from '../../signals/severity.ts'
import type { Signal } from '../../signals/signal.ts'
import { decodeSignal, encodeSignal } from '../../signals/signal-json.ts'
import { headOf } from '../../signals/signal-line.ts'
import type { Covered, MessageRow, SignalRow } from '../store/store-rows.ts'
import { type Composer, composeMessage, type Draft, LAST_TIER, UNMADE, unmade } from './compose-message.ts'
import { coveredBy } from './covered.ts'
import type { OutboxOptions } from './options.ts'
import type { Planned, Planning } from './planning.ts'
import type { Settling } from './settling.ts'
import { lineOf, stepOf } from './step.ts'

/** A message that so many threads or processes ended with, while it was made, is not made so again. */
const FATAL = 2

export interface Claiming {
  readonly hurries: (reason: Reason) => boolean
  readonly others: () => Iterable<string>
  readonly replaces?: string | undefined
}

/** What became of a conversation that was due: a message, a later time, a message that cannot be made, or its signal is gone. */
export type Claimed =
  | { readonly is: 'message'; readonly message: MessageRow }
  | { readonly is: 'later' | 'dead'; readonly planned: readonly Planned[] }
  | { readonly is: 'gone' }

/** The messages of one destination, as they are made: each is stored before it is sent. What is next is in `Planning`, how they end in `Settling`. */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #planning: Planning
  readonly #settling: Settling
  /** Messages whose template failed when they were first made. */
  templateFailures = 0
  /** Why the last one did, fit to be shown. */
  templateError: string | undefined

  constructor(options: OutboxOptions, planning: Planning, settling: Settling) {
    this.#options = options
    this.#planning = planning
    this.#settling = settling
  }

  /**
   * Makes the message that a conversation asks for now, if it does. `replaces`: one that did not arrive. `hurries`: what is told before its time.
   * `others`: signals that are due as well, for a digest.
   */
  claim(signal: string, { hurries, others, replaces }: Claiming): Claimed {
    const { store, now, name } = this.#options
    const stored = store.conversation(signal, name)
    const row = store.signal(signal)
    if (!stored || !row) return { is: 'gone' }
    const kept = this.#keeps([signal])
    // What it kept quiet may have been told since.
    const conversation = kept === 0 ? { ...stored, kept_since: null } : stored
    const planned = this.#planning.plan(conversation, row)
    const { decision } = planned
    if (!decision || (decision.due > now() && !hurries(decision.reason))) {
      const conversations = [planned.conversation]
      store.write(replaces === undefined ? { op: 'converse', conversations } : { op: 'settle', key: replaces, conversations })
      return { is: 'later', planned: [planned] }
    }
    const { key, conversation: next } = nextKey(conversation, row.revision)
    const draft = { ...draftOf(key, next, row, decision.reason), kept }
    const companions = decision.isHeld && this.#planning.notifier?.render ? this.#companions(conversation, others) : []
    const digest = companions.length > 0 ? [draft.signal, ...companions.map((each) => signalOf(each.row))] : undefined
    const keptBeside = this.#keeps(companions.map(({ row }) => row.id))
    const whole: Draft = digest ? { ...draft, reason: 'digest', digest, kept: kept + keptBeside } : draft
    const covers = digest ? JSON.stringify(companions.map(({ row }) => coveredOf(row))) : null
    // What is next is seen when it has arrived.
    const conversations = [next, ...companions.map((each) => each.conversation)].map((each) => ({
      // A digest says what was held; a step that is due while it is on its way comes after it.
      ...(digest ? escalatedBy(each, this.#options.now()) : each),
      kept_since: null,
      due: null,
    }))
    const claim = { op: 'claim', conversations, ...(replaces === undefined ? {} : { replaces }) } as const
    // Code that ends the thread, or the process, while it makes this is known by it afterwards.
    if (this.#planning.notifier?.render)
      store.write({ ...claim, message: { ...unmade(whole), tier: 0, covers, attempt: 1, state: 'making' } })
    const message = { ...this.#first(whole), covers, attempt: 1, state: 'sending' } as const
    store.write({ ...claim, message })
    if (message.tier === UNMADE) return { is: 'dead', planned: this.#settling.settle(message, { dead: 'no message could be made of it' }) }
    return { is: 'message', message }
  }

  /**
   * Makes the bytes of a revision whose turn it is, or of a message that an earlier thread ended with; undefined: they cannot be made, and it is dead.
   * What two have ended with is made in the plainest form.
   */
  make(step: MessageRow): MessageRow | undefined {
    const { store, name } = this.#options
    const { key, signal: id, revision, covers, created, body: line } = step
    const receipt = store.conversation(id, name)?.receipt ?? null
    const signal = decodeSignal(line)
    const begun = step.state === 'making' ? step.attempt : 0
    if (begun >= FATAL) {
      const reason = `${begun} threads ended while it was made; it was told in the plainest form`
      this.#options.log.error({ key }, reason)
      store.write({
        op: 'settle',
        key,
        conversations: [],
        dead: { key, destination: name, signal: id, revision, reason, body: line, at: Date.now(), in_part: 0 },
      })
    }
    if (this.#planning.notifier?.render)
      store.write({ op: 'claim', message: { ...step, attempt: begun + 1, state: 'making' }, conversations: [] })
    const draft = { ...step, receipt, signal, line, ...this.#digest(step, signal) }
    const composed = this.#first(draft, begun >= FATAL ? LAST_TIER : step.tier)
    if (composed.tier === UNMADE) {
      this.#settling.settle(step, { dead: 'no message could be made of it' })
      return undefined
    }
    const message: MessageRow = { ...composed, covers, created, attempt: 1, state: 'sending' }
    store.write({ op: 'claim', message, conversations: [] })
    return message
  }

  /** All signals of a digest, as they are now, and how many others they keep quiet. */
  #digest(message: MessageRow, signal: Signal): Pick<Draft, 'digest' | 'kept'> {
    const covered = coveredBy(message).map((each) => each.signal)
    const kept = this.#keeps([signal.id, ...covered])
    if (message.covers === null) return { kept }
    const rows = covered.flatMap((each) => this.#options.store.signal(each) ?? [])
    return { digest: [signal, ...rows.map(signalOf)], kept }
  }

  /** How many less severe signals these keep quiet here. Who is told every revision is told of all. */
  #keeps(signals: readonly string[]): number {
    const { store, name } = this.#options
    return this.#planning.manner.mode === 'every' ? 0 : signals.reduce((sum, signal) => sum + store.kept(signal, name), 0)
  }

  /** Refused in one form: a plainer one, under a key of its own. Undefined: there is none. */
  plainer(message: MessageRow): MessageRow | undefined {
    const { store, name } = this.#options
    const line = message.line ?? (this.#planning.notifier?.shorten ? message.body : null)
    if (!(this.#planning.notifier?.render ?? this.#planning.notifier?.shorten) || line === null || message.tier >= LAST_TIER)
      return undefined
    const conversation = store.conversation(message.signal, name)
    if (!conversation) return undefined
    const { key, conversation: next } = nextKey(conversation, message.revision)
    const signal = decodeSignal(line)
    const draft = { ...message, key, receipt: conversation.receipt, signal, line, ...this.#digest(message, signal) }
    const tier = message.tier + 1
    const { covers } = message
    const claim = { op: 'claim', conversations: [next], replaces: message.key } as const
    store.write({ ...claim, message: { ...unmade(draft), tier, covers, attempt: 1, state: 'making' } })
    const composed = { ...this.#compose(draft, tier).message, covers }
    if (composed.tier === UNMADE) {
      store.write({ op: 'settle', key, conversations: [] })
      return undefined
    }
    store.write({ ...claim, message: composed })
    return composed
  }

  /** A step that tells a signal once more, as it is now, under a key of its own; undefined: nobody there was told of it, or it has left the store. */
  replay(signal: string): MessageRow | undefined {
    const { store, name } = this.#options
    const conversation = store.conversation(signal, name)
    const row = store.signal(signal)
    if (!conversation || !row) return undefined
    const { key, conversation: next } = nextKey(conversation, row.revision)
    const step: MessageRow = { ...stepOf(key, conversation, row, row.body), reason: 'replayed' }
    store.write({ op: 'claim', message: step, conversations: [next] })
    return step
  }

  /** Stores a signal of the agent's own, and a step that tells of it. `shedTold`: it tells what was given up of that destination. */
  notice(signal: Signal, shedTold?: string): MessageRow {
    const { store, name, now } = this.#options
    const key = `${signal.id}:${signal.revision}:${name}`
    const head = headOf(signal)
    const body = encodeSignal(signal)
    // Owed by no rule; that it was told is known, so that it can be told that somebody archived it.
    const { conversation } = nextKey({ ...newConversation(signal.id, name, undefined, now()), wanted: head.revision }, head.revision)
    const step: MessageRow = { ...stepOf(key, conversation, head, body), reason: 'notice' }
    store.write({ op: 'signal', signal: { ...head, body }, conversations: [conversation], steps: [step], shedTold })
    return step
  }

  /** A step that tells that something else is at work. The caller stores it; the signal in it is no signal of the store. */
  changeStep(signal: Signal): MessageRow {
    const { name, now } = this.#options
    const key = `${signal.id}:${signal.revision}:${name}`
    const conversation = newConversation(signal.id, name, undefined, now())
    return { ...stepOf(key, conversation, headOf(signal), encodeSignal(signal)), reason: 'changed' }
  }

  /** The message of a signal that nobody is owed. Nothing of it is stored. */
  sample(signal: Signal, rule: string | null): MessageRow {
    const key = `${signal.id}:${signal.revision}:${this.#options.name}`
    const about = { key, destination: this.#options.name, reason: 'test', rule, receipt: null, generation: 1 } as const
    return this.#compose({ ...about, signal, severity: rankOf(signal.severity), line: encodeSignal(signal), kept: 0 }).message
  }

  /** What else the same rule held through the same quiet hours. */
  #companions({ signal, rule }: Conversation, others: () => Iterable<string>): { conversation: Conversation; row: SignalRow }[] {
    const { store, name, now } = this.#options
    const found: { conversation: Conversation; row: SignalRow }[] = []
    for (const other of others()) {
      if (other === signal) continue
      if (found.length >= MAX_IN_DIGEST - 1) break
      const conversation = store.conversation(other, name)
      const row = conversation?.rule === rule ? store.signal(other) : undefined
      if (!conversation || !row) continue
      const { decision } = this.#planning.plan(conversation, row)
      if (decision?.isHeld && decision.due <= now()) found.push({ conversation, row })
    }
    return found
  }

  /** Plainer forms of a message that was made are not counted again, nor what nobody is owed. */
  #first(draft: Draft, tier = 0): MessageRow {
    const { message, templateError } = this.#compose(draft, tier)
    if (templateError !== undefined) {
      this.templateFailures++
      this.templateError = templateError
    }
    return message
  }

  #compose(draft: Draft, tier = 0): { readonly message: MessageRow; readonly templateError: string | undefined } {
    const { template, log, clean, within } = this.#options
    let templateError: string | undefined
    const onFault: Composer['onFault'] = (what, error) => {
      const code = error instanceof CwsError ? error.code : 'CWS_ERR_PLUGIN_FAULT'
      const why = clean(messageOf(error))
      if (what === 'its template') templateError = why
      log.error({ code, key: draft.key }, `a message could not be made (${what}): ${why}`)
    }
    const message = composeMessage(draft, tier, {
      notifier: this.#planning.notifier as Notifier,
      template: template(draft.rule),
      within,
      onFault,
    })
    return { message, templateError }
  }
}

function coveredOf({ id: signal, revision, severity, count, status }: SignalRow): Covered {
  return { signal, revision, severity, count, status }
}

const signalOf = (row: SignalRow): Signal => decodeSignal(lineOf(row, row.body))

function draftOf(key: string, conversation: Conversation, row: SignalRow, reason: Reason): Omit<Draft, 'kept'> {
  const { destination, rule, receipt, generation, told_status } = conversation
  const isOpenedAnew = row.status === 'open' && told_status === 'archived'
  const line = lineOf(row, row.body)
  const signal = decodeSignal(line)
  return { key, destination, reason, rule, receipt, generation: generation + (isOpenedAnew ? 1 : 0), signal, severity: row.severity, line }
}
