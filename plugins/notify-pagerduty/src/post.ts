import { beginningOf, type Outcome, outcomeOfError } from '@cws/core'
import { type Dispatcher, request } from 'undici'
import { outcomeOf } from './answer.ts'
import type { PagerDutyOptions } from './options.ts'

/** Posts one event. `event` is its JSON without the routing key: those very bytes leave, with the key in front. */
export async function post(
  url: string,
  options: Pick<PagerDutyOptions, 'timeout'>,
  dispatcher: Dispatcher,
  routingKey: string,
  event: string,
  stop: AbortSignal,
): Promise<Outcome> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(options.timeout)])
  const body = `{"routing_key":${JSON.stringify(routingKey)},${event.slice(1)}`
  const headers = { 'user-agent': 'cws', 'content-type': 'application/json; charset=utf-8' }
  try {
    const answer = await request(url, { method: 'POST', dispatcher, headers, body, signal })
    // Whoever answers may quote what was sent, and what is cut in its middle cannot be masked later.
    const text = (await beginningOf(answer.body)).replaceAll(routingKey, '[routing key]')
    const retryAfter = answer.headers['retry-after']
    return outcomeOf(answer.statusCode, text, typeof retryAfter === 'string' ? retryAfter : undefined)
  } catch (error) {
    return outcomeOfError(error, signal.aborted)
  }
}
