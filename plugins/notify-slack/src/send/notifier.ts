import { type Letter, type Notification, type Notifier, type NotifierContext, printable } from '@cws/core'
import { render } from '../message/render.ts'
import type { SlackOptions } from '../options.ts'
import { decodeRequest, type SlackRequest } from '../request.ts'
import { botSender } from './bot.ts'
import { Connections } from './connections.ts'
import { paceOf } from './pace.ts'
import { webhookSender } from './webhook.ts'

/** The notifier of one channel. @throws CwsError CWS_ERR_PLUGIN_OPTIONS for a secret that cannot be one */
export async function slackNotifier(ctx: NotifierContext<SlackOptions>, pace = paceOf(placeOf(ctx))): Promise<Notifier> {
  const { mentions, token } = ctx.options
  const inPlace = token !== undefined
  const connections = new Connections(ctx)
  const sender = inPlace ? await botSender(ctx, connections, pace) : await webhookSender(ctx, connections, pace)
  const draw = (letter: Letter, tier: number): SlackRequest => render(letter, tier, { mentions, inPlace })
  return {
    render: (letter, tier) => JSON.stringify(draw(letter, tier)),
    // What could not be rendered comes as the signal itself: it is told in a plain form.
    deliver: (notification, stop) =>
      sender.send(decodeRequest(notification.body) ?? draw(letterOf(notification), 1), notification.receipt, stop),
    close: () => connections.close(),
  }
}

/** Where its messages go. The channel of a webhook is not known here. */
const placeOf = ({ name, options: { api, channel } }: NotifierContext<SlackOptions>): string =>
  channel === undefined ? `webhook ${name}` : `${api} ${channel}`

function letterOf({ key, reason, signal, receipt }: Notification): Letter {
  const lines = signal.message.split('\n').map((text) => [{ type: 'text', text: printable(text), value: true }] as const)
  return {
    key,
    reason,
    rule: undefined,
    signal,
    title: signal.title,
    message: lines.map((children) => ({ type: 'paragraph', children })),
    generation: 1,
    receipt,
    time: signal.last_seen,
  }
}
