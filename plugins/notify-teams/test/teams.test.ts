import { mkdtempSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env, secretFile } from '@cws/core'
import { PluginTester, TestNotifier } from '@cws/core/testing'
import { describe, expect, it } from 'vitest'
import { paragraph, value } from '../../../core/test/fixtures/letters.ts'
import { TestAuthority } from '../../../tests/support/certificates.ts'
import { Receiver, startProxy } from '../../../tests/support/http-receiver.ts'
import teams from '../src/index.ts'
import { outcomeOf } from '../src/send/answer.ts'
import { messageSchema } from './card-schema.ts'
import { read } from './grammar.ts'

const HOOK = 'https://prod-11.westeurope.logic.azure.com/workflows/0123456789abcdef/triggers/manual/paths/invoke?sig=S3cret-Sig_nature'

new PluginTester({ describe, it }).run(teams, {
  valid: [
    { webhook: HOOK },
    { webhook: env('TEAMS_WEBHOOK_URL') },
    {
      webhook: secretFile('/run/secrets/teams'),
      mentions: { 'ann@example.com': 'Ann Example', '0d8f1a3b-1b2c-4d5e-8f90-123456789abc': 'J. O’Neil-Ünal' },
      timeout: 500,
      proxy: 'http://proxy.example.com:3128',
    },
  ],
  invalid: [
    {},
    { webhook: '' },
    { webhook: HOOK, mentions: { ann: 'Ann' } },
    { webhook: HOOK, mentions: { 'ann@example.com': '<at>x</at>' } },
    { webhook: HOOK, mentions: { 'ann@example.com': '[x](https://evil.example)' } },
    { webhook: HOOK, mentions: { 'ann@example.com': 'Ann', 'a@example.com': 'Ann' } },
    { webhook: HOOK, timeout: 60_000 },
    { webhook: HOOK, channel: '#x' },
  ],
})

/** Teams as far as it says anything: takes what its schema and its size allow. */
function flow(response: ServerResponse): void {
  response.writeHead(202).end()
}

const at = (receiver: Receiver): string =>
  `http://localhost:${receiver.port}/workflows/0123456789abcdef/invoke?api-version=1&sig=S3cret-Sig_nature`

describe('what Teams answers', () => {
  it.each([
    [202, '', 'delivered'],
    [202, '{}', 'delivered'],
    [200, '1', 'delivered'],
    [200, '', 'delivered'],
    [200, 'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId tcid=0', 'retry'],
    [200, 'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 413 with ContextId tcid=0', 'reject'],
    [200, 'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 503', 'retry'],
    [200, 'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 404', 'broken'],
    [202, 'returned HTTP error 429', 'retry'],
    [200, '<!DOCTYPE html><html><title>Sign in</title></html>', 'broken'],
    [202, '<html>Welcome to the wireless network</html>', 'broken'],
    [204, '', 'broken'],
    [200, '{"ok":true}', 'broken'],
    [400, '{"error":{"code":"TriggerInputSchemaMismatch","message":"no"}}', 'reject'],
    [400, '{"error":{"code":"WorkflowTriggerIsNotEnabled","message":"off"}}', 'broken'],
    [404, '{"error":{"code":"WorkflowNotFound"}}', 'broken'],
    [401, '{"error":{"code":"DirectApiAuthorizationRequired"}}', 'broken'],
    [413, '', 'reject'],
    [429, '', 'retry'],
    [502, '<html>Bad gateway</html>', 'retry'],
    [302, '', 'broken'],
  ])('%i %j means %s', (status, text, result) => {
    expect(outcomeOf(status, text, undefined).result).toBe(result)
  })

  it('keeps what it asks to wait', () => {
    expect(outcomeOf(429, '', '7')).toMatchObject({ retryAfterMs: 7_000 })
    expect(outcomeOf(200, 'HTTP error 429', '7')).toMatchObject({ result: 'retry', retryAfterMs: 7_000 })
  })

  it('is taken, waited for, and shortened for [case 63]', async () => {
    const answers: ((response: ServerResponse, length: number) => void)[] = [
      flow,
      (response) => response.end('Microsoft Teams endpoint returned HTTP error 429 with ContextId x'),
      (response, length) => response.writeHead(length > 12_000 ? 413 : 202).end(),
      (response, length) => response.writeHead(length > 12_000 ? 413 : 202).end(),
    ]
    await using receiver = await Receiver.start((response, request) =>
      answers.shift()?.(response, Number(request.headers['content-length'])),
    )
    await using notifier = await TestNotifier.of(teams({ webhook: at(receiver) }))
    const long = { letter: { message: [paragraph(value('a long story '.repeat(4_000)))] } }
    expect((await notifier.deliver()).outcome).toEqual({ result: 'delivered' })
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'retry' })
    expect((await notifier.deliver({}, long)).outcome).toMatchObject({ result: 'reject' })
    expect((await notifier.deliver({}, { ...long, tier: 1 })).outcome).toEqual({ result: 'delivered' })
    const lengths = receiver.got.map(({ body }) => Buffer.byteLength(body))
    expect(lengths[2]).toBeGreaterThan(15_000)
    expect(lengths[3]).toBeLessThanOrEqual(10_000)
    for (const { body } of receiver.got) messageSchema.parse(JSON.parse(body))
  })
})

describe('a workflow', () => {
  it('gets the bytes that were made, with the key; each message is one of its own', async () => {
    await using receiver = await Receiver.start(flow)
    await using notifier = await TestNotifier.of(teams({ webhook: at(receiver) }))
    expect(notifier.manner.interrupts).toBe(true)
    expect(notifier.manner.mentions).toMatchObject({ channel: 'teams' })
    const { notification } = await notifier.deliver()
    const [got] = receiver.got
    expect(got).toMatchObject({
      method: 'POST',
      url: '/workflows/0123456789abcdef/invoke?api-version=1&sig=S3cret-Sig_nature',
      body: notification.body,
      headers: { 'content-type': 'application/json; charset=utf-8', 'webhook-id': notification.key, 'user-agent': 'cws' },
    })
  })

  it('is told of a signal that could not be rendered', async () => {
    await using receiver = await Receiver.start(flow)
    await using notifier = await TestNotifier.of(teams({ webhook: at(receiver) }))
    const { notification } = await notifier.deliver()
    await notifier.notifier.deliver({ ...notification, body: JSON.stringify(notification.signal) }, AbortSignal.timeout(5_000))
    expect(read(receiver.got[1]?.body ?? '').text).toContain('`/dev/shm/x` was executed.')
  })

  it('is not followed elsewhere, nor read to its end; what it says of its own address is not told on', async () => {
    await using other = await Receiver.start(flow)
    const answers: ((response: ServerResponse) => void)[] = [
      (response) => response.writeHead(302, { location: other.url }).end(),
      (response) => response.writeHead(403).end('no: /workflows/0123456789abcdef/invoke?sig=S3cret-Sig_nature S3cret-Sig_nature'),
      (response) => void response.writeHead(500).write('x'.repeat(100_000)),
      (response) => void response.socket?.destroy(),
    ]
    await using receiver = await Receiver.start((response) => answers.shift()?.(response))
    await using notifier = await TestNotifier.of(teams({ webhook: at(receiver) }))
    const outcomes = []
    for (let i = 0; i < 4; i++) outcomes.push((await notifier.deliver()).outcome)
    expect(outcomes.map(({ result }) => result)).toEqual(['broken', 'broken', 'retry', 'ambiguous'])
    expect(JSON.stringify(outcomes)).not.toMatch(/S3cret|0123456789abcdef|localhost/)
    expect(other.got).toEqual([])
  })

  it('is called by its address as it is now, and only by a safe one', async () => {
    await using receiver = await Receiver.start(flow)
    const secrets: Record<string, string> = { HOOK: at(receiver) }
    await using notifier = await TestNotifier.of(teams({ webhook: env('HOOK') }), { secrets })
    await notifier.deliver()
    for (const wrong of ['', 'http://example.com/workflows/x', 'ftp://localhost/x', 'https://169.254.169.254/x']) {
      secrets['HOOK'] = wrong
      expect((await notifier.deliver()).outcome).toMatchObject({
        result: 'broken',
        detail: 'webhook must be an https:// URL (http:// only to loopback)',
      })
      await expect(TestNotifier.of(teams({ webhook: env('HOOK') }), { secrets })).rejects.toMatchObject({ code: 'CWS_ERR_PLUGIN_OPTIONS' })
    }
    expect(receiver.got).toHaveLength(1)
  })

  it('is reached through a proxy, if it can prove who it is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cws-teams-'))
    try {
      const authority = new TestAuthority(folder)
      await using receiver = await Receiver.start(flow, authority.identity('good', 'DNS:localhost'))
      await using stranger = await Receiver.start(flow, authority.identity('wrong', 'DNS:other.example'))
      await using proxy = await startProxy()
      const outcomes = []
      for (const url of [receiver.url, stranger.url]) {
        await using notifier = await TestNotifier.of(teams({ webhook: url, proxy: proxy.url, ca: authority.caFile }))
        outcomes.push((await notifier.deliver()).outcome.result)
      }
      expect([outcomes, receiver.got.length, stranger.got.length, proxy.tunnels.length]).toEqual([['delivered', 'broken'], 1, 0, 2])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
