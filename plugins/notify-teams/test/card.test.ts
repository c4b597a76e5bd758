import { readFileSync } from 'node:fs'
import { type Document, printable, severities, textOf } from '@cws/core'
import { hostileLetter, hostileValues, sampleSignal } from '@cws/core/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultMessage } from '../../../core/src/messages/default-message.ts'
import { datadogLetter } from '../../../core/test/fixtures/datadog-letter.ts'
import { code, everywhere, letter, mention, paragraph, value, words } from '../../../core/test/fixtures/letters.ts'
import { LIMITS, render } from '../src/card/render.ts'
import { messageSchema } from './card-schema.ts'
import { read } from './grammar.ts'

const call = (id: string, channel = 'teams') => mention(channel, id)
const TIERS = [0, 1, 2] as const
const ANN = { 'ann@example.com': 'Ann Example' }
const bytes = (body: string): number => Buffer.byteLength(body)

describe('a card', () => {
  it('says how bad it is, what, where, how often, when, and the message', () => {
    const { text, links, mentions } = read(render(letter({}, { count: 3, last_seen: '2026-11-24T09:02:11.000000000Z' }), 0, {}))
    expect(text).toBe(`High · A program was run from memory
on test · 3 times · rule exec-from-memory-fs · mitre:T1059 · signal 01JDEXAMPLE0000000000000AA
first seen 2026-11-24T09:00:00Z 2026-11-24T09:00:00Z, last 2026-11-24T09:02:11Z 2026-11-24T09:02:11Z
\`/dev/shm/x\` was executed.
`)
    expect([links, mentions]).toEqual([[], []])
  })

  it.each([...severities])('has a colour for %s, and none for what was judged', (severity) => {
    const styleOf = (status: 'open' | 'acknowledged' | 'archived') => {
      const [first] = messageSchema.parse(JSON.parse(render(letter({}, { severity, status }), 0, {}))).attachments[0].content.body
      return first?.type === 'Container' ? first.style : undefined
    }
    expect(styleOf('open')).toBe({ critical: 'attention', high: 'attention', medium: 'warning', low: 'accent', info: 'default' }[severity])
    expect([styleOf('acknowledged'), styleOf('archived')]).toEqual(['default', 'good'])
  })

  it('draws each part of a message', () => {
    const message: Document = [
      { type: 'heading', level: 2, children: [words('What')] },
      paragraph(words('a '), { type: 'strong', children: [words('b')] }, { type: 'break' }, { type: 'emphasis', children: [words('c')] }),
      { type: 'code', children: [{ type: 'text', text: 'systemd 1\n└ nginx 812\n  └ sh 99', value: true }] },
      {
        type: 'list',
        ordered: false,
        items: [[paragraph(words('one'))], [paragraph(words('two')), { type: 'list', ordered: true, items: [[paragraph(words('in'))]] }]],
      },
      { type: 'quote', children: [paragraph(words('said'))] },
      paragraph({ type: 'link', url: 'https://wiki.example/run', children: [words('Runbook')] }),
    ]
    const body = render(letter({ message }), 0, {})
    const { text, links } = read(body)
    expect(text.split('\n').slice(3)).toEqual([
      'What',
      'a b',
      'c',
      'systemd 1',
      '└ nginx 812',
      '  └ sh 99',
      '• one',
      '• two',
      '   1. in',
      'said',
      'Runbook',
      '',
    ])
    expect(links).toEqual(['https://wiki.example/run'])
    expect(body).toContain('"text":"\u00a0 └ sh 99","fontType":"Monospace"')
    const plain = read(render(letter({ message }), 1, {}))
    expect(plain.text).toContain('Runbook (https://wiki.example/run)')
    expect(plain.links).toEqual([])
  })

  it('of messages of Datadog’s detection rules says the same words here [case 42]', async () => {
    const { text, links } = read(render(datadogLetter(), 0, {}))
    await expect(text).toMatchFileSnapshot('golden/datadog.txt')
    expect(links).toEqual([
      'https://app.example.com/dashboards/authentication?tpl_var_username=www-data',
      'https://app.example.com/services/shop?rule=A%20web%20server%20started%20a%20shell',
      'https://app.example.com/logs?from_ts=1796006700123&to_ts=1796008800000&live=false',
    ])
  })

  it('is as the README shows it', () => {
    const message: Document = [
      paragraph(code('/dev/shm/x -q'), words(' was run by '), value('www-data')),
      { type: 'code', children: [{ type: 'text', text: 'systemd 1\n└ nginx 812\n  └ bash 4711\n    └ x 4713', value: true }] },
      paragraph({ type: 'strong', children: [words('What to do:')] }, words(' look at what it is, and stop it.')),
      paragraph(words('Look further: '), code('cws signals show 01JDEXAMPLE0000000000000AA')),
    ]
    const signal = { count: 3, last_seen: '2026-11-24T09:02:11.000000000Z', host: { name: 'web-1' } }
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const [, shown] = /## What it looks like\n\n```\n([\s\S]*?)```/.exec(readme) ?? []
    expect(shown).toBe(read(render(letter({ message }, signal), 0, {})).text.replace(/T\S+Z \S+T(\S+)Z/g, ' $1'))
  })
})

/** Nothing acts, in any form of the message but the times that are ours; `text` stands there as it is. */
function expectInert(text: string): void {
  for (const tier of TIERS) {
    const { text: seen, mentions, links, markup } = read(render(everywhere(text), tier, ANN))
    expect([mentions, links, markup.filter((it) => it !== 'DATE' && it !== 'TIME')]).toEqual([[], [], []])
    expect(markup.length).toBe(tier === 2 ? 0 : 2)
    if (tier < 2) expect(seen).toContain(text.slice(0, 100).trim())
  }
}

describe('values', () => {
  it.each(hostileValues.map((text) => [printable(text).slice(0, 512)]))('%j are text wherever they stand [case 45]', expectInert)

  it.each(hostileValues.map((text) => [JSON.stringify(text).slice(0, 60), text] as const))(
    '%s, as whoever made it wrote it, is text wherever it stands [case 45]',
    (_, text) => {
      for (const reason of ['opened', 'raised', 'digest'] as const)
        for (const tier of TIERS) {
          const seen = read(render(hostileLetter(text, { reason, title: text }), tier, ANN))
          expect(seen.mentions).toEqual([])
          expect(seen.links.filter((url) => !url.startsWith('https://wiki.example.com/?q='))).toEqual([])
          expect(seen.markup.filter((it) => it !== 'DATE' && it !== 'TIME')).toEqual([])
          expect(seen.markup).toHaveLength(tier === 2 || reason === 'digest' ? 0 : 2)
          expect(seen.text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
          const [first = ''] = seen.text.split('\n')
          expect(first.replace(/^High · /, '').startsWith(printable(text.replace(/\s+/g, ' ').trim()).slice(0, 80).trim())).toBe(true)
        }
    },
  )

  it('of any bytes are text wherever they stand', () => {
    const parts = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc
        .constantFrom(
          '<at>',
          'Ann Example',
          '</at>',
          '{{',
          '{',
          'DATE(2017-02-14T06:08:00Z,SHORT)',
          'time(2017-02-14T06:08:00Z)',
          '}}',
          '**',
          '[x](',
          ')',
          '  ',
        )
        .map((text) => Buffer.from(text)),
    )
    const hostile = fc.array(parts, { maxLength: 8 }).map((all) => {
      const whole = Buffer.concat(all)
      return printable(textOf(whole, 0, whole.length)).replaceAll('\u00a0', '')
    })
    fc.assert(fc.property(hostile, expectInert), { numRuns: 150, seed: 20261130 })
  })

  it('of an event are text in the message that is told where no template says otherwise', () => {
    for (const text of hostileValues) {
      const process = {
        pid: 7,
        file: { path: text, name: text },
        user: text,
        args: text,
        ancestors: [{ pid: 1, file: { path: text, name: text } }],
      }
      const signal = sampleSignal({ title: text, message: text, advice: text, event: { type: 'exec', process, container: { id: text } } })
      const message = defaultMessage({ signal, occasion: { reason: 'raised', rule: text, generation: 1, time: signal.last_seen } })
      for (const tier of TIERS) {
        const { mentions, links } = read(render(letter({ reason: 'raised', message, title: text }, signal), tier, ANN))
        expect([mentions, links]).toEqual([[], []])
      }
    }
  })

  it('never lead a link elsewhere, and other addresses than of the web are none', () => {
    for (const url of [
      'javascript:alert(1)',
      'data:text/html,x',
      'msteams://open',
      'not an address',
      `https://a.example/${'b'.repeat(2_001)}`,
    ]) {
      const { links, text } = read(render(letter({ message: [paragraph({ type: 'link', url, children: [value('here')] })] }), 0, {}))
      expect(links).toEqual([])
      expect(text).toContain('here')
    }
    const url = 'https://wiki.example/run'
    const { links } = read(
      render(letter({ message: [paragraph({ type: 'link', url, children: [value('[x](https://evil.example)')] })] }), 0, {}),
    )
    expect(links).toEqual([url])
  })
})

describe('mentions', () => {
  const message: Document = [
    paragraph(call('ann@example.com'), words(' and '), call('bob@example.com'), call('U012', 'slack'), call('ann@example.com')),
    { type: 'list', ordered: false, items: [[paragraph({ type: 'strong', children: [call('toString')] })]] },
  ]
  it('call whom the template names and the options allow, once; the others are named', () => {
    for (const tier of TIERS) {
      const { mentions, text } = read(render(letter({ message }), tier, ANN))
      expect(mentions).toEqual(['ann@example.com'])
      expect(text).toContain('not called, for the option "mentions" does not name them: bob@example.com, toString')
    }
  })
  it.each(['updated', 'acknowledged', 'archived'] as const)('call nobody when it is told as %s', (reason) => {
    for (const tier of TIERS) expect(read(render(letter({ message, reason }), tier, ANN)).mentions).toEqual([])
  })
  it('are ten at most', () => {
    const people = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`p${i}@example.com`, `Person ${i}`]))
    const many: Document = [paragraph(...Object.keys(people).map((id) => call(id)))]
    expect(read(render(letter({ message: many }), 2, people)).mentions).toHaveLength(10)
  })
})

describe('what Teams takes', () => {
  it('is never exceeded, whatever the message is made of, and what is cut says so', () => {
    const long = '<at>{{DATE("\\\u{1f469}'.repeat(3_000)
    const tiny: Document = [paragraph(...Array.from({ length: 12_000 }, () => value('a')))]
    const lines: Document = [{ type: 'code', children: [{ type: 'text', text: 'x\n'.repeat(4_000), value: true }] }]
    for (const message of [[paragraph(value(long))], tiny, lines])
      for (const tier of [0, 1] as const) {
        const body = render(letter({ message }, { tags: Array.from({ length: 50 }, () => long) }), tier, ANN)
        expect(bytes(body)).toBeLessThanOrEqual(LIMITS[tier])
        expect(bytes(body)).toBeGreaterThan(LIMITS[tier] / 4)
        expect(read(body).text).toContain('cut, see: cws signals show 01JDEXAMPLE0000000000000AA')
      }
    expect(bytes(render(letter({ message: tiny }), 2, ANN))).toBeLessThan(2_000)
  })
  it('holds for the longest of everything', () => {
    const text = '\u202e"'.repeat(4_000)
    const people = Object.fromEntries(
      Array.from({ length: 10 }, (_, i) => [`${'p'.repeat(60)}${i}@${'e'.repeat(50)}.example`, `${'中'.repeat(60)} ${i}`]),
    )
    const message: Document = [paragraph(...Object.keys(people).map((id) => call(id)), value(text))]
    const signal = { id: text, host: { name: text }, rule: { id: text, name: text }, tags: [text] }
    for (const tier of TIERS)
      expect(bytes(render(letter({ title: text, message }, signal), tier, people))).toBeLessThanOrEqual(LIMITS[Math.min(tier, 1) as 0 | 1])
  })
})
