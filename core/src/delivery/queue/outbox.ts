import { CwsError, messageOf } from '../../errors/cws-error.ts'
import type { Reason } from '../../messages/letter.ts'
import type { Template } from '../../messages/template.ts'
import { type Conversation, escalatedBy, escalationsOf, newConversation, nextKey } from '../../notifications/conversation.ts'
import { type Decision, decide } from '../../notifications/decide.ts'
import { MAX_IN_DIGEST } from '../../notifications/digest.ts'
import type { Lane } from '../../notifications/lanes.ts'
import type { Terms } from '../../notifications/terms.ts'
import type { Manner } from '../../plugin/manner.ts'
import type { Notifier } from '../../plugin/notifier.ts'
import { rankOf } from '../../signals/severity.ts'
import type { Signal } from '../../signals/signal.ts'
import { decodeSignal, encodeSignal } from '../../signals/signal-json.ts'
import { headOf, type SignalHead } from '../../signals/signal-line.ts'
import type { DeliveryLog } from '../log.ts'
import type { SignalStore } from '../store/store.ts'
import type { Covered, MessageRow, SignalRow } from '../store/store-rows.ts'
import { type Composer, composeMessage, type Draft, LAST_TIER, UNMADE, unmade } from './compose-message.ts'
import { coveredBy } from './covered.ts'

/** A message that so many threads or processes ended with, while it was made, is not made so again. */
const FATAL = 2
/** Whoever is told so is called: a step of an escalation that was due meanwhile says no more. */
const CALLS: ReadonlySet<Reason> = new Set(['opened', 'raised', 'escalated'])
/** Longest receipt, in characters. */
const MAX_RECEIPT = 4_096

export interface OutboxOptions {
  readonly name: string
  readonly store: SignalStore
  readonly log: DeliveryLog
  /** Makes text of others fit to be logged and shown. */
  readonly clean: (text: string) => string
  /** The steady clock. */
  readonly now: () => number
  /** What a rule of this name says; of none where there are no rules. */
  readonly terms: (rule: string | null) => Terms
  /** Puts off what is not to be told yet. */
  readonly hold?: ((decision: Decision, head: SignalHead) => Decision) | undefined
  /** What makes the message of a signal under a rule. */
  readonly template: (rule: string | null) => Pick<Template, 'render'>
  /** Hears, before that is stored, of signals that will never be told; what it returns is called afterwards. */
  readonly onLost?: ((signals: readonly string[], why: string) => () => void) | undefined
  /** Runs code of the notifier, so that it is known whose code runs. */
  readonly within: Composer['within']
}

/** A conversation with what is next in it, and the revision that waits for its turn where each is told. */
export interface Planned {
  readonly conversation: Conversation
  readonly decision: Decision | undefined
  readonly head: SignalHead
  readonly step: MessageRow | undefined
}

export interface Claiming {
  readonly hurries: (reason: Reason) => boolean
  readonly others: () => Iterable<string>
  readonly replaces?: string | undefined
}

/** What became of a message. Texts are fit to be shown. */
interface Settled {
  readonly receipt?: string | undefined
  readonly dead?: string | undefined
  readonly refused?: string | undefined
}

/** What became of a conversation that was due: a message, a later time, a message that cannot be made, or its signal is gone. */
export type Claimed =
  | { readonly is: 'message'; readonly message: MessageRow }
  | { readonly is: 'later' | 'dead'; readonly planned: readonly Planned[] }
  | { readonly is: 'gone' }

/** The conversations and messages of one destination, as they go from one state to the next: each step is stored before it is taken. */
export class Outbox {
  readonly #options: OutboxOptions
  manner: Manner
  notifier: Notifier | undefined
  /** Messages whose template failed when they were first made. */
  templateFailures = 0
  /** Why the last one did, fit to be shown. */
  templateError: string | undefined

  constructor(options: OutboxOptions, manner: Manner) {
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
      return { conversation: { ...next, due: null }, decision: undefined, head, step: this.#step(key, conversation, head, line) }
    }
    const decided = decide(conversation, head, this.#terms(conversation), this.#options.now(), Date.now())
    const decision = decided && (this.#options.hold?.(decided, head) ?? decided)
    return { conversation: { ...conversation, due: decision?.due ?? null }, decision, head, step: undefined }
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
    const planned = this.plan(conversation, row)
    const { decision } = planned
    if (!decision || (decision.due > now() && !hurries(decision.reason))) {
      const conversations = [planned.conversation]
      store.write(replaces === undefined ? { op: 'converse', conversations } : { op: 'settle', key: replaces, conversations })
      return { is: 'later', planned: [planned] }
    }
    const { key, conversation: next } = nextKey(conversation, row.revision)
    const draft = { ...draftOf(key, next, row, decision.reason), kept }
    const companions = decision.isHeld && this.notifier?.render ? this.#companions(conversation, others) : []
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
    if (this.notifier?.render) store.write({ ...claim, message: { ...unmade(whole), tier: 0, covers, attempt: 1, state: 'making' } })
    const message = { ...this.#first(whole), covers, attempt: 1, state: 'sending' } as const
    store.write({ ...claim, message })
    if (message.tier === UNMADE) return { is: 'dead', planned: this.settle(message, { dead: 'no message could be made of it' }) }
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
    if (this.notifier?.render) store.write({ op: 'claim', message: { ...step, attempt: begun + 1, state: 'making' }, conversations: [] })
    const draft = { ...step, receipt, signal, line, ...this.#digest(step, signal) }
    const composed = this.#first(draft, begun >= FATAL ? LAST_TIER : step.tier)
    if (composed.tier === UNMADE) {
      this.settle(step, { dead: 'no message could be made of it' })
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
    return this.manner.mode === 'every' ? 0 : signals.reduce((sum, signal) => sum + store.kept(signal, name), 0)
  }

  /** Refused in one form: a plainer one, under a key of its own. Undefined: there is none. */
  plainer(message: MessageRow): MessageRow | undefined {
    const { store, name } = this.#options
    const line = message.line ?? (this.notifier?.shorten ? message.body : null)
    if (!(this.notifier?.render ?? this.notifier?.shorten) || line === null || message.tier >= LAST_TIER) return undefined
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
    const step: MessageRow = { ...this.#step(key, conversation, row, row.body), reason: 'replayed' }
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
    const step: MessageRow = { ...this.#step(key, conversation, head, body), reason: 'notice' }
    store.write({ op: 'signal', signal: { ...head, body }, conversations: [conversation], steps: [step], shedTold })
    return step
  }

  /** A step that tells that something else is at work. The caller stores it; the signal in it is no signal of the store. */
  changeStep(signal: Signal): MessageRow {
    const { name, now } = this.#options
    const key = `${signal.id}:${signal.revision}:${name}`
    const conversation = newConversation(signal.id, name, undefined, now())
    return { ...this.#step(key, conversation, headOf(signal), encodeSignal(signal)), reason: 'changed' }
  }

  /** The message of a signal that nobody is owed. Nothing of it is stored. */
  sample(signal: Signal, rule: string | null): MessageRow {
    const key = `${signal.id}:${signal.revision}:${this.#options.name}`
    const about = { key, destination: this.#options.name, reason: 'test', rule, receipt: null, generation: 1 } as const
    return this.#compose({ ...about, signal, severity: rankOf(signal.severity), line: encodeSignal(signal), kept: 0 }).message
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
      return row ? [this.plan(each, row)] : []
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
    const isStep = CALLS.has(reason) || this.manner.mode === 'every'
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
      const { decision } = this.plan(conversation, row)
      if (decision?.isHeld && decision.due <= now()) found.push({ conversation, row })
    }
    return found
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

  #terms({ rule }: Conversation): Terms {
    // One that is not set up yet may say it: that is seen when the message is made.
    const saysKept = this.notifier === undefined || this.notifier.render !== undefined
    return { ...this.#options.terms(rule), interrupts: this.manner.interrupts, saysKept }
  }

  /** A revision, or what people said of one, that waits for its turn. */
  #step(key: string, { told_revision, told_severity, rule, generation }: Conversation, head: SignalHead, line: string): MessageRow {
    const { id: signal, revision, severity, count, status } = head
    const grown = told_revision > 0 && severity > told_severity ? 'raised' : 'updated'
    const reason = status === 'acknowledged' || status === 'archived' ? status : revision === 1 ? 'opened' : grown
    const about = { key, destination: this.#options.name, signal, revision, severity, count, status, reason, rule, generation } as const
    const untried = { attempt: 0, not_before: 0, backoff: 0, state: 'waiting', last_error: null, covers: null } as const
    return { ...about, tier: 0, body: lineOf(head, line), line: null, created: Date.now(), ...untried }
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
    const message = composeMessage(draft, tier, { notifier: this.notifier as Notifier, template: template(draft.rule), within, onFault })
    return { message, templateError }
  }

  #kept(receipt: string | undefined): string | undefined {
    if (receipt === undefined || receipt.length <= MAX_RECEIPT) return receipt
    this.#options.log.error(`a receipt is at most ${MAX_RECEIPT} characters, but one of ${receipt.length} came; it is not kept`)
    return undefined
  }
}

/** No rule wants it told there, and no word was made of it yet. */
function isYetToEscalate({ opened_at, key_revision, told_revision }: Conversation): boolean {
  return opened_at === null && key_revision === 0 && told_revision === 0
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

/** The line as it was told, with the status that people gave the signal since. One that cannot be read is left so: whoever makes a message of it says that. */
function lineOf({ status }: SignalHead, line: string): string {
  if (status === 'open') return line
  try {
    return encodeSignal({ ...decodeSignal(line), status: status as Signal['status'] })
  } catch {
    return line
  }
}
