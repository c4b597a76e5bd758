import { CwsError, isSafeTarget, messageOf, type NotifierContext, type Outcome, outcomeOfError, type SecretRef } from '@cws/core'
import type { Dispatcher } from 'undici'
import type { SlackOptions } from '../options.ts'
import type { SlackMessage } from '../request.ts'
import { conceal, secretsIn } from './conceal.ts'
import type { Connections } from './connections.ts'
import { Exchange } from './exchange.ts'
import { judgeWebhook } from './outcome.ts'
import type { Pace } from './pace.ts'
import type { Sender } from './sender.ts'

/** What is read of an answer, bytes: it is a word. */
const MAX_ANSWER = 16 * 1024

/** Posts to an incoming webhook. Nothing that was posted can be changed: each message is one of its own. */
export async function webhookSender(ctx: NotifierContext<SlackOptions>, connections: Connections, pace: Pace): Promise<Sender> {
  const { IncomingWebhook } = await import('@slack/webhook')
  const { timeout } = ctx.options
  const secret = ctx.options.webhook as SecretRef
  // A secret that cannot be had is told now, not with the first signal.
  urlOf(ctx, secret)

  async function post({ blocks, ...message }: SlackMessage, stop: AbortSignal): Promise<Outcome> {
    let url: string
    let dispatcher: Dispatcher
    try {
      url = urlOf(ctx, secret)
      dispatcher = connections.current()
    } catch (error) {
      return { result: 'broken', detail: messageOf(error) }
    }
    const exchange = new Exchange(dispatcher, AbortSignal.any([stop, AbortSignal.timeout(timeout)]), MAX_ANSWER)
    const client = new IncomingWebhook(url, { fetch: exchange.fetch, retryConfig: { retries: 0 } })
    // How it ended is judged by the exchange itself.
    await client.send(blocks ? { ...message, blocks: [...blocks] } : message).catch(() => {})
    const { answer } = exchange
    if (!answer) return outcomeOfError(exchange.error, exchange.aborted)
    const outcome = judgeWebhook({ ...answer, text: conceal(answer.text, secretsIn(url)) })
    if ('retryAfterMs' in outcome && outcome.retryAfterMs !== undefined) pace.pause(outcome.retryAfterMs)
    return outcome
  }

  return {
    send: ({ message }, _receipt, stop) =>
      pace.run<Outcome>(
        stop,
        () => post(message, stop),
        (missed) => missed,
      ),
  }
}

function urlOf(ctx: NotifierContext<SlackOptions>, secret: SecretRef): string {
  const url = ctx.secret(secret)
  if (URL.canParse(url) && isSafeTarget(new URL(url))) return url
  throw new CwsError('CWS_ERR_PLUGIN_OPTIONS', 'webhook must be an https:// URL (http:// only to loopback)', {
    plugin: ctx.name,
    hint: 'copy it from the page "Incoming Webhooks" of your Slack app',
  })
}
