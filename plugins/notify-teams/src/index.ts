import {
  Connections,
  CwsError,
  defineNotifier,
  isSafeTarget,
  type Letter,
  messageOf,
  type Notification,
  type NotifierContext,
  printable,
} from '@cws/core'
import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import { render } from './card/render.ts'
import { options, type TeamsOptions } from './options.ts'
import { post } from './send/post.ts'

/** Tells a channel or chat of Microsoft Teams by the webhook of a workflow: an Adaptive Card each. */
export default defineNotifier(import.meta, {
  name: 'teams',
  options,
  // Nothing that a workflow posted can be changed: each message is one of its own.
  interrupts: true,
  rate: ({ rate }) => rate,
  mentions: ({ mentions }) => ({ channel: 'teams', ids: Object.keys(mentions) }),
  setup(ctx) {
    // A secret that cannot be had is told now, not with the first signal.
    urlOf(ctx)
    const connections = new Connections<Dispatcher>({ Agent, ProxyAgent }, ctx)
    const { mentions, timeout } = ctx.options
    return {
      render: (letter, tier) => render(letter, tier, mentions),
      async deliver(notification, stop) {
        let url: string
        let dispatcher: Dispatcher
        try {
          url = urlOf(ctx)
          dispatcher = connections.current()
        } catch (error) {
          return { result: 'broken', detail: messageOf(error) }
        }
        const body = notification.body.startsWith('{"type":"message"') ? notification.body : render(letterOf(notification), 1, mentions)
        return await post(url, dispatcher, notification.key, body, AbortSignal.any([stop, AbortSignal.timeout(timeout)]))
      },
      close: () => connections.close(),
    }
  },
})

function urlOf(ctx: NotifierContext<TeamsOptions>): string {
  const url = ctx.secret(ctx.options.webhook)
  if (URL.canParse(url) && isSafeTarget(new URL(url))) return url
  throw new CwsError('CWS_ERR_PLUGIN_OPTIONS', 'webhook must be an https:// URL (http:// only to loopback)', {
    plugin: ctx.name,
    hint: 'copy it from the trigger "When a Teams webhook request is received" of the workflow',
  })
}

/** What could not be rendered comes as the signal itself: it is told in a plain form. */
function letterOf({ key, reason, signal, receipt }: Notification): Letter {
  const message = [{ type: 'paragraph', children: [{ type: 'text', text: printable(signal.message), value: true }] }] as const
  return { key, reason, rule: undefined, signal, title: signal.title, message, generation: 1, receipt, time: signal.last_seen }
}
