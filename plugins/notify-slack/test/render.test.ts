import type { Document, Reason } from '@cws/core'
import { describe, expect, it } from 'vitest'
import { letter, mention, paragraph, value, words } from '../../../core/test/fixtures/letters.ts'
import { type RenderOptions, render } from '../src/message/render.ts'
import { read } from './grammar.ts'
import { type Message, messageSchema, wordsIn } from './schema.ts'

const call = (id: string, channel = 'slack') => mention(channel, id)
const inPlace: RenderOptions = { mentions: [], inPlace: true }
const webhook: RenderOptions = { mentions: [], inPlace: false }

function drawn(document: Document, tier = 0, options = inPlace, over = {}): Message {
  return messageSchema.parse(render(letter({ message: document, ...over }), tier, options).message)
}

describe('a message', () => {
  it('says how bad it is and what, then where, how often, when and by which rule, then what the template says', () => {
    const message = drawn(
      [
        { type: 'heading', level: 2, children: [words('What happened')] },
        paragraph(
          { type: 'code', children: [{ type: 'text', text: '/dev/shm/x', value: true }] },
          words(' was '),
          { type: 'strong', children: [words('run')] },
          { type: 'break' },
          words('by '),
          value('www-data'),
        ),
        { type: 'code', children: [{ type: 'text', text: 'systemd\n└ nginx', value: true }] },
        { type: 'quote', children: [paragraph({ type: 'emphasis', children: [words('Look')] })] },
        {
          type: 'list',
          ordered: true,
          items: [
            [paragraph(words('one'))],
            [paragraph(words('two')), { type: 'list', ordered: false, items: [[paragraph(words('deeper'))]] }],
            [paragraph(words('three'))],
          ],
        },
        paragraph({ type: 'link', url: 'https://wiki.example/run?x=%3C', children: [words('The runbook')] }),
      ],
      0,
      inPlace,
      {},
    )
    expect(message).toEqual({
      text: '🟠 High · A program was run from memory (test, once): /dev/shm/x was run by www-data The runbook (https://wiki.example/run?x=%3C)',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: '🟠 High · A program was run from memory', emoji: false } },
        {
          type: 'context',
          elements: [
            { type: 'plain_text', text: 'on test', emoji: false },
            { type: 'plain_text', text: 'once', emoji: false },
            { type: 'mrkdwn', text: 'seen <!date^1795510800^{date_short_pretty} {time_secs}|2026-11-24 09:00:00 UTC>', verbatim: true },
            { type: 'plain_text', text: 'rule exec-from-memory-fs', emoji: false },
            { type: 'plain_text', text: 'mitre:T1059', emoji: false },
            { type: 'plain_text', text: 'signal 01JDEXAMPLE0000000000000AA', emoji: false },
          ],
        },
        {
          type: 'rich_text',
          elements: [
            {
              type: 'rich_text_section',
              elements: [
                { type: 'text', text: 'What happened', style: { bold: true } },
                { type: 'text', text: '\n' },
              ],
            },
            {
              type: 'rich_text_section',
              elements: [
                { type: 'text', text: '/dev/shm/x', style: { code: true } },
                { type: 'text', text: ' was ' },
                { type: 'text', text: 'run', style: { bold: true } },
                { type: 'text', text: '\nby www-data' },
              ],
            },
            { type: 'rich_text_preformatted', elements: [{ type: 'text', text: 'systemd\n└ nginx' }] },
            { type: 'rich_text_quote', elements: [{ type: 'text', text: 'Look', style: { italic: true } }] },
            {
              type: 'rich_text_list',
              style: 'ordered',
              indent: 0,
              elements: [
                { type: 'rich_text_section', elements: [{ type: 'text', text: 'one' }] },
                { type: 'rich_text_section', elements: [{ type: 'text', text: 'two' }] },
              ],
            },
            {
              type: 'rich_text_list',
              style: 'bullet',
              indent: 1,
              elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'deeper' }] }],
            },
            {
              type: 'rich_text_list',
              style: 'ordered',
              indent: 0,
              offset: 2,
              elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'three' }] }],
            },
            {
              type: 'rich_text_section',
              elements: [{ type: 'link', url: 'https://wiki.example/run?x=%3C', text: 'The runbook' }],
            },
          ],
        },
      ],
      metadata: {
        event_type: 'cws_signal',
        event_payload: { key: '01JDEXAMPLE0000000000000AA:1:team', signal: '01JDEXAMPLE0000000000000AA', revision: 1 },
      },
      parse: 'none',
      link_names: false,
      unfurl_links: false,
      unfurl_media: false,
    })
  })

  it('has code in one piece, and long code in pieces that Slack takes', () => {
    const code = (...texts: string[]): Document => [
      paragraph({ type: 'code', children: texts.map((text) => ({ type: 'text', text, value: true })) }),
    ]
    const elements = (document: Document) => JSON.stringify(drawn(document).blocks?.slice(2))
    expect(elements(code('cws signals show ', '01JD'))).toBe(
      '[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"cws signals show 01JD","style":{"code":true}}]}]}]',
    )
    expect(elements(code('x'.repeat(2_000), 'y'.repeat(2_000))).match(/"type":"text"/g)).toHaveLength(2)
  })

  it('gets plainer with each tier', () => {
    const document = [paragraph(value('`x` & <y>'))]
    const plain = drawn(document, 1)
    expect(plain.blocks?.map(({ type }) => type)).toEqual(['header', 'context', 'section'])
    expect(read(plain).blocks.text).toContain('`x` & <y>')
    expect(wordsIn(plain.blocks)).toContain('last seen 2026-11-24 09:00:00 UTC')
    const short = drawn(document, 2)
    expect(short.text).toBe('```🟠 High · A program was run from memory (test, once)\nˋxˋ &amp; &lt;y&gt;```')
    expect(short).not.toHaveProperty('blocks')
  })

  it.each([
    ['acknowledged', '🟠 High, acknowledged · '],
    ['archived', '⚫ Archived · '],
    ['open', '🟠 High · '],
  ] as const)('of a signal that is %s shows it', (status, head) => {
    const { blocks } = render(letter({}, { status }), 0, inPlace).message
    expect(blocks?.[0]).toMatchObject({ text: { text: `${head}A program was run from memory` } })
  })

  it('about no single signal has no severity, and is no message of a signal', () => {
    for (const reason of ['digest', 'notice', 'test'] as const) {
      const request = render(letter({ reason, title: 'Quiet hours are over' }), 0, inPlace)
      expect(request).toMatchObject({
        single: true,
        message: { blocks: [{ text: { text: 'Quiet hours are over' } }, { type: 'context' }, {}] },
      })
      expect(request).not.toHaveProperty('reply')
    }
  })

  it('is said again in the thread when somebody should hear of it, and in the channel when somebody must', () => {
    const told = (reason: Reason): unknown => {
      const { reply, say } = render(letter({ reason }), 0, inPlace)
      return reply === undefined ? 'nowhere else' : (say ?? 'in place')
    }
    expect(
      Object.fromEntries(
        (
          [
            'opened',
            'updated',
            'raised',
            'repeat',
            'escalated',
            'acknowledged',
            'archived',
            'replayed',
            'digest',
            'notice',
            'test',
          ] as const
        ).map((reason) => [reason, told(reason)]),
      ),
    ).toEqual({
      opened: 'nowhere else',
      updated: 'in place',
      raised: 'channel',
      repeat: 'channel',
      escalated: 'channel',
      acknowledged: 'thread',
      archived: 'thread',
      replayed: 'channel',
      digest: 'nowhere else',
      notice: 'nowhere else',
      test: 'nowhere else',
    })
  })

  it('for the thread is a message too, in every tier', () => {
    for (const tier of [0, 1, 2]) {
      const { reply } = render(letter({ reason: 'escalated', title: '`<!channel>` *x*' }), tier, inPlace)
      const seen = read(messageSchema.parse(reply))
      expect(seen.popup.mentions).toEqual([])
      expect((tier === 0 ? seen.blocks : seen.popup).text).toMatch(
        /^Nobody has acknowledged this yet: 🟠 High · .<!channel>. \*x\* \(test, once\)/,
      )
    }
  })

  it('by a webhook stands alone and says why it comes', () => {
    const request = render(letter({ reason: 'raised' }), 0, webhook)
    expect(request).not.toHaveProperty('reply')
    expect(wordsIn(request.message.blocks)).toContain('Raised to high')
  })
})

describe('who is called', () => {
  const document = [paragraph(words('See '), call('S0TEAM'), call('U0ANNA'), call('here'), call('U0OTHER'), call('P123', 'pagerduty'))]
  const some = { mentions: ['S0TEAM', 'U0ANNA', 'here'], inPlace: true }

  it('is whom the options allow; others are left out, and named', () => {
    for (const tier of [0, 1, 2]) {
      const seen = read(drawn(document, tier, some))
      const { mentions, text } = tier === 2 ? seen.popup : seen.blocks
      expect(mentions).toEqual(['S0TEAM', 'U0ANNA', 'here'])
      expect(text).toContain(tier === 2 ? '1 not called' : 'Not called, for the option "mentions" does not name them: U0OTHER')
    }
    expect(read(drawn(document)).blocks.mentions).toEqual([])
  })

  it('is called again by what must be heard, and not when the work is done', () => {
    const of = (reason: Reason, options = some): string[] => {
      const { reply, message } = render(letter({ reason, message: document }), 0, options)
      return read(messageSchema.parse(reply ?? message)).blocks.mentions
    }
    expect(of('escalated')).toEqual(['S0TEAM', 'U0ANNA', 'here'])
    expect(of('acknowledged')).toEqual([])
    expect(of('archived')).toEqual([])
    expect(of('updated', { ...some, inPlace: false })).toEqual([])
    expect(of('raised', { ...some, inPlace: false })).toEqual(['S0TEAM', 'U0ANNA', 'here'])
  })

  it('is called by a message that is cut before the mention too', () => {
    for (const tier of [0, 1, 2]) {
      const seen = read(drawn([paragraph(value('x'.repeat(20_000))), ...document], tier, some))
      expect((tier === 2 ? seen.popup : seen.blocks).mentions).toEqual(['S0TEAM', 'U0ANNA', 'here'])
    }
  })

  it('is nobody in a value, whatever the options allow', () => {
    const text = '<@U0ANNA> <!here> @here <!subteam^S0TEAM>'
    for (const tier of [0, 1, 2]) {
      const seen = read(drawn([paragraph(value(text))], tier, some))
      expect([...seen.popup.mentions, ...seen.blocks.mentions]).toEqual([])
    }
  })
})

describe('limits', () => {
  const fill = (length: number): string => '<'.repeat(length)

  it.each([749, 750, 751, 2_999, 3_000, 3_001, 11_999, 12_000, 12_001, 200_000])(
    'are kept by %i characters that grow fourfold [case 59]',
    (length) => {
      const documents: Document[] = [
        [paragraph(value(fill(length)))],
        [{ type: 'code', children: [{ type: 'text', text: fill(length), value: true }] }],
        [{ type: 'list', ordered: false, items: [[paragraph(value(fill(length)))]] }],
        [paragraph({ type: 'link', url: `https://a.example/${'b'.repeat(length)}`, children: [value(fill(length))] })],
      ]
      for (const document of documents)
        for (const tier of [0, 1, 2]) {
          const message = drawn(document, tier, inPlace, { title: fill(length) })
          const all = [message.text, ...wordsIn(message.blocks)].join('')
          if (length > 3_000) expect(all).toMatch(/more characters are cut; see: cws signals show 01JDEX|…\(\+\d+\)/)
          if (tier === 2) expect(message.text.length).toBeLessThanOrEqual(500)
        }
    },
  )

  it.each([49, 50, 51, 3_000])('are kept by %i paragraphs, and by as many lists in lists [case 59]', (count) => {
    const paragraphs = Array.from({ length: count }, (_, i) => paragraph(value(`${i}`)))
    let list: Document = [paragraph(value('x'))]
    for (let i = 0; i < Math.min(count, 200); i++) list = [{ type: 'list', ordered: true, items: [[paragraph(value('x')), ...list]] }]
    for (const document of [paragraphs, list, [{ type: 'quote', children: paragraphs }] as Document])
      for (const tier of [0, 1, 2]) drawn(document, tier)
  })

  it('cut at the end of a whole character, and say how many are gone', () => {
    const family = '👨‍👩‍👧‍👦'
    const message = drawn([paragraph(value(family.repeat(2_000)))])
    const words = wordsIn(message.blocks)
    const shown = words.filter((text) => text.includes('👨')).join('')
    expect(shown.replaceAll(family, '')).toBe('')
    expect(words.at(-1)).toBe(
      `… ${family.length * 2_000 - shown.length} more characters are cut; see: cws signals show 01JDEXAMPLE0000000000000AA`,
    )
  })

  it('are kept by a signal whose every field is long', () => {
    const long = fill(50_000)
    const signal = { id: long, host: { name: long }, rule: { id: long, name: long }, tags: [long, long], last_seen: long }
    for (const reason of ['raised', 'archived', 'notice'] as const)
      for (const tier of [0, 1, 2])
        for (const options of [inPlace, webhook]) {
          const mentions = Array.from({ length: 100 }, (_, i) => `U0${'A'.repeat(18)}${i}`.slice(0, 21))
          const request = render(
            letter({ reason, title: long, message: [paragraph(value(long), ...mentions.map((id) => call(id)))] }, signal),
            tier,
            { ...options, mentions },
          )
          messageSchema.parse({ ...request.message, metadata: undefined })
          if (request.reply) messageSchema.parse({ ...request.reply, metadata: undefined })
        }
  })
})
