import { defineNotifier } from '@cws/core'
import { options } from './options.ts'
import { slackNotifier } from './send/notifier.ts'

/** Tells a Slack channel: by an incoming webhook, or as a bot with one message a signal, changed in place, with a thread. */
export default defineNotifier(import.meta, {
  name: 'slack',
  options,
  // What is changed in place interrupts nobody.
  interrupts: ({ token }) => token === undefined,
  rate: ({ rate }) => rate,
  mentions: ({ mentions }) => ({ channel: 'slack', ids: mentions }),
  setup: (ctx) => slackNotifier(ctx),
})
