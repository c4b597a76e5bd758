import { type Document, printable, textOf } from '@cws/core'
import { hostileLetter, hostileValues, sampleSignal } from '@cws/core/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultMessage } from '../../../core/src/messages/default-message.ts'
import { everywhere, letter, paragraph, value } from '../../../core/test/fixtures/letters.ts'
import { render } from '../src/message/render.ts'
import { decoded, read } from './grammar.ts'
import { type Message, messageSchema } from './schema.ts'

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

const OPTIONS = { mentions: ['U012AB3CD', 'S012', 'here', 'channel'], inPlace: true } as const
/** A text that is nowhere else, to learn where a message has values. */
const HARMLESS = 'Qz0Zq'

const made = (text: string, tier: number) => {
  const { message, reply } = render(everywhere(text), tier, OPTIONS)
  return { message: messageSchema.parse(message), reply: messageSchema.parse(reply) }
}
/** What a reader sees of the block that is the message itself. */
const bodyOf = ({ blocks, ...message }: Message): string => read({ ...message, blocks: blocks?.slice(2) }).blocks.text
/** The same of a harmless text, by tier. */
const bodies = [0, 1].map((tier) => bodyOf(made(HARMLESS, tier).message))

/** Nothing acts, in any form of the message, posted or changed; `text` stands wherever it was put, as it is, or cut with a mark that counts. */
function expectInert(text: string): void {
  let head: string | undefined
  for (const tier of [0, 1, 2]) {
    const { message, reply } = made(text, tier)
    for (const one of [message, reply])
      for (const update of [false, true]) {
        const { popup, blocks } = read(one, update)
        expect([popup.mentions, popup.links, blocks.mentions, blocks.links, blocks.markup]).toEqual([[], [], [], [], []])
        if (one.blocks === undefined) expect(popup.markup).toEqual([])
      }
    if (text === '') continue
    head ??= expectSmallPrint(message, text)
    expectWhole(message, reply, text, head, tier)
  }
}

/** The title, and what stands below it. Returns how the popup begins. */
function expectSmallPrint({ text, blocks = [] }: Message, value: string): string {
  const [header, facts] = blocks
  if (header?.type !== 'header' || facts?.type !== 'context') throw new Error('the message begins otherwise')
  const title = header.text.text
  expect(title.slice(0, TITLE.length)).toBe(TITLE)
  expectCut(title.slice(TITLE.length), oneLine(value))
  const [, host, times, , rule, tags] = facts.elements.map((element) => element.text)
  expectCut(host ?? '', oneLine(`on ${value}`))
  expectCut(rule ?? '', oneLine(`rule ${value}`))
  if (value.trim() !== '') expectCut(tags ?? '', oneLine(value))
  expect(times).toBe('once')
  const popup = decoded(text)
  const where = popup.slice(title.length + 2, popup.indexOf(', once)', title.length))
  expectCut(where, oneLine(value))
  return `${title} (${where}, once)`
}

/** The message, what pops up, and the answer in its thread. */
function expectWhole(message: Message, reply: Message, text: string, head: string, tier: number): void {
  const body = (of: number): string => (bodies[of] as string).replaceAll(HARMLESS, () => text)
  if (tier < 2) {
    const [kept, note] = bodyOf(message).split(/… \d+ more characters are cut; see: cws signals show /)
    if (note === undefined) expect(kept).toBe(body(tier))
    else expect(body(tier).startsWith((kept as string).replace(/\n+$/, ''))).toBe(true)
  }
  const sentences = printable(oneLine(`in ${text}${text}\n${text}\n${text}`.slice(0, 1_200)))
  expectCut(popupOf(message), tier === 2 ? `${head}\n${body(1)}`.trim().replaceAll('`', 'ˋ') : `${head}: ${sentences}`)
  const said = `Raised to high: ${head}`
  expect(popupOf(reply)).toBe(tier === 0 ? said : said.replaceAll('`', 'ˋ'))
  expect(read(reply).blocks.text.trim()).toBe(tier === 0 ? said.trim() : '')
}

/** What pops up: beside blocks the words as they are, else what is read of them. */
const popupOf = (message: Message): string => (message.blocks ? decoded(message.text) : read(message).popup.text)

const TITLE = '🟠 High · '
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

/** A text is shown whole, or its beginning with the number of characters that are left out. */
function expectCut(shown: string, whole: string): void {
  if (shown === whole) return
  const [, kept = '', gone] = /^(.*)…\(\+(\d+)\)$/s.exec(shown) ?? []
  expect([whole.slice(0, kept.length), whole.length - Number(gone)]).toEqual([kept, kept.length])
  // Characters of many parts may be longer than what is cut.
  if (/^[ -~]*$/.test(whole)) expect(kept.length).toBeGreaterThan(8)
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
