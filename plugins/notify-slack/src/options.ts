import { httpOptions, rateOption, secret, targetUrl } from '@cws/core'
import { z } from 'zod'
import { MENTION } from './message/mentions.ts'

export const options = z
  .strictObject({
    webhook: secret('URL of an incoming webhook: each message is posted to the channel that it was made for').optional(),
    token: secret('Bot token (xoxb-…) with the scope chat:write: one message a signal, changed in place, with a thread').optional(),
    channel: z
      .string()
      .regex(/^(?:#[^\s#@<>]{1,80}|[CGDUW][A-Z0-9]{2,20})$/, '#name, or the id of a channel or a person')
      .optional()
      .describe('With `token`: where to post, as #name or as an id; the bot must have been invited'),
    mentions: z
      .array(z.string().regex(MENTION, 'the id of a person (U…) or of a user group (S…), or here, channel or everyone'))
      .max(100)
      .default([])
      .describe('Whom templates may call: ids of people (U…) and user groups (S…), or here, channel, everyone'),
    api: targetUrl("With `token`: where Slack's Web API is, for GovSlack and the like; https, or http to this very host")
      .refine((text) => !/[?#]/.test(text), 'a URL without a query')
      .default('https://slack.com/api/'),
    rate: rateOption({ burst: 10, perMinute: 60 }),
    ...httpOptions,
  })
  .refine(({ webhook, token }) => (webhook === undefined) !== (token === undefined), {
    error: 'either `webhook`, or `token` with `channel`',
  })
  .refine(({ token, channel }) => (token === undefined) === (channel === undefined), {
    error: 'a channel beside `token`, and none beside `webhook`, which has its own',
    path: ['channel'],
  })

export type SlackOptions = z.output<typeof options>
