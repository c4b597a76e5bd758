import { readFileSync } from 'node:fs'
import {
  beginningOf,
  CwsError,
  defineNotifier,
  messageOf,
  type NotifierContext,
  type Outcome,
  outcomeOfAnswer,
  outcomeOfError,
} from '@cws/core'
import { Webhook } from 'standardwebhooks'
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici'
import { options, type WebhookOptions } from './options.ts'

const CONNECTIONS = 4
const MAX_ANSWER_HEADERS = 16 * 1024

/** Posts each signal as JSON, signed by Standard Webhooks. The receiver drops what it has seen by `webhook-id`. */
export default defineNotifier(import.meta, {
  name: 'webhook',
  options,
  setup(ctx) {
    // A secret that cannot be had is told now, not with the first signal.
    signer(ctx)
    const dispatcher = dispatcherFor(ctx)
    return {
      async deliver({ key, body }, signal) {
        let headers: Record<string, string>
        try {
          headers = headersFor(ctx, key, body)
        } catch (error) {
          return { result: 'broken', detail: messageOf(error) }
        }
        return await post(ctx.options, dispatcher, headers, body, signal)
      },
      close: () => dispatcher.destroy(),
    }
  },
})

async function post(
  { url, timeout }: WebhookOptions,
  dispatcher: Dispatcher,
  headers: Record<string, string>,
  body: string,
  stop: AbortSignal,
): Promise<Outcome> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(timeout)])
  try {
    const answer = await request(url, { method: 'POST', dispatcher, headers, body, signal })
    const text = await beginningOf(answer.body)
    const retryAfter = answer.headers['retry-after']
    return outcomeOfAnswer(answer.statusCode, text, typeof retryAfter === 'string' ? retryAfter : undefined)
  } catch (error) {
    return outcomeOfError(error, signal.aborted)
  }
}

function headersFor(ctx: NotifierContext<WebhookOptions>, key: string, body: string): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(ctx.options.headers)) headers[name] = typeof value === 'string' ? value : ctx.secret(value)
  const now = new Date()
  return {
    'user-agent': 'cws',
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'webhook-id': key,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': signer(ctx).sign(key, now, body),
  }
}

function signer(ctx: NotifierContext<WebhookOptions>): Webhook {
  const secret = ctx.secret(ctx.options.secret)
  const bytes = /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret) ? Buffer.from(secret.slice(6), 'base64').length : 0
  if (bytes < 24 || bytes > 64)
    throw new CwsError('CWS_ERR_PLUGIN_OPTIONS', 'secret must be whsec_ followed by base64 of 24 to 64 bytes', {
      plugin: ctx.name,
      hint: 'make one: echo "whsec_$(openssl rand -base64 32)"',
    })
  return new Webhook(secret)
}

/** Connections of this destination alone, so that it cannot hold up another. */
function dispatcherFor(ctx: NotifierContext<WebhookOptions>): Dispatcher {
  const { ca, proxy, timeout } = ctx.options
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
  const uri = typeof proxy === 'string' ? proxy : ctx.secret(proxy)
  return new ProxyAgent({ ...limits, uri, requestTls: { ...tls, timeout }, proxyTls: { ...tls, timeout } })
}
