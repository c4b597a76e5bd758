import type { NotifierContext, NotifierInstance, SecretRef } from '@cws/core'
import { TestNotifier } from '@cws/core/testing'
import slack from '../src/index.ts'
import type { SlackOptions } from '../src/options.ts'
import { slackNotifier } from '../src/send/notifier.ts'
import { Pace } from '../src/send/pace.ts'
import { type SlackServer, TOKEN } from './slack-server.ts'

type Options = Parameters<typeof slack>[0]

/** A notifier whose channel takes messages as fast as they come, unless it is given a pace. */
export async function opened(options: Options, secrets: Record<string, string> = {}, pace = new Pace(0)): Promise<TestNotifier> {
  const instance = slack(options)
  const definition = { ...slack.definition, setup: (ctx: NotifierContext<SlackOptions>) => slackNotifier(ctx, pace) }
  return await TestNotifier.of({ ...instance, definition } as unknown as NotifierInstance, { secrets })
}

export const byBot = (server: SlackServer, more: Partial<Options> = {}, token: string | SecretRef = TOKEN): Options => ({
  token,
  channel: '#security-oncall',
  api: server.api,
  ...more,
})
export const byWebhook = (server: SlackServer, more: Partial<Options> = {}): Options => ({ webhook: server.webhook, ...more })
