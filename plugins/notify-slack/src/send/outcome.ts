import { type Outcome, outcomeOfAnswer, printable, retryAfter } from '@cws/core'
import type { Answer } from './exchange.ts'

export type Failure = Exclude<Outcome, { readonly result: 'delivered' }>

/** Slack's own words for what is wrong with a destination (docs.slack.dev: chat.postMessage, incoming webhooks). */
const DESTINATION =
  /^(?:invalid_auth|not_authed|token_revoked|token_expired|account_inactive|missing_scope|not_allowed_token_type|not_in_channel|channel_not_found|user_not_found|is_archived|channel_is_archived|no_service|no_team|invalid_token|action_prohibited|restricted_action\w*|ekm_access_denied|no_permission|access_denied|two_factor_setup_required|team_access_not_granted)$/
/** What passes. */
const TRANSIENT =
  /^(?:ratelimited|rate_limited|message_limit_exceeded|service_unavailable|request_timeout|team_added_to_org|org_login_required|update_failed|external_channel_migrating|rollup_error)$/
/** What Slack says may have succeeded in part. */
const UNCERTAIN = /^(?:internal_error|fatal_error)$/
/** What is to be done where Slack's word alone does not say it. */
const ADVICE: Readonly<Record<string, string>> = {
  not_in_channel: 'invite the bot: /invite @its-name',
  channel_not_found: 'there is none of that name, or it is private and the bot was not invited',
  missing_scope: 'give the app the scope chat:write and install it again',
  no_service: 'the webhook was removed; make another',
}
/** The message that was to be changed is not there, or another's. */
const GONE = /^(?:cant_update_message|message_not_found|is_inactive|channel_not_found)$/

/** How the Web API answered. `unchangeable`: the message that was to be changed is `gone`, or there but too old to be changed (`closed`). */
export type ApiAnswer =
  | { readonly ok: true; readonly channel: string; readonly ts: string }
  | { readonly ok: false; readonly unchangeable: 'gone' | 'closed' | undefined; readonly failure: Failure }

interface ApiBody {
  readonly ok?: unknown
  readonly error?: unknown
  readonly channel?: unknown
  readonly ts?: unknown
  readonly response_metadata?: { readonly messages?: unknown }
}

/** Judges an answer by its shape: nothing but Slack's own "ok" is success. */
export function judgeApi(answer: Answer, now = Date.now()): ApiAnswer {
  const { status, text, whole } = answer
  const failed = (failure: Failure, unchangeable?: 'gone' | 'closed'): ApiAnswer => ({ ok: false, unchangeable, failure })
  const body = status === 200 || status === 429 ? asJson(text) : undefined
  if (body?.ok === true && typeof body.channel === 'string' && typeof body.ts === 'string')
    return { ok: true, channel: body.channel, ts: body.ts }
  if (body?.ok === false && typeof body.error === 'string') {
    const said = Array.isArray(body.response_metadata?.messages) ? `: ${body.response_metadata.messages.join('; ')}` : ''
    const failure = failureOf(body.error, `Slack says ${body.error}${said}`, answer, now)
    return failed(failure, body.error === 'edit_window_closed' ? 'closed' : GONE.test(body.error) ? 'gone' : undefined)
  }
  if (status !== 200) return failed(byStatus(answer, now))
  if (!whole) return failed({ result: 'ambiguous', detail: 'the answer broke off' })
  return failed(notSlack(text))
}

/** The same of an incoming webhook, which answers in plain text. */
export function judgeWebhook(answer: Answer, now = Date.now()): Outcome {
  const { status, text, whole } = answer
  const word = text.trim()
  if (status === 200) {
    if (word === 'ok') return { result: 'delivered' }
    return whole ? notSlack(text) : { result: 'ambiguous', detail: 'the answer broke off' }
  }
  if (/^[a-z_]{3,60}$/.test(word)) return failureOf(word, `HTTP ${status}: Slack says ${word}`, answer, now)
  return byStatus(answer, now)
}

function failureOf(word: string, said: string, answer: Answer, now: number): Failure {
  const advice = Object.hasOwn(ADVICE, word) ? ` (${ADVICE[word]})` : ''
  const detail = shown(said + advice)
  if (DESTINATION.test(word)) return { result: 'broken', detail }
  if (UNCERTAIN.test(word)) return { result: 'ambiguous', detail }
  if (TRANSIENT.test(word)) return { result: 'retry', detail, ...later(answer, now) }
  // The API says all with 200. Of the message, or a word we do not know: a plainer form of the message may be taken.
  return answer.status === 200 ? { result: 'reject', detail } : { ...byStatus(answer, now), detail }
}

function byStatus({ status, text, retryAfter: header }: Answer, now: number): Failure {
  const outcome = outcomeOfAnswer(status, shown(text), header, now)
  return outcome.result === 'delivered' ? notSlack(text) : { ...outcome, detail: outcome.detail.slice(0, SHOWN) }
}

function later(answer: Answer, now: number): { retryAfterMs?: number } {
  const wait = retryAfter(answer.retryAfter, now)
  return wait === undefined ? {} : { retryAfterMs: wait }
}

/** Success in HTTP, but not in Slack's words: of a page to log in, a proxy, another service. */
function notSlack(text: string): Failure {
  return { result: 'broken', detail: shown(`not an answer of Slack: ${text}`) }
}

function asJson(text: string): ApiBody | undefined {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? body : undefined
  } catch {
    return undefined
  }
}

/** More than is shown of it: where core cuts, it masks what it cuts in two. */
const SHOWN = 1_000
const LOOKED_AT = 4 * SHOWN

/** Text of others as it may stand in a log: one short line without addresses and tokens. */
function shown(text: string): string {
  const line = text
    .slice(0, LOOKED_AT)
    .replace(/\s+/g, ' ')
    .replace(/\S*:\/\/\S*/g, '(address)')
    .replace(/xox[a-z]-\S*/gi, '(secret)')
  return printable(line).slice(0, SHOWN)
}
