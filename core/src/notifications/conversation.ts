/**
 * What one destination is owed of one signal: that it knows the newest state. Times are those of the steady clock, ms. A row of the table of the
 * same name.
 */
export interface Conversation {
  readonly signal: string
  readonly destination: string
  /** Name of the notification rule that owns it: the first that held. Null where there are no rules. */
  readonly rule: string | null
  /** The newest revision, and when it came. */
  readonly wanted: number
  readonly changed_at: number
  /** Since when it is to be told; null: only if nobody acknowledges it. */
  readonly opened_at: number | null
  /** What the destination knows; 0 and '': nothing. */
  readonly told_revision: number
  readonly told_severity: number
  readonly told_count: number
  readonly told_status: string
  readonly told_at: number
  /** How often it was told. */
  readonly tellings: number
  /** How often the signal was opened anew after it was archived, from 1, as far as the destination was told. */
  readonly generation: number
  /** What the receiver returned for the last message that it took. */
  readonly receipt: string | null
  /** The last key: its revision, and how many messages there were of that revision. */
  readonly key_revision: number
  readonly key_count: number
  /** When it escalates to this destination, JSON: a list of times that are still to come, or `Steps`. */
  readonly escalations: string
  /** Id of the more severe signal that keeps this one quiet, as long as nobody was told of it; null: none does. */
  readonly kept_by: string | null
  /** Since when it keeps less severe signals quiet of which no message about it has said so; null: none. */
  readonly kept_since: number | null
  /** When it is to be looked at next; null: not until something changes. */
  readonly due: number | null
}

/** When it escalates to a destination; earlier agents stored the times alone. */
interface Steps {
  /** Still to come. Fixed when their rule began. */
  readonly times: readonly number[]
  /** Names of the rules whose steps to there began since the signal opened. */
  readonly begun: readonly string[]
}

/** One about which nothing was said yet. */
export function newConversation(signal: string, destination: string, rule: string | undefined, now: number): Conversation {
  return {
    signal,
    destination,
    rule: rule ?? null,
    wanted: 0,
    changed_at: now,
    opened_at: null,
    told_revision: 0,
    told_severity: 0,
    told_count: 0,
    told_status: '',
    told_at: 0,
    tellings: 0,
    generation: 1,
    receipt: null,
    key_revision: 0,
    key_count: 0,
    escalations: '[]',
    kept_by: null,
    kept_since: null,
    due: null,
  }
}

export const escalationsOf = (conversation: Conversation): readonly number[] => stepsOf(conversation).times
export const begunOf = (conversation: Conversation): readonly string[] => stepsOf(conversation).begun

function stepsOf({ escalations }: Conversation): Steps {
  const stored = JSON.parse(escalations) as readonly number[] | Steps
  return 'begun' in stored ? stored : { times: stored, begun: [] }
}

/** The same, with these times of escalation still to come, and these rules begun. */
export function escalating(conversation: Conversation, times: readonly number[], begun = begunOf(conversation)): Conversation {
  return { ...conversation, escalations: JSON.stringify(begun.length === 0 ? times : ({ times, begun } satisfies Steps)) }
}

/** The same once that was said which the steps until now are for. */
export function escalatedBy(conversation: Conversation, now: number): Conversation {
  return escalating(
    conversation,
    escalationsOf(conversation).filter((at) => at > now),
  )
}

/** The same by a clock that may have gone back since: nothing waits for times that were to come again. What had passed until it was last touched counts. */
export function sinceClock(conversation: Conversation, now: number): Conversation {
  const { changed_at, told_at, opened_at } = conversation
  const back = Math.max(changed_at, told_at, opened_at ?? now) - now
  if (back <= 0) return conversation
  const since = {
    ...conversation,
    changed_at: changed_at - back,
    told_at: told_at - back,
    opened_at: opened_at === null ? null : opened_at - back,
  }
  const times = escalationsOf(conversation).map((at) => at - back)
  return escalating(since, times)
}

/** The key of the next message, and the conversation that remembers it: no two messages have the same. */
export function nextKey(conversation: Conversation, revision: number): { readonly key: string; readonly conversation: Conversation } {
  const { signal, destination, key_revision, key_count } = conversation
  const count = key_revision === revision ? key_count + 1 : 1
  const key = keyText(signal, revision, destination, count)
  return { key, conversation: { ...conversation, key_revision: revision, key_count: count } }
}

/** The key of the last message; undefined: there was none. */
export function lastKeyOf({ signal, destination, key_revision, key_count }: Conversation): string | undefined {
  return key_revision === 0 ? undefined : keyText(signal, key_revision, destination, key_count)
}

const keyText = (signal: string, revision: number, destination: string, count: number): string =>
  `${signal}:${revision}:${destination}${count > 1 ? `:${count}` : ''}`
