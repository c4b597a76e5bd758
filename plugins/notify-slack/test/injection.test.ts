import { type Document, printable, textOf } from '@cws/core'
import { hostileLetter, hostileValues, sampleSignal } from '@cws/core/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultMessage } from '../../../core/src/messages/default-message.ts'
import { everywhere, letter, paragraph, value } from '../../../core/test/fixtures/letters.ts'
import { render } from '../src/message/render.ts'
import { read } from './grammar.ts'
import { messageSchema } from './schema.ts'

/** Runs with a seed of their own, a part of those of the long test. */
const SLICE = 150
const runs = process.env['CWS_TEST_LONG'] ? 100_000 : SLICE

/** Bytes as a file's name or an argument has them, made into text as core does. */
const stageZero = (bytes: Uint8Array): string => printable(textOf(bytes, 0, bytes.length))

const hostile = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.constantFrom(...hostileValues.filter(({ length }) => length < 200), '<', '>', '&', '`', '\n').map((text) => Buffer.from(text)),
    ),
    {
      maxLength: 6,
    },
  )
  .map((parts) => stageZero(Buffer.concat(parts)))

/** Nothing acts, in any form of the message, posted or changed; `text` stands there as it is. */
function expectInert(text: string): void {
  for (const tier of [0, 1, 2]) {
    const { message, reply } = render(everywhere(text), tier, {
      mentions: ['U012AB3CD', 'S012', 'here', 'channel'],
      inPlace: true,
    })
    const parsed = messageSchema.parse(message)
    for (const made of [parsed, messageSchema.parse(reply)])
      for (const update of [false, true]) {
        const { popup, blocks } = read(made, update)
        expect([popup.mentions, popup.links, blocks.mentions, blocks.links, blocks.markup]).toEqual([[], [], [], [], []])
        if (made.blocks === undefined) expect(popup.markup).toEqual([])
      }
    const { popup, blocks } = read(parsed)
    if (tier < 2) expect(blocks.text).toContain(text)
    else
      expect(popup.text.startsWith(text.slice(0, 20).replace(/\s+/g, ' ').trim().replaceAll('`', 'ˋ'), popup.text.indexOf('· ') + 2)).toBe(
        true,
      )
  }
}

describe('values', () => {
  it.each(hostileValues.map((text) => [JSON.stringify(text).slice(0, 60), text] as const))(
    '%s is text wherever it stands [case 45]',
    (_, text) => {
      for (const reason of ['opened', 'raised', 'digest'] as const)
        for (const tier of [0, 1, 2]) {
          const { message, reply } = render(hostileLetter(text, { reason }), tier, {
            mentions: ['U012AB3CD', 'S012', 'here', 'channel'],
            inPlace: true,
          })
          for (const made of reply ? [message, reply] : [message])
            for (const update of [false, true]) {
              const { popup, blocks } = read(messageSchema.parse(made), update)
              expect([popup.mentions, blocks.mentions, popup.links, blocks.markup]).toEqual([[], [], [], []])
              expect(blocks.links.filter((url) => !url.startsWith('https://wiki.example.com/?q='))).toEqual([])
            }
        }
    },
  )

  it(`of any bytes are text wherever they stand (${runs} runs) [case 46]`, () => {
    fc.assert(fc.property(hostile, expectInert), { numRuns: runs, ...(runs > SLICE ? {} : { seed: 20261130 }) })
  }, 1_800_000)

  it('of an event are text in the message that is told where no template says otherwise', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const process = {
          pid: 7,
          file: { path: text, name: text },
          user: text,
          args: text,
          ancestors: [{ pid: 1, file: { path: text, name: text } }],
        }
        const signal = sampleSignal({
          title: text,
          message: text,
          advice: text,
          host: { name: text },
          rule: { id: text, name: text },
          tags: [text],
          group: { 'process.args': text },
          event: { type: 'exec', process, container: { id: text, name: text }, exec: { file: { path: text } } },
        })
        const occasion = { reason: 'raised', rule: text, generation: 1, time: signal.last_seen } as const
        const message = defaultMessage({ signal, occasion })
        for (const tier of [0, 1, 2]) {
          const request = render(letter({ reason: 'raised', message, title: text }, signal), tier, { mentions: ['here'], inPlace: true })
          for (const made of [request.message, request.reply]) {
            const { popup, blocks } = read(messageSchema.parse(made), true)
            expect([popup.mentions, popup.links, blocks.mentions, blocks.links, blocks.markup]).toEqual([[], [], [], [], []])
          }
        }
      }),
      { numRuns: Math.min(runs, 5_000) / 2, seed: 20261130 },
    )
  })

  it('in the label of a link leave the link as its author wrote it', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const url = 'https://wiki.example/run'
        const message: Document = [paragraph({ type: 'link', url, children: [value(text)] })]
        const { blocks } = read(messageSchema.parse(render(letter({ message }), 0, { mentions: [], inPlace: true }).message))
        expect(blocks.links).toEqual([url])
        expect(blocks.text).toContain(text)
      }),
      { numRuns: 100, seed: 20261130 },
    )
  })

  it('that are addresses of other kinds never become links', () => {
    for (const url of [
      'javascript:alert(1)',
      'data:text/html,x',
      'slack://open',
      'file:///etc/passwd',
      'not an address',
      `https://a.example/${'b'.repeat(3_001)}`,
    ]) {
      const message: Document = [paragraph({ type: 'link', url, children: [value('here')] })]
      for (const tier of [0, 1, 2]) {
        const { blocks, popup } = read(messageSchema.parse(render(letter({ message }), tier, { mentions: [], inPlace: true }).message))
        expect([blocks.links, popup.links]).toEqual([[], []])
        expect((tier === 2 ? popup : blocks).text).toContain('here')
      }
    }
  })
})
