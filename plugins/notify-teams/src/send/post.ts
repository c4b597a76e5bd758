import { beginningOf, type Outcome, outcomeOfError } from '@cws/core'
import { type Dispatcher, request } from 'undici'
import { outcomeOf } from './answer.ts'

/** Shorter parts of a URL are words, not secrets. */
const SHORTEST = 8

/** Posts a message. `key` goes with it as `webhook-id`, for flows that look. */
export async function post(url: string, dispatcher: Dispatcher, key: string, body: string, stop: AbortSignal): Promise<Outcome> {
  const headers = { 'user-agent': 'cws', 'content-type': 'application/json; charset=utf-8', 'webhook-id': key }
  try {
    const answer = await request(url, { method: 'POST', dispatcher, headers, body, signal: stop })
    const text = concealed(await beginningOf(answer.body), url)
    const retryAfter = answer.headers['retry-after']
    return outcomeOf(answer.statusCode, text, typeof retryAfter === 'string' ? retryAfter : undefined)
  } catch (error) {
    return outcomeOfError(error, stop.aborted)
  }
}

/** Whoever answers may quote the URL that is secret, or a part of it; what is cut in its middle cannot be found later. */
function concealed(text: string, url: string): string {
  const { pathname, search, searchParams } = new URL(url)
  const parts = [search.slice(1), ...searchParams.values(), ...pathname.split('/')]
    .flatMap((part) => [part, encodeURIComponent(part)])
    .filter((part) => part.length >= SHORTEST)
    .sort((a, b) => b.length - a.length)
  return parts.reduce((rest, part) => rest.replaceAll(part, '(secret)'), text)
}
