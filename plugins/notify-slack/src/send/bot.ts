import { CwsError, messageOf, type NotifierContext, outcomeOfError, type SecretRef } from '@cws/core'
import type { Dispatcher } from 'undici'
import type { SlackOptions } from '../options.ts'
import { conceal } from './conceal.ts'
import type { Connections } from './connections.ts'
import { Exchange } from './exchange.ts'
import { type ApiAnswer, type Failure, judgeApi } from './outcome.ts'
import type { Pace } from './pace.ts'
import { placeOf, receiptOf } from './receipt.ts'
import type { Sender } from './sender.ts'

/** What is read of an answer, bytes. Slack repeats the whole message in it, and each character may take six. */
const MAX_ANSWER = 256 * 1024

/** Without a list a message that had blocks would keep them. */
const NO_BLOCKS: readonly never[] = []

const nothing = (): void => {}
/** The client would write to the console, and what it logs holds addresses. */
const SILENT = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  getLevel: () => 'error' as never,
  setName: nothing,
}

/** Speaks as a bot: one message a signal, changed in place while that can be done; later words go to its thread. */
export async function botSender(ctx: NotifierContext<SlackOptions>, connections: Connections, pace: Pace): Promise<Sender> {
  const { WebClient } = await import('@slack/web-api')
  const { api, timeout } = ctx.options
  const channel = ctx.options.channel as string
  tokenOf(ctx)

  const call = (method: string, args: Record<string, unknown>, stop: AbortSignal): Promise<ApiAnswer> =>
    pace.run(stop, () => ask(method, args, stop), failed)

  async function ask(method: string, args: Record<string, unknown>, stop: AbortSignal): Promise<ApiAnswer> {
    let token: string
    let dispatcher: Dispatcher
    try {
      token = tokenOf(ctx)
      dispatcher = connections.current()
    } catch (error) {
      return failed({ result: 'broken', detail: messageOf(error) })
    }
    const exchange = new Exchange(dispatcher, AbortSignal.any([stop, AbortSignal.timeout(timeout)]), MAX_ANSWER)
    const client = new WebClient(token, {
      slackApiUrl: api,
      fetch: exchange.fetch,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      allowAbsoluteUrls: false,
      logger: SILENT,
    })
    // How it ended is judged by the exchange itself: of a page in HTML the client's error would be the whole page.
    await client.apiCall(method, args).catch(nothing)
    if (!exchange.answer) return failed(outcomeOfError(exchange.error, exchange.aborted) as Failure)
    const answer = judgeApi({ ...exchange.answer, text: conceal(exchange.answer.text, [token]) })
    if (!answer.ok && 'retryAfterMs' in answer.failure && answer.failure.retryAfterMs !== undefined) pace.pause(answer.failure.retryAfterMs)
    return answer
  }

  return {
    async send({ message, reply, say, generation, single }, receipt, stop) {
      const place = single ? undefined : placeOf(receipt, channel, generation)
      if (place) {
        // Before the reply: a reply whose fate is unknown is then all that a later try may say twice.
        const changed = await call(
          'chat.update',
          { channel: place.channel, ts: place.ts, ...message, blocks: message.blocks ?? NO_BLOCKS },
          stop,
        )
        if (changed.ok && !say) return { result: 'delivered', receipt: receiptOf(place) }
        if (!changed.ok && changed.unchangeable === undefined) return repeatable(changed.failure)
        if (reply && (changed.ok || changed.unchangeable === 'closed')) {
          const thread = { channel: place.channel, thread_ts: place.ts, reply_broadcast: say === 'channel' }
          const said = await call('chat.postMessage', { ...thread, ...reply }, stop)
          return said.ok ? { result: 'delivered', receipt: receiptOf(place) } : said.failure
        }
      }
      const posted = await call('chat.postMessage', { channel, ...message }, stop)
      if (!posted.ok) return posted.failure
      if (single) return { result: 'delivered' }
      return { result: 'delivered', receipt: receiptOf({ channel: posted.channel, ts: posted.ts, posted: channel, generation }) }
    },
  }
}

const failed = (failure: Failure): ApiAnswer => ({ ok: false, unchangeable: undefined, failure })

/** Changing a message twice does no harm: it need not be known whether it was, and something newer may take its place. */
function repeatable(failure: Failure): Failure {
  return failure.result === 'ambiguous' ? { ...failure, result: 'retry' } : failure
}

function tokenOf(ctx: NotifierContext<SlackOptions>): string {
  const token = ctx.secret(ctx.options.token as SecretRef)
  if (/^[\x21-\x7e]{8,}$/.test(token)) return token
  throw new CwsError('CWS_ERR_PLUGIN_OPTIONS', 'token must be the bot token of a Slack app, as xoxb-…', {
    plugin: ctx.name,
    hint: 'copy it from the page "OAuth & Permissions" of your Slack app',
  })
}
