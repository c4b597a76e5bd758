import { readFileSync } from 'node:fs'
import type { NotifierContext } from '@cws/core'
import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import type { SlackOptions } from '../options.ts'

const CONNECTIONS = 2
const MAX_ANSWER_HEADERS = 16 * 1024

/** Connections of this destination alone, so that it cannot hold up another. */
export function connectionsOf({ options, secret }: NotifierContext<SlackOptions>): Dispatcher {
  const { ca, proxy, timeout } = options
  const tls = ca === undefined ? {} : { ca: readFileSync(ca, 'utf8') }
  const limits = {
    connections: CONNECTIONS,
    pipelining: 1,
    headersTimeout: timeout,
    bodyTimeout: timeout,
    maxHeaderSize: MAX_ANSWER_HEADERS,
    connect: { ...tls, timeout },
  }
  if (proxy === undefined) return new Agent(limits)
  const uri = typeof proxy === 'string' ? proxy : secret(proxy)
  return new ProxyAgent({ ...limits, uri, requestTls: { ...tls, timeout }, proxyTls: { ...tls, timeout } })
}
