import { readFileSync } from 'node:fs'
import { beginningOf, type NotifierContext, type Outcome, outcomeOfError, safeLookup } from '@cws/core'
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici'
import { outcomeOf } from './answer.ts'
import { endpointOf, type PagerDutyOptions } from './options.ts'

const CONNECTIONS = 2
const MAX_ANSWER_HEADERS = 16 * 1024

/** Posts one event. `event` is its JSON without the routing key: those very bytes leave, with the key in front. */
export async function post(
  options: PagerDutyOptions,
  dispatcher: Dispatcher,
  routingKey: string,
  event: string,
  stop: AbortSignal,
): Promise<Outcome> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(options.timeout)])
  const body = `{"routing_key":${JSON.stringify(routingKey)},${event.slice(1)}`
  const headers = { 'user-agent': 'cws', 'content-type': 'application/json; charset=utf-8' }
  try {
    const answer = await request(endpointOf(options), { method: 'POST', dispatcher, headers, body, signal })
    // Whoever answers may quote what was sent, and what is cut in its middle cannot be masked later.
    const text = (await beginningOf(answer.body)).replaceAll(routingKey, '[routing key]')
    const retryAfter = answer.headers['retry-after']
    return outcomeOf(answer.statusCode, text, typeof retryAfter === 'string' ? retryAfter : undefined)
  } catch (error) {
    return outcomeOfError(error, signal.aborted)
  }
}

/** Connections of this destination alone, so that it cannot hold up another. */
export function dispatcherFor(ctx: NotifierContext<PagerDutyOptions>): Dispatcher {
  const { ca, proxy, timeout } = ctx.options
  const tls = ca === undefined ? {} : { ca: readFileSync(ca, 'utf8') }
  const limits = {
    connections: CONNECTIONS,
    pipelining: 1,
    headersTimeout: timeout,
    bodyTimeout: timeout,
    maxHeaderSize: MAX_ANSWER_HEADERS,
    connect: { ...tls, timeout, lookup: safeLookup() },
  }
  if (proxy === undefined) return new Agent(limits)
  const uri = typeof proxy === 'string' ? proxy : ctx.secret(proxy)
  return new ProxyAgent({ ...limits, uri, requestTls: { ...tls, timeout }, proxyTls: { ...tls, timeout } })
}
