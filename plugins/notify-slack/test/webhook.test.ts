import { describe, expect, it } from 'vitest'
import { byWebhook, opened } from './opened.ts'
import { SlackServer } from './slack-server.ts'

describe('an incoming webhook', () => {
  it('gets each message as one of its own, and interrupts', async () => {
    await using server = await SlackServer.start()
    await using notifier = await opened(byWebhook(server))
    expect(notifier.manner.interrupts).toBe(true)
    expect(notifier.manner.mentions).toMatchObject({ channel: 'slack' })
    expect((await notifier.deliver()).outcome).toEqual({ result: 'delivered' })
    expect((await notifier.deliver({ revision: 2, count: 2 }, { letter: { reason: 'raised' } })).outcome).toEqual({ result: 'delivered' })
    expect((await notifier.deliver({ revision: 3, count: 3 }, { tier: 2 })).outcome).toEqual({ result: 'delivered' })
    expect(server.channel.map(({ text, changed }) => [text.slice(0, text.indexOf(')') + 1), changed])).toEqual([
      ['🟠 High · A program was run from memory (test, once)', 0],
      ['🟠 High · A program was run from memory (test, 2 times)', 0],
      ['```🟠 High · A program was run from memory (test, 3 times)', 0],
    ])
    expect(server.refused).toEqual([])
    expect(new Set(server.calls.map(({ agent }) => agent))).toEqual(new Set(['cws']))
    for (const { fields } of server.calls)
      expect(fields).toMatchObject({ parse: 'none', link_names: false, unfurl_links: false, unfurl_media: false })
  })

  it('is read anew for each message; what is no safe address is not called', async () => {
    await using server = await SlackServer.start()
    const secrets: Record<string, string> = { HOOK: server.webhook }
    await using notifier = await opened({ webhook: { env: 'HOOK' } }, secrets)
    await notifier.deliver()
    secrets['HOOK'] = server.webhook.replace('localhost', '127.0.0.1')
    await notifier.deliver()
    expect(server.channel).toHaveLength(2)
    for (const wrong of [
      '',
      'http://hooks.slack.com/services/T/B/SECRET',
      'hooks.slack.com/services/T/B/SECRET',
      'ftp://localhost/SECRET',
      'https://169.254.169.254/SECRET',
    ]) {
      secrets['HOOK'] = wrong
      const { outcome } = await notifier.deliver()
      expect(outcome).toMatchObject({ result: 'broken', detail: 'webhook must be an https:// URL (http:// only to loopback)' })
      await expect(opened({ webhook: { env: 'HOOK' } }, secrets)).rejects.toMatchObject({ code: 'CWS_ERR_PLUGIN_OPTIONS' })
    }
    expect(server.calls).toHaveLength(2)
  })
})
