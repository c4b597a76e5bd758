import type { Outcome } from '../plugin/notifier.ts'
import { retryAfter } from './retry-after.ts'

/** The receiver cannot take this message, whenever it is sent. */
const MESSAGE_REFUSED: ReadonlySet<number> = new Set([400, 413, 414, 415, 422])
const TRY_AGAIN: ReadonlySet<number> = new Set([408, 425, 429])

/** How nginx says that the caller has to prove who he is, and did not: no fault of the message. */
const CERTIFICATE_WANTED = /^<html>\s*<head><title>400 (No required SSL certificate was sent|The SSL certificate error)</

/** Errors before a byte of the request has left. */
const NOT_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])
/** The name does not exist or leads where it must not, or whoever answers is not who the certificate should say. */
const WRONG_PLACE =
  /^(ENOTFOUND|FORBIDDEN_ADDRESS|CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|UNABLE_TO_|EPROTO$|HOSTNAME_MISMATCH)/

/**
 * What an HTTP answer means to a notifier; `text` is the beginning of its body. Anything that is neither success nor the message's own fault
 * keeps the delivery. All of the text is in the details, for core masks secrets in them before it cuts them: half a secret would not be found.
 */
export function outcomeOfAnswer(status: number, text: string, retryAfterHeader: string | undefined, now = Date.now()): Outcome {
  const wait = retryAfter(retryAfterHeader, now)
  // Said with the failure: who reads the log is to know why nobody waits as long as was asked.
  const isIgnored = retryAfterHeader !== undefined && wait === undefined
  const why = status === 410 ? ' (disabled by its receiver)' : isIgnored ? ' (its Retry-After is no time to come, and ignored)' : ''
  const detail = `HTTP ${status}${why}${text === '' ? '' : `: ${text}`}`
  if (status >= 200 && status < 300) return { result: 'delivered', detail }
  if (status >= 300 && status < 400) return { result: 'broken', detail: `HTTP ${status}: redirects are not followed` }
  if (status === 400 && CERTIFICATE_WANTED.test(text))
    return { result: 'broken', detail: 'HTTP 400: the receiver wants a client certificate that it trusts' }
  if (MESSAGE_REFUSED.has(status)) return { result: 'reject', detail }
  if (status === 410) return { result: 'broken', detail }
  const later = wait === undefined ? {} : { retryAfterMs: wait }
  if (TRY_AGAIN.has(status) || status >= 500) return { result: 'retry', detail, ...later }
  return { result: 'broken', detail, ...later }
}

/** What an HTTP exchange without an answer means; `aborted`: its deadline ended it. Details name the error, never the address: it may hold a secret. */
export function outcomeOfError(error: unknown, aborted: boolean): Outcome {
  const code = codeOf(error)
  if (code !== undefined && NOT_SENT.has(code)) return { result: 'retry', detail: `no connection (${code})` }
  if (code !== undefined && WRONG_PLACE.test(code)) return { result: 'broken', detail: `cannot connect safely (${code})` }
  // The proxy refused the tunnel: nothing has left for the receiver.
  if (error instanceof Error && error.message.startsWith('Proxy response')) return { result: 'retry', detail: error.message }
  if (aborted) return { result: 'ambiguous', detail: 'no answer in time' }
  return { result: 'ambiguous', detail: `the exchange broke off (${code ?? (error instanceof Error ? error.name : 'unknown error')})` }
}

/** The code of the innermost error that has one: undici wraps those of the socket. */
function codeOf(error: unknown): string | undefined {
  let code: string | undefined
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const own = (inner as NodeJS.ErrnoException).code
    if (typeof own === 'string') code = own
    if (inner instanceof AggregateError && inner.errors.length > 0) code = codeOf(inner.errors[0]) ?? code
  }
  return code
}
