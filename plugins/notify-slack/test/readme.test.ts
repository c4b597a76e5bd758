import { readFileSync } from 'node:fs'
import type { Document, Inline } from '@cws/core'
import { expect, it } from 'vitest'
import { letter, paragraph, value, words } from '../../../core/test/fixtures/letters.ts'
import { render } from '../src/message/render.ts'
import { judgeApi } from '../src/send/outcome.ts'
import { type Message, messageSchema, type SlackBlock } from './schema.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

it('shows a message as it is', () => {
  const code = (text: string): Inline => ({ type: 'code', children: [{ type: 'text', text, value: true }] })
  const strong = (text: string): Inline => ({ type: 'strong', children: [words(text)] })
  const message: Document = [
    paragraph(code('/dev/shm/x -q'), words(' was run by '), value('www-data')),
    { type: 'code', children: [{ type: 'text', text: 'systemd 1\n└ nginx 812\n  └ bash 4711\n    └ x 4713', value: true }] },
    paragraph(strong('What to do:'), words(' look at what it is, and stop it.')),
    paragraph(words('Look further: '), code('cws signals show 01JDEXAMPLE0000000000000AA')),
  ]
  const signal = { count: 3, last_seen: '2026-11-24T09:02:11.000000000Z', host: { name: 'web-1' } }
  const made = render(letter({ reason: 'updated', message }, signal), 0, { mentions: [], inPlace: true })
  const [, shown] = /## What it looks like\n\n```\n([\s\S]*?)\n```/.exec(readme) ?? []
  expect(shown).toBe(picture(messageSchema.parse(made.message)))
})

it('says of failures what becomes of them', () => {
  const rows = [...readme.matchAll(/^\| (.*) \|$/gm)].map(([, row]) => row as string)
  const wordsOf = (result: RegExp): string[] =>
    rows.filter((row) => result.test(row)).flatMap((row) => [...row.matchAll(/`([a-z]+_[a-z_]+)`/g)].map(([, word]) => word as string))
  const outcomeOf = (error: string) => {
    const judged = judgeApi({ status: 200, text: JSON.stringify({ ok: false, error }), retryAfter: undefined, whole: true })
    return judged.ok ? 'ok' : judged.failure.result
  }
  for (const [row, outcome] of [
    [/the destination is broken/, 'broken'],
    [/tried again, with growing waits/, 'retry'],
    [/is refused/, 'reject'],
    [/may have arrived/, 'ambiguous'],
  ] as const) {
    const words = wordsOf(row).filter((word) => word !== 'cws_signal')
    expect(words.length, String(row)).toBeGreaterThan(1)
    expect(words.map(outcomeOf), words.join()).toEqual(words.map(() => outcome))
  }
})

/** A message as lines of text, about as Slack lays it out. */
function picture({ blocks = [] }: Message): string {
  return blocks.map(blockLines).join('\n\n')
}

function blockLines(block: SlackBlock): string {
  if (block.type === 'header' || block.type === 'section') return block.text.text
  if (block.type === 'context')
    return block.elements
      .map(({ text }) => text.replace(/<!date[^|]*\|([^>]*)>/g, '$1'))
      .reduce((lines, fact) => `${lines}${lines.length - lines.lastIndexOf('\n') + fact.length > 110 ? '\n' : '   '}${fact}`)
  return block.elements
    .map((element): string => {
      if (element.type === 'rich_text_list') return element.elements.map((line) => `• ${inlineText(line.elements)}`).join('\n')
      const text = inlineText(element.elements)
      return element.type === 'rich_text_preformatted' ? `\n${text.replace(/^/gm, '    ')}\n` : text
    })
    .join('\n')
}

type Inlines = Extract<Extract<SlackBlock, { type: 'rich_text' }>['elements'][number], { type: 'rich_text_section' }>['elements']

function inlineText(inlines: Inlines): string {
  return inlines
    .map((it) => {
      if (it.type !== 'text') return ''
      return it.style?.code ? `\`${it.text}\`` : it.style?.bold ? `*${it.text.trim()}*${it.text.endsWith(' ') ? ' ' : ''}` : it.text
    })
    .join('')
}
