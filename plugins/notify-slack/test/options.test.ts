import { env } from '@cws/core'
import { PluginTester } from '@cws/core/testing'
import { describe, expect, expectTypeOf, it } from 'vitest'
import slack from '../src/index.ts'

const webhook = 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX'

new PluginTester({ describe, it }).run(slack, {
  valid: [
    { token: env('SLACK_BOT_TOKEN'), channel: '#security-oncall' },
    { webhook: env('SLACK_WEBHOOK_URL') },
    { webhook, mentions: ['S0TEAM', 'U0ANNA', 'here'], timeout: 500 },
    {
      token: { file: '/run/secrets/slack' },
      channel: 'C0SECURITY',
      api: 'https://slack-gov.com/api/',
      proxy: 'http://proxy.example.com:3128',
    },
    { token: 'xoxb-1', channel: '#ünïcode-カナ', api: 'http://127.0.0.1:1234/', proxy: env('HTTPS_PROXY'), ca: '/etc/ssl/own.pem' },
  ],
  invalid: [
    {},
    { webhook, token: 'xoxb-1', channel: '#a' },
    { webhook, channel: '#a' },
    { token: 'xoxb-1' },
    { token: 'xoxb-1', channel: 'security' },
    { token: 'xoxb-1', channel: '#a b' },
    { token: 'xoxb-1', channel: '' },
    { token: 'xoxb-1', channel: '#a', api: 'http://slack.com/api/' },
    { token: 'xoxb-1', channel: '#a', api: 'http://127.0.0.1.evil.example/' },
    { token: 'xoxb-1', channel: '#a', api: 'https://user:password@slack.com/api/' },
    { token: 'xoxb-1', channel: '#a', api: 'https://slack.com/api/?x=1' },
    { token: 'xoxb-1', channel: '#a', api: 'https://169.254.169.254/' },
    { webhook, mentions: ['@anna'] },
    { webhook, mentions: ['<!channel>'] },
    { webhook, mentions: ['C0SECURITY'] },
    { webhook, proxy: 'http://user:password@proxy.example.com' },
    { webhook, timeout: 60_000 },
    { webhook, retries: 3 },
  ],
})

it('names of instances are known to the types', () => {
  expectTypeOf(slack({ webhook: env('A') }).name).toEqualTypeOf<'slack'>()
  expectTypeOf(slack({ name: 'slack-oncall', token: env('A'), channel: '#a' }).name).toEqualTypeOf<'slack-oncall'>()
  expect(slack({ webhook }).name).toBe('slack')
})
