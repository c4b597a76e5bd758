import type { Outcome, Reason, Signal } from '@cws/core'
import { hostileLetter, type TestNotifier } from '@cws/core/testing'
import { describe, expect, it } from 'vitest'
import { mention, paragraph, words } from '../../../core/test/fixtures/letters.ts'
import { Pace, paceOf } from '../src/send/pace.ts'
import { read } from './grammar.ts'
import { byBot, opened } from './opened.ts'
import { SlackServer, TOKEN } from './slack-server.ts'

/** Tells one signal after another state, as the delivery does: each with the receipt of the one before. */
class Conversation {
  receipt: string | undefined
  readonly #notifier: TestNotifier
  #revision = 0

  constructor(notifier: TestNotifier) {
    this.#notifier = notifier
  }

  async tell(reason: Reason, signal: Partial<Signal> = {}, letter: object = {}, tier = 0): Promise<Outcome> {
    const { outcome } = await this.#notifier.deliver(
      { revision: ++this.#revision, ...signal },
      { letter: { reason, receipt: this.receipt, ...letter }, tier },
    )
    if (outcome.result === 'delivered') this.receipt = outcome.receipt
    return outcome
  }
}

describe('a signal', () => {
  it('is one message however much it grows: changed in place, and no bell rings [case 47] [case 56]', async () => {
    await using server = await SlackServer.start()
    await using notifier = await opened(byBot(server))
    const conversation = new Conversation(notifier)
    expect(await conversation.tell('opened')).toMatchObject({ result: 'delivered' })
    for (let count = 2; count <= 10_000; count *= 2) await conversation.tell('updated', { count })
    expect(server.channel).toHaveLength(1)
    expect(server.replies).toEqual([])
    expect(server.channel[0]).toMatchObject({ changed: 13, text: expect.stringContaining('8,192 times') })
    expect(server.calls.map(({ method }) => method)).toEqual(['chat.postMessage', ...Array.from({ length: 13 }, () => 'chat.update')])
    expect(server.refused).toEqual([])
    expect(new Set(server.calls.map(({ agent }) => agent))).toEqual(new Set(['cws']))
    for (const { fields } of server.calls)
      expect(fields).toMatchObject({ parse: 'none', link_names: false, unfurl_links: false, unfurl_media: false })
  })

  it('of which an argument calls the channel calls nobody, posted or changed [case 47]', async () => {
    await using server = await SlackServer.start()
    await using notifier = await opened(byBot(server, { mentions: ['channel'] }))
    const conversation = new Conversation(notifier)
    const { signal, message, title } = hostileLetter('<!channel>')
    for (const reason of ['opened', 'updated'] as const)
      expect(await conversation.tell(reason, { ...signal, revision: reason === 'opened' ? 1 : 2 }, { message, title })).toMatchObject({
        result: 'delivered',
      })
    expect(server.calls.map(({ method }) => method)).toEqual(['chat.postMessage', 'chat.update'])
    for (const { method, fields } of server.calls) {
      expect(fields).toMatchObject({ parse: 'none', link_names: false })
      expect(String(fields['text'])).toContain('&lt;!channel&gt;')
      const { popup, blocks } = read(fields as never, method === 'chat.update')
      expect([popup.mentions, blocks.mentions]).toEqual([[], []])
    }
  })

  it('that somebody must hear of again is said in its thread, for the channel to see; what was decided only there', async () => {
    await using server = await SlackServer.start()
    await using notifier = await opened(byBot(server, { mentions: ['S0TEAM'] }))
    const conversation = new Conversation(notifier)
    const message = [paragraph(words('For '), mention('slack', 'S0TEAM'))]
    await conversation.tell('opened', {}, { message })
    await conversation.tell('raised', { severity: 'critical' }, { message })
    await conversation.tell('escalated', { severity: 'critical' }, { message })
    await conversation.tell('acknowledged', { severity: 'critical', status: 'acknowledged' }, { message })
    await conversation.tell('archived', { severity: 'critical', status: 'archived' }, { message })
    const [root] = server.channel
    expect(root).toMatchObject({ changed: 4, blocks: [{ text: { text: '⚫ Archived · A program was run from memory' } }, {}, {}] })
    expect(server.replies.map(({ text, thread, inChannel }) => [text, thread, inChannel])).toEqual([
      ['Raised to critical: 🔴 Critical · A program was run from memory (test, once)', root?.ts, true],
      ['Nobody has acknowledged this yet: 🔴 Critical · A program was run from memory (test, once)', root?.ts, true],
      ['Acknowledged: 🔴 Critical, acknowledged · A program was run from memory (test, once)', root?.ts, false],
      ['Archived: ⚫ Archived · A program was run from memory (test, once)', root?.ts, false],
    ])
    expect(server.refused).toEqual([])
  })

  it('whose message was deleted gets a new one, which is then followed [case 56]', async () => {
    await using server = await SlackServer.start()
    await using notifier = await opened(byBot(server))
    const conversation = new Conversation(notifier)
    await conversation.tell('opened')
    server.messages.clear()
    expect(await conversation.tell('raised', { count: 2 })).toMatchObject({ result: 'delivered' })
    expect([server.channel.length, server.replies.length]).toEqual([1, 0])
    await conversation.tell('updated', { count: 3 })
    expect(server.channel).toMatchObject([{ changed: 1 }])
  })

  it.each(['message_not_found', 'cant_update_message', 'is_inactive', 'channel_not_found'])(
    'whose message cannot be changed (%s) gets a new one',
    async (error) => {
      await using server = await SlackServer.start()
      await using notifier = await opened(byBot(server))
      const conversation = new Conversation(notifier)
      await conversation.tell('opened')
      server.answerOnce(200, JSON.stringify({ ok: false, error }))
      expect(await conversation.tell('updated', { count: 2 })).toMatchObject({ result: 'delivered' })
      expect(server.channel).toHaveLength(2)
    },
  )

  it('whose message is too old to be changed goes on in its thread, quietly where it only grew', async () => {
    await using server = await SlackServer.start()
    await using notifier = await opened(byBot(server, { mentions: ['S0TEAM'] }))
    const conversation = new Conversation(notifier)
    const message = [paragraph(words('For '), mention('slack', 'S0TEAM'))]
    await conversation.tell('opened', {}, { message })
    const { receipt } = conversation
    for (const [reason, count] of [
      ['updated', 2],
      ['raised', 3],
    ] as const) {
      server.answerOnce(200, '{"ok":false,"error":"edit_window_closed"}')
      expect(await conversation.tell(reason, { count }, { message })).toEqual({ result: 'delivered', receipt })
    }
    expect([server.channel.length, server.channel[0]?.changed]).toEqual([1, 0])
    expect(server.replies.map((reply) => [reply.text.slice(0, 10), reply.inChannel, read(reply).blocks.mentions])).toEqual([
      ['It goes on', false, []],
      ['Raised to ', true, ['S0TEAM']],
    ])
  })

  it('that was opened anew, or is told in another channel, gets a new message; the old one stays as it was', async () => {
    await using server = await SlackServer.start()
    await using notifier = await opened(byBot(server))
    const conversation = new Conversation(notifier)
    await conversation.tell('opened')
    await conversation.tell('archived', { status: 'archived' })
    await conversation.tell('opened', {}, { generation: 2 })
    await using moved = await opened(byBot(server, { channel: '#other' }))
    const { receipt } = conversation
    const { outcome } = await moved.deliver({ revision: 9 }, { letter: { reason: 'updated', receipt, generation: 2 } })
    expect(outcome).toMatchObject({ result: 'delivered', receipt: expect.stringContaining('"C0OTHER"') })
    expect(server.channel.map(({ changed }) => changed)).toEqual([1, 0, 0])
  })

  it('does not lend its message to what is about no single signal', async () => {
    await using server = await SlackServer.start()
    await using notifier = await opened(byBot(server))
    const conversation = new Conversation(notifier)
    await conversation.tell('opened')
    const { receipt } = conversation
    const outcome = await conversation.tell('digest')
    expect(outcome).toEqual({ result: 'delivered' })
    expect(server.channel.map(({ changed }) => changed)).toEqual([0, 0])
    expect(receipt).toBeDefined()
  })

  it('with a receipt that is none is posted', async () => {
    await using server = await SlackServer.start()
    await using notifier = await opened(byBot(server))
    for (const receipt of ['', 'null', '[]', '{"channel":1}', '{"channel":"C0SECURITY","ts":"1"}', 'x'.repeat(4096)])
      expect((await notifier.deliver({}, { letter: { receipt } })).outcome).toMatchObject({ result: 'delivered' })
    expect(server.channel).toHaveLength(6)
  })

  it('that could not be rendered is told all the same', async () => {
    await using server = await SlackServer.start()
    await using notifier = await opened(byBot(server))
    const { notification } = await notifier.deliver()
    const body = JSON.stringify({ kind: 'signal', ...notification.signal })
    const outcome = await notifier.notifier.deliver({ ...notification, body }, AbortSignal.timeout(5_000))
    expect(outcome).toMatchObject({ result: 'delivered' })
    expect(server.channel[1]).toMatchObject({ text: '🟠 High · A program was run from memory (test, once): `/dev/shm/x` was executed.' })
  })
})

describe('a message that Slack does not take', () => {
  it('is refused, so that a plainer one is made, which is taken [case 57]', async () => {
    await using server = await SlackServer.start()
    await using notifier = await opened(byBot(server))
    const conversation = new Conversation(notifier)
    server.answerOnce(
      200,
      '{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["[ERROR] no more than 50 items allowed [json-pointer:/blocks]"]}}',
    )
    expect(await conversation.tell('opened')).toEqual({
      result: 'reject',
      detail: 'Slack says invalid_blocks: [ERROR] no more than 50 items allowed [json-pointer:/blocks]',
    })
    expect(await conversation.tell('opened', {}, {}, 1)).toMatchObject({ result: 'delivered' })
  })

  it('loses the blocks that it had when it is changed into one without', async () => {
    await using server = await SlackServer.start()
    await using notifier = await opened(byBot(server))
    const conversation = new Conversation(notifier)
    await conversation.tell('opened')
    await conversation.tell('updated', { count: 2 }, {}, 2)
    expect(server.channel[0]?.blocks).toEqual([])
  })
})

describe('a try', () => {
  it('whose reply failed changes the message once more and repeats the reply alone', async () => {
    await using server = await SlackServer.start()
    await using notifier = await opened(byBot(server))
    const conversation = new Conversation(notifier)
    await conversation.tell('opened')
    server.next.push(() => false)
    server.answerOnce(503, '')
    expect(await conversation.tell('raised')).toEqual({ result: 'retry', detail: 'HTTP 503' })
    expect(await conversation.tell('raised')).toMatchObject({ result: 'delivered' })
    expect(server.replies).toHaveLength(1)
  })

  it('whose fate is unknown left its key in the message', async () => {
    await using server = await SlackServer.start()
    await using notifier = await opened(byBot(server, { timeout: 200 }))
    server.next.push(() => undefined)
    expect((await notifier.deliver()).outcome).toEqual({ result: 'ambiguous', detail: 'no answer in time' })
    await notifier.deliver()
    const keys = server.calls.map(({ fields }) => (fields as { metadata: { event_payload: object } }).metadata.event_payload)
    expect(keys).toEqual(
      Array.from({ length: 2 }, () => ({ key: '01JDEXAMPLE0000000000000AA:1:slack', signal: '01JDEXAMPLE0000000000000AA', revision: 1 })),
    )
  })

  it('to change a message may be overtaken, whatever became of it', async () => {
    await using server = await SlackServer.start()
    await using notifier = await opened(byBot(server, { timeout: 300 }))
    const conversation = new Conversation(notifier)
    await conversation.tell('opened')
    server.next.push(() => undefined)
    expect(await conversation.tell('updated')).toEqual({ result: 'retry', detail: 'no answer in time' })
    server.next.push(
      () => false,
      () => undefined,
    )
    expect(await conversation.tell('raised')).toEqual({ result: 'ambiguous', detail: 'no answer in time' })
  })

  it('takes the token as it is now [case 64]', async () => {
    await using server = await SlackServer.start()
    const secrets: Record<string, string> = { SLACK: 'xoxb-an-old-one' }
    await using notifier = await opened(byBot(server, {}, { env: 'SLACK' }), secrets)
    expect((await notifier.deliver()).outcome).toEqual({ result: 'broken', detail: 'Slack says invalid_auth' })
    secrets['SLACK'] = TOKEN
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'delivered' })
    secrets['SLACK'] = ''
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'broken', detail: expect.stringContaining('token') })
    expect(server.calls).toHaveLength(2)
  })

  it('repeats the bytes that were stored', async () => {
    await using server = await SlackServer.start()
    await using notifier = await opened(byBot(server))
    const { notification } = await notifier.deliver()
    await notifier.notifier.deliver({ ...notification, attempt: 2 }, AbortSignal.timeout(5_000))
    expect(server.calls[1]?.fields).toEqual(server.calls[0]?.fields)
    expect(notification.body).not.toContain(TOKEN)
    expect(notification.body).not.toContain('localhost')
  })
})

describe('a channel', () => {
  it('gets no more than a message a second, also when several signals want more [case 56]', async () => {
    await using server = await SlackServer.start({ strict: true })
    await using notifier = await opened(byBot(server), {}, new Pace())
    const { outcome } = await notifier.deliver()
    const receipt = outcome.result === 'delivered' ? outcome.receipt : undefined
    const grown = notifier.deliver({ revision: 2 }, { letter: { receipt } })
    const other = notifier.deliver({ id: '01JDOTHER00000000000000000' })
    expect((await Promise.all([grown, other])).map((it) => it.outcome.result)).toEqual(['delivered', 'delivered'])
    expect(server.calls.map(({ answer }) => answer)).toEqual(['ok', 'ok', 'ok'])
  })

  it('is left alone as long as Slack says, without being asked again', async () => {
    await using server = await SlackServer.start()
    await using notifier = await opened(byBot(server))
    server.answerOnce(429, '{"ok":false,"error":"ratelimited"}', { 'retry-after': '30' })
    expect((await notifier.deliver()).outcome).toEqual({ result: 'retry', detail: 'Slack says ratelimited', retryAfterMs: 30_000 })
    const { outcome } = await notifier.deliver()
    expect(outcome).toMatchObject({ result: 'retry', detail: 'the channel takes no more messages for now' })
    expect((outcome as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(25_000)
    expect(server.calls).toHaveLength(1)
  })

  it('has one pace for all who speak there', () => {
    expect(paceOf('https://slack.com/api/ #a')).toBe(paceOf('https://slack.com/api/ #a'))
    expect(paceOf('https://slack.com/api/ #a')).not.toBe(paceOf('https://slack.com/api/ #b'))
  })

  it('is asked again after an hour, whatever Slack says', async () => {
    const pace = new Pace(0)
    pace.pause(1e12)
    const missed = await pace.run<Outcome>(
      new AbortController().signal,
      async () => ({ result: 'delivered' }),
      (failure) => failure,
    )
    expect((missed as { retryAfterMs: number }).retryAfterMs).toBeLessThanOrEqual(3_600_000)
  })

  it('whose turn does not come in time was sent nothing', async () => {
    await using server = await SlackServer.start()
    await using notifier = await opened(byBot(server), {}, new Pace(4_000))
    await notifier.deliver()
    expect((await notifier.deliver({}, { deadlineMs: 50 })).outcome).toEqual({
      result: 'retry',
      detail: 'stopped while it waited for its turn in the channel',
    })
    expect(server.calls).toHaveLength(1)
  })
})
