import type { Outcome } from '@cws/core'
import type { ExchangeError, Refusal } from './exchange.ts'
import { greylistWait, isAboutUs, isPermanent, isTemporary, type Reply, readReply } from './reply.ts'

/** The name does not exist, or whoever answers is not who the certificate should say. */
const WRONG_PLACE =
  /^(ENOTFOUND|ENODATA|CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|UNABLE_TO_|EPROTO$|HOSTNAME_MISMATCH)/
/** Sizes: RFC 5321 §4.2.2 and RFC 3463 §3.4. */
const TOO_BIG = /^5\.[23]\.[34]$/

/** What an exchange means that ended with no answer for the recipients, or with one that refuses the mail. Details name the error, never an address. */
export function outcomeOfError({ stage, cause }: ExchangeError, aborted: boolean): Outcome {
  const { code, originalCode, response } = (cause ?? {}) as { code?: string; originalCode?: string; response?: string }
  const reply = response === undefined ? undefined : readReply(response)
  if (reply && (isTemporary(reply) || isPermanent(reply))) return outcomeOfRefusal(stage, (cause as { command?: string }).command, reply)
  const why = aborted ? 'no answer in time' : (originalCode ?? code ?? 'unknown error')
  if (stage === 'sent') return { result: 'ambiguous', detail: aborted ? why : `the exchange broke off before the answer (${why})` }
  if (aborted) return { result: 'retry', detail: why }
  if (WRONG_PLACE.test(why)) return { result: 'broken', detail: `cannot connect safely (${why})` }
  if (stage === 'login' && (code === undefined || code === 'EAUTH'))
    return { result: 'broken', detail: 'the server offers no login that could be used' }
  // Nodemailer compares the size with the limit that the server tells at its greeting.
  if (code === 'EMESSAGE') return { result: 'reject', detail: 'larger than the server says it takes' }
  return { result: 'retry', detail: stage === 'connect' ? `no connection (${why})` : `the exchange broke off before the mail (${why})` }
}

function outcomeOfRefusal(stage: ExchangeError['stage'], command: string | undefined, reply: Reply): Outcome {
  // What stands in the answer to a login may repeat what we sent.
  const detail = stage === 'login' ? `login: SMTP ${reply.code}${reply.enhanced ? ` ${reply.enhanced}` : ''}` : `SMTP ${reply.shown}`
  if (isTemporary(reply)) return later(detail, reply)
  if (stage === 'sent') return { result: 'reject', detail }
  if (stage !== 'mail') return { result: 'broken', detail }
  const aboutThis = command === 'DATA' ? !isAboutUs(reply) : reply.code === 552 || TOO_BIG.test(reply.enhanced ?? '')
  return { result: aboutThis ? 'reject' : 'broken', detail }
}

/** What it means that nobody was accepted. */
export function outcomeOfRefusals(refused: readonly Refusal[]): Outcome {
  const replies = refused.map(({ reply }) => readReply(reply))
  const temporary = replies.find((reply) => reply !== undefined && isTemporary(reply))
  const detail = refusalsShown(refused)
  if (temporary) return later(detail, temporary)
  if (replies.some((reply) => reply === undefined || !isPermanent(reply))) return { result: 'retry', detail }
  return { result: replies.some((reply) => isAboutUs(reply as Reply)) ? 'broken' : 'reject', detail }
}

/** Whether somebody was put off only for a while. */
export function isPutOff({ reply }: Refusal): boolean {
  const read = readReply(reply)
  return read === undefined || !isPermanent(read)
}

/** Milliseconds for which somebody is put off by a server that says so. */
export function waitNamedBy({ reply }: Refusal): number | undefined {
  const read = readReply(reply)
  return read && greylistWait(read)
}

/** Who was refused, and what the server said; of many the first few. */
export function refusalsShown(refused: readonly Refusal[]): string {
  const shown = refused.slice(0, 3).map(({ recipient, reply }) => `${recipient}: SMTP ${readReply(reply)?.shown ?? 'answer that is none'}`)
  return [...shown, ...(refused.length > 3 ? [`and ${refused.length - 3} more`] : [])].join('; ')
}

function later(detail: string, reply: Reply): Outcome {
  const wait = greylistWait(reply)
  return { result: 'retry', detail, ...(wait === undefined ? {} : { retryAfterMs: wait }) }
}
