import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { headerForm, parseAddress } from '../src/address.ts'
import { textHeader } from '../src/header.ts'
import { prepared } from '../src/prepared.ts'
import { PutOff } from '../src/put-off.ts'
import { quotedPrintable } from '../src/quoted-printable.ts'

const anyText = fc.string({ unit: 'binary', maxLength: 500 }).map((text) => text.toWellFormed())

describe('quoted-printable', () => {
  /** RFC 2045 §6.7. */
  const decoded = (text: string): string =>
    Buffer.from(
      text.replaceAll('=\r\n', '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    ).toString()

  it('comes back as it went in, in lines that are safe', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.string({ unit: fc.constantFrom('.', 'F', 'From ', '\n', '\r', ' ', '=', 'é', 'x'.repeat(40)), maxLength: 200 }),
        ),
        (text) => {
          const encoded = quotedPrintable(text)
          expect(decoded(encoded)).toBe(text.replace(/\r\n|\r|\n/g, '\r\n'))
          for (const line of encoded.split('\r\n')) {
            expect(line).toMatch(/^[\x20-\x7e]{0,76}$/)
            expect(line).not.toMatch(/^\.|^From | $/)
          }
        },
      ),
    )
  })
})

describe('a header', () => {
  /** Unfolded, and its encoded words read as RFC 2047 §6.2 says. */
  const read = (header: string): string =>
    header
      .replaceAll('\r\n', '')
      .replace(/(\?=) +(?==\?)/g, '$1')
      .replace(/=\?UTF-8\?B\?([A-Za-z0-9+/=]*)\?=/g, (_, base64: string) => Buffer.from(base64, 'base64').toString())

  it('comes back as it went in, in lines that are short enough', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyText, fc.string({ unit: fc.constantFrom('a', ' ', '=?', '?=', 'é', '🔥', 'x'.repeat(30)), maxLength: 100 })),
        (text) => {
          const header = textHeader('Subject', text)
          expect(read(header)).toBe(`Subject: ${text}`)
          for (const line of header.split('\r\n')) expect(line).toMatch(/^[\x20-\x7e]{1,78}$/)
          for (const [word] of header.matchAll(/=\?UTF-8\?B\?[^?]*\?=/g)) {
            expect(word.length).toBeLessThanOrEqual(75)
            expect(Buffer.from(word.slice(10, -2), 'base64').toString()).not.toContain('\ufffd'.repeat(2))
          }
        },
      ),
    )
  })
})

describe('an address', () => {
  it.each([
    ['a@example.com', 'a@example.com'],
    [' CWS  <a@example.com> ', '"CWS" <a@example.com>'],
    ['"O\\"Neil, \\\\x" <a.b+c@example.com>', '"O\\"Neil, \\\\x" <a.b+c@example.com>'],
    ['<a@localhost>', 'a@localhost'],
    ['=?utf-8?Q?x?= <a@example.com>', '=?UTF-8?B?PT91dGYtOD9RP3g/PQ==?= <a@example.com>'],
    ['Zoë <a@example.com>', '=?UTF-8?B?Wm/Dqw==?= <a@example.com>'],
  ])('%s stands in a header as %s', (text, header) => {
    expect(headerForm(parseAddress(text) as never)).toBe(header)
  })

  it.each([
    '',
    '@',
    'a',
    'a@',
    '@b',
    'a@b@c',
    'a b@c',
    'a@-b',
    'a@b..c',
    '.a@b',
    'a@[127.0.0.1]',
    '"a"@b',
    'a@b>',
    'x <a@b> y',
    'a@b, c@d',
    'a@b\n',
    'x\0 <a@b>',
    `${'a'.repeat(65)}@b`,
  ])('%j is none', (text) => expect(parseAddress(text)).toBeUndefined())

  it('is read in time that does not explode', () => {
    for (const text of [`${'"\\'.repeat(250)}`, `${' '.repeat(498)}<`, `${'a'.repeat(250)}@${'a-'.repeat(120)}`, `${'a.'.repeat(250)}@b`])
      expect(parseAddress(text)).toBeUndefined()
  })
})

it('a document is visible, and holds no address that somebody else chose', () => {
  const children = [
    { type: 'text', text: 'see https://wiki.example.com\n\tx\0', value: false },
    { type: 'text', text: 'https://evil.example/a.b\tx', value: true },
  ] as const
  const inside = [
    { type: 'text', text: 'see https://wiki.example.com\n    x\\u{0}', value: false },
    { type: 'text', text: 'hxxps[:]//evil[.]example/a.b\\u{9}x', value: true },
  ]
  expect(
    prepared([
      { type: 'code', children },
      { type: 'list', ordered: true, items: [[{ type: 'quote', children: [{ type: 'heading', level: 1, children }] }]] },
      { type: 'paragraph', children: [{ type: 'strong', children }, { type: 'code', children }, { type: 'break' }] },
    ]),
  ).toEqual([
    { type: 'code', children: inside },
    { type: 'list', ordered: true, items: [[{ type: 'quote', children: [{ type: 'heading', level: 1, children: inside }] }]] },
    { type: 'paragraph', children: [{ type: 'strong', children: inside }, { type: 'code', children: inside }, { type: 'break' }] },
  ])
})

describe('who is put off', () => {
  it('holds up mails for ten minutes, until he takes one', () => {
    let now = 0
    const putOff = new PutOff(() => now)
    expect(putOff.isFresh('a')).toBe(true)
    now = 9 * 60_000
    expect(putOff.isFresh('a')).toBe(true)
    now = 10 * 60_000
    expect(putOff.isFresh('a')).toBe(false)
    putOff.accepted('k', ['a'])
    expect(putOff.isFresh('a')).toBe(true)
  })

  it('is remembered for a thousand mails', () => {
    const putOff = new PutOff()
    for (let i = 0; i < 1_500; i++) putOff.accepted(`k${i}`, ['a'])
    expect(putOff.taken('k499').size).toBe(0)
    expect(putOff.taken('k500')).toEqual(new Set(['a']))
    putOff.done('k500')
    expect(putOff.taken('k500').size).toBe(0)
  })
})
