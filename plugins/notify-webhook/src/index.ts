import {
  beginningOf,
  Connections,
  defineNotifier,
  type Letter,
  mediaTypeOf,
  messageOf,
  type Notification,
  type NotifierContext,
  type Outcome,
  outcomeOfAnswer,
  outcomeOfError,
  writtenAs,
} from '@cws/core'
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici'
import { options, type WebhookOptions } from './options.ts'
import { fill, fillUrl } from './placeholders.ts'
import { signatureOf, signersOf } from './signature.ts'

/** Posts each signal as JSON, signed by Standard Webhooks. The receiver drops what it has seen by `webhook-id`. */
export default defineNotifier(import.meta, {
  name: 'webhook',
  options,
  mode: ({ mode }) => mode,
  rate: ({ rate }) => rate,
  setup(ctx) {
    // A secret that cannot be had is told now, not with the first signal.
    signersOf(ctx)
    const connections = new Connections<Dispatcher>({ Agent, ProxyAgent }, ctx)
    const { format } = ctx.options
    const deliver = async (notification: Notification, signal: AbortSignal): Promise<Outcome> => {
      const url = fillUrl(ctx.options.url, notification)
      if (url === undefined) return { result: 'reject', detail: 'a value of the signal would change where the URL leads' }
      let headers: Record<string, string>
      let dispatcher: Dispatcher
      try {
        headers = headersFor(ctx, notification)
        dispatcher = connections.current()
      } catch (error) {
        return { result: 'broken', detail: messageOf(error) }
      }
      return await post(url, ctx.options.timeout, dispatcher, headers, notification.body, signal)
    }
    const close = (): Promise<void> => connections.close()
    const render = (letter: Letter, tier: number): string => writtenAs(format, letter, tier)
    // The native form is the signal's own line, which is what an agent stores that is told nothing else.
    return format === 'native' ? { deliver, close, shorten: render } : { deliver, close, render }
  },
})

async function post(
  url: string,
  timeout: number,
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

function headersFor(ctx: NotifierContext<WebhookOptions>, notification: Notification): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(ctx.options.headers))
    headers[name] = typeof value === 'string' ? fill(value, notification) : ctx.secret(value)
  const { key, body } = notification
  const now = new Date()
  return {
    'user-agent': 'cws',
    ...headers,
    'content-type': mediaTypeOf(body),
    'webhook-id': key,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': signatureOf(ctx, key, now, body),
  }
}
