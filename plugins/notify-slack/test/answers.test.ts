import { printable } from '@cws/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgeApi, judgeWebhook } from '../src/send/outcome.ts'
import { byBot, byWebhook, opened } from './opened.ts'
import { type Interruption, SlackServer, TOKEN, WEBHOOK_PATH } from './slack-server.ts'

const answer = (status: number, text: string, retryAfter?: string, whole = true) => ({ status, text, retryAfter, whole })
const api = (error: string) => {
  const judged = judgeApi(answer(200, JSON.stringify({ ok: false, error })))
  return judged.ok ? 'ok' : judged.failure.result
}
const hook = (status: number, text: string) => judgeWebhook(answer(status, text)).result

describe('what Slack says', () => {
  it.each([
    [
      'broken',
      'invalid_auth not_authed token_revoked token_expired account_inactive missing_scope not_in_channel channel_not_found is_archived restricted_action restricted_action_read_only_channel ekm_access_denied no_permission',
    ],
    [
      'reject',
      'msg_too_long msg_blocks_too_long invalid_blocks invalid_blocks_format invalid_attachments no_text too_many_attachments invalid_arguments metadata_too_large never_heard_of',
    ],
    [
      'retry',
      'ratelimited rate_limited service_unavailable request_timeout team_added_to_org org_login_required update_failed external_channel_migrating',
    ],
    ['ambiguous', 'internal_error fatal_error'],
  ])('of the API means %s: %s', (result, words) => {
    expect(Object.fromEntries(words.split(' ').map((word) => [word, api(word)]))).toEqual(
      Object.fromEntries(words.split(' ').map((word) => [word, result])),
    )
  })

  it.each([
    [200, 'ok', 'delivered'],
    [200, 'ok\n', 'delivered'],
    [400, 'invalid_payload', 'reject'],
    [400, 'invalid_blocks', 'reject'],
    [400, 'user_not_found', 'broken'],
    [400, 'no_text', 'reject'],
    [404, 'never_heard_of', 'broken'],
    [400, 'never_heard_of', 'reject'],
    [403, 'action_prohibited', 'broken'],
    [403, 'invalid_token', 'broken'],
    [404, 'channel_not_found', 'broken'],
    [404, 'no_service', 'broken'],
    [404, 'no_team', 'broken'],
    [410, 'channel_is_archived', 'broken'],
    [429, 'rate_limited', 'retry'],
    [500, 'rollup_error', 'retry'],
    [503, 'never_heard_of', 'retry'],
    [403, '<html>Forbidden</html>', 'broken'],
    [400, '<html>Bad request</html>', 'reject'],
    [413, '', 'reject'],
    [502, '<html>Bad gateway</html>', 'retry'],
    [302, '', 'broken'],
    [407, '', 'broken'],
    [408, '', 'retry'],
    [201, 'ok', 'broken'],
  ])('of a webhook: %i %j means %s [case 58]', (status, text, result) => {
    expect(hook(status, text)).toBe(result)
  })

  it('comes with what to do about it', () => {
    expect(judgeWebhook(answer(404, 'no_service'))).toEqual({
      result: 'broken',
      detail: 'HTTP 404: Slack says no_service (the webhook was removed; make another)',
    })
    expect(judgeApi(answer(200, '{"ok":false,"error":"toString"}'))).toMatchObject({ failure: { detail: 'Slack says toString' } })
  })

  it('is success only in its own words [case 58]', () => {
    const html = '<!DOCTYPE html><html><title>Sign in</title></html>'
    expect(judgeApi(answer(200, html))).toMatchObject({ ok: false, failure: { result: 'broken' } })
    expect(judgeApi(answer(200, 'ok'))).toMatchObject({ ok: false, failure: { result: 'broken' } })
    expect(judgeApi(answer(200, '{"ok":true}'))).toMatchObject({ ok: false, failure: { result: 'broken' } })
    expect(judgeApi(answer(200, '{"ok":true,"channel":"C1","ts":"1.2"}'))).toEqual({ ok: true, channel: 'C1', ts: '1.2' })
    expect(judgeApi(answer(500, '{"ok":true,"channel":"C1","ts":"1.2"}'))).toMatchObject({ failure: { result: 'retry' } })
    expect(judgeApi(answer(200, '{"ok":tr', undefined, false))).toMatchObject({ failure: { result: 'ambiguous' } })
    for (const text of ['null', '[]', '7', '""', '', '{"ok":false}'])
      expect(judgeApi(answer(200, text))).toMatchObject({ failure: { result: 'broken' } })
    for (const text of [html, '{"ok":true}', 'OK, fine', '']) expect(hook(200, text)).toBe('broken')
    expect(judgeWebhook(answer(200, 'o', undefined, false)).result).toBe('ambiguous')
  })

  it.each([
    ['7', 7_000],
    ['-1', undefined],
    ['1e9', undefined],
    ['soon', undefined],
    ['1000000000', 1e12],
    [undefined, undefined],
    ['Tue, 24 Nov 2026 09:00:07 GMT', 7_000],
  ])('of waiting: %s [case 21]', (header, wait) => {
    const now = Date.parse('2026-11-24T09:00:00Z')
    expect(judgeWebhook(answer(429, 'rate_limited', header), now)).toEqual({
      result: 'retry',
      detail: 'HTTP 429: Slack says rate_limited',
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
    })
  })
})

it('any answer has an outcome, told in one short line without addresses [case 58] [case 64]', () => {
  const said = fc.constantFrom(
    'ok',
    '{"ok":true}',
    '{"ok":false,"error":"',
    'https://evil.example/?t=',
    '\u001b[2J',
    '\u009b',
    '\n',
    '\u202e',
    ' ',
    TOKEN,
  )
  const text = fc.oneof(
    fc.array(fc.oneof(said, fc.string({ unit: 'binary', maxLength: 40 })), { maxLength: 20 }).map((parts) => parts.join('')),
    fc
      .record({ ok: fc.anything(), error: fc.anything(), channel: fc.anything(), ts: fc.anything(), response_metadata: fc.anything() })
      .map((it) => JSON.stringify(it)),
  )
  fc.assert(
    fc.property(
      fc.integer({ min: 200, max: 599 }),
      text,
      fc.option(fc.string(), { nil: undefined }),
      fc.boolean(),
      (status, body, retryAfter, whole) => {
        const judged = judgeApi(answer(status, body, retryAfter, whole))
        for (const outcome of [judgeWebhook(answer(status, body, retryAfter, whole)), judged.ok ? undefined : judged.failure]) {
          const { detail = '' } = outcome ?? {}
          expect(detail.length).toBeLessThanOrEqual(1_000)
          expect(detail).toBe(printable(detail))
          expect(detail).not.toMatch(/:\/\/|xoxb-/)
        }
      },
    ),
    { numRuns: 500 },
  )
})

/** Every way in which an exchange can go wrong, and what becomes of it. */
const faults: readonly (readonly [string, Interruption, string])[] = [
  ['an answer without end', (response) => endless(response.writeHead(200)), 'ambiguous'],
  ['an answer that trickles', (response) => trickle(response.writeHead(200)), 'ambiguous'],
  ['no answer', () => undefined, 'ambiguous'],
  ['a connection that breaks', (_, request) => void request.socket.destroy(), 'ambiguous'],
  [
    'headers without end',
    (response) => void response.writeHead(200, Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`x-${i}`, 'y']))).end('ok'),
    'ambiguous',
  ],
  ['a redirect', (response) => void response.writeHead(302, { location: 'https://evil.example/' }).end(), 'broken'],
  [
    'a page to log in',
    (response, request) =>
      void response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(`<html>Sign in to https://corp.example${request.url} with ${TOKEN} ${'x'.repeat(5_000)}`),
    'broken',
  ],
  [
    'an echo at whose cut half a secret would stand',
    (response, request) =>
      void response.writeHead(403).end(`${'x'.repeat(140)} ${request.headers.authorization} ${request.url?.slice(30)}`),
    'broken',
  ],
  [
    'an echo of all that was sent',
    (response, request) => void response.writeHead(403).end(`${request.headers.authorization} ${request.url}`),
    'broken',
  ],
]

describe('a fault', () => {
  it.each(faults)(
    '%s: nothing is taken for success, and nothing tells a secret [case 18] [case 19] [case 64]',
    async (_, fault, result) => {
      await using server = await SlackServer.start()
      for (const options of [byBot(server, { timeout: 300 }), byWebhook(server, { timeout: 300 })]) {
        await using notifier = await opened(options)
        server.next.push(fault)
        const { outcome, notification } = await notifier.deliver()
        expect(outcome).toMatchObject({ result })
        const { detail = '' } = outcome
        expect(detail.length).toBeLessThanOrEqual(1_000)
        for (const text of [detail, notification.body, JSON.stringify(notifier.logs)])
          for (const secret of [TOKEN, TOKEN.slice(5, 16), WEBHOOK_PATH, 'T00000000', 'XXXXXXXX', server.origin, 'evil.example'])
            expect(text).not.toContain(secret)
      }
      expect(server.channel).toEqual([])
    },
  )

  it('where nobody listens: not delivered for sure', async () => {
    const server = await SlackServer.start()
    await using bot = await opened(byBot(server))
    await using webhook = await opened(byWebhook(server))
    await server[Symbol.asyncDispose]()
    for (const notifier of [bot, webhook])
      expect((await notifier.deliver()).outcome).toEqual({ result: 'retry', detail: 'no connection (ECONNREFUSED)' })
  })
})

it('a long message that Slack repeats in its answer is delivered all the same', async () => {
  await using server = await SlackServer.start()
  await using notifier = await opened(byBot(server))
  server.next.push((response) => {
    response
      .writeHead(200)
      .end(`{"ok":true,"channel":"C0SECURITY","ts":"1764000001.000100","message":${JSON.stringify('\\u4e2d'.repeat(12_000))}}`)
    return undefined
  })
  expect((await notifier.deliver()).outcome).toMatchObject({ result: 'delivered' })
})

function endless(response: import('node:http').ServerResponse): undefined {
  const chunk = 'x'.repeat(16_384)
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', more)
  more()
}

function trickle(response: import('node:http').ServerResponse): undefined {
  const timer = setInterval(() => response.write(' '), 20)
  response.on('close', () => clearInterval(timer))
}
