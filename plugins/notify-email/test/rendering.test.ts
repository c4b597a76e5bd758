import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Document, Letter, Reason } from '@cws/core'
import { hostileLetter, hostileValues, sampleSignal } from '@cws/core/testing'
import fc from 'fast-check'
import { type ParsedMail, simpleParser } from 'mailparser'
import { describe, expect, it } from 'vitest'
import { isMail, mailOf } from '../src/mail.ts'
import { addressOf } from '../src/options.ts'
import { everywhere, letter, shellLetter, value, WHO, words } from './letters.ts'

/** As another reads it. */
const parsed = (mail: string): Promise<ParsedMail> => simpleParser(mail, { skipTextToHtml: true, skipHtmlToText: true })

/** What must hold of every mail, whatever it says. */
function expectWellFormed(mail: string): void {
  expect(mail).toMatch(/^[\x20-\x7e\r\n]*$/)
  expect(mail.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
  const [head = ''] = mail.split('\r\n\r\n', 1)
  const names = head
    .split('\r\n')
    .filter((line) => !line.startsWith(' '))
    .map((line) => line.split(':')[0])
  expect(new Set(names).size).toBe(names.length)
  expect(names).not.toContain('Bcc')
  // One assertion for all of them: there are thousands.
  const unsafe = mail.split('\r\n').filter((line) => line.length > 78 || /^(\.|From )/.test(line))
  expect(unsafe).toEqual([])
}

/** Who it goes to, its thread, its parts; and nothing that a program makes a link of. */
function expectSame(read: ParsedMail, plain: ParsedMail): void {
  expect([...read.headers.keys()]).toEqual([...plain.headers.keys()])
  for (const name of ['from', 'to', 'message-id', 'in-reply-to', 'references', 'list'])
    expect(read.headers.get(name)).toEqual(plain.headers.get(name))
  expect(read.attachments).toEqual([])
  const links = /(https?|ftp):\/\/|(?<![\w/.-])(www\.|\/\/[a-z]+\.)[a-z]/i
  expect(`${read.text}${read.html}`.replace(/https:\/\/wiki\.example\.com[^">)]*/g, '')).not.toMatch(links)
}

const tags = (html: string): string[] => [...html.matchAll(/<[^>]*>/g)].map(([tag]) => tag.replace(/q=[^"]*"/, '"'))

describe('a mail', () => {
  it('says what happened, as text and as HTML', async () => {
    const mail = mailOf(letter(), 0, WHO)
    expectWellFormed(mail)
    expect(isMail(mail)).toBe(true)
    const read = await parsed(mail)
    expect(read.subject).toBe('[HIGH] A program was run from memory (test)')
    expect(read.from?.value).toEqual([{ name: 'CWS', address: 'cws@example.com' }])
    expect(read.to).toMatchObject({
      value: [
        { name: '', address: 'soc@example.com' },
        { name: 'Ben', address: 'b@example.com' },
      ],
    })
    expect(read.date?.toISOString()).toBe('2026-11-24T09:00:01.000Z')
    expect(read.text).toBe(`HIGH · New: A program was run from memory

It was /dev/shm/x.

Host     test
Seen     once, 2026-11-24 09:00:00 UTC
Rule     A program was run from memory (exec-from-memory-fs)
Tags     mitre:T1059
Signal   01JDEXAMPLE0000000000000AA, open
Sent by  the notification rule "on call"
`)
    expect(read.html).toContain('It was /dev/shm/x.')
    expect(read.html).not.toMatch(/<(img|script|link|style|iframe|form)|url\(|src=/i)
    expect(read.attachments).toEqual([])
  })

  it('tells machines what it is', async () => {
    const { headers } = await parsed(mailOf(letter(), 0, { ...WHO, replyTo: addressOf('soc@example.com') }))
    expect(
      Object.fromEntries(
        ['auto-submitted', 'x-auto-response-suppress', 'precedence', 'priority', 'x-cws-severity', 'x-cws-reason'].map((name) => [
          name,
          headers.get(name),
        ]),
      ),
    ).toEqual({
      'auto-submitted': 'auto-generated',
      'x-auto-response-suppress': 'All',
      precedence: 'bulk',
      priority: 'high',
      'x-cws-severity': 'high',
      'x-cws-reason': 'opened',
    })
    expect(headers.get('list')).toMatchObject({ id: { id: 'cws.example.com', name: 'CWS' } })
    expect(headers.get('reply-to')).toMatchObject({ text: 'soc@example.com' })
    const quiet = await parsed(mailOf(letter({ signal: sampleSignal({ severity: 'medium' }) }), 0, WHO))
    expect(quiet.headers.has('priority')).toBe(false)
  })

  it('is the same to its last byte whenever it is made', () => {
    expect(mailOf(letter(), 0, WHO)).toBe(mailOf(letter(), 0, WHO))
  })

  it('stands in the thread of its signal, with an id of its own', async () => {
    const read = async (over: Partial<Letter>) => await parsed(mailOf(letter(over), 0, WHO))
    const first = await read({})
    const second = await read({ key: 'another', reason: 'archived' })
    const other = await read({ signal: sampleSignal({ id: '01JDEXAMPLE0000000000000BB' }), key: 'third' })
    expect(first.messageId).toMatch(/^<[0-9a-f]{32}@example\.com>$/)
    expect(first.inReplyTo).toMatch(/^<[0-9a-f]{32}\.0@example\.com>$/)
    expect(first.references).toBe(first.inReplyTo)
    expect(second).toMatchObject({ inReplyTo: first.inReplyTo, references: first.references, subject: first.subject })
    expect(new Set([first.messageId, second.messageId, other.messageId]).size).toBe(3)
    expect(other.inReplyTo).not.toBe(first.inReplyTo)
  })

  it.each(['digest', 'notice', 'test'] as const)('of kind %s is about no one signal and stands alone', async (reason) => {
    const read = await parsed(mailOf(letter({ reason, title: '7 signals came in quiet hours' }), 0, WHO))
    expect(read.subject).toBe(`[${reason}] 7 signals came in quiet hours (test)`)
    expect(read.inReplyTo).toBeUndefined()
    expect(read.text).toMatch(/^[DNT][a-z]+: 7 signals came in quiet hours\n\nIt was .*\n\nHost +test\nSent by .*\n$/)
    expect(read.html).not.toContain('HIGH')
  })

  it.each([
    ['opened', 'New'],
    ['updated', 'Update'],
    ['raised', 'More severe'],
    ['repeat', 'Still open'],
    ['escalated', 'Not acknowledged'],
    ['acknowledged', 'Acknowledged'],
    ['archived', 'Archived'],
    ['replayed', 'Sent again'],
  ] as const satisfies readonly (readonly [Reason, string])[])('says first why it comes: %s', async (reason, label) => {
    const read = await parsed(
      mailOf(letter({ reason, signal: sampleSignal({ count: 7, last_seen: '2026-11-24T09:05:00.000000000Z' }) }), 0, WHO),
    )
    expect(read.text?.split('\n')[0]).toBe(`HIGH · ${label}: A program was run from memory`)
    expect(read.html).toContain(`HIGH</span> ${label}</p>`)
    expect(read.text).toContain('Seen     7 times, 2026-11-24 09:00:00 to 09:05:00 UTC\n')
  })

  it('draws each kind of node', async () => {
    const { text = '', html } = await parsed(mailOf(everywhere('x'), 0, WHO))
    expect(text.slice(0, text.indexOf('Host '))).toBe(`HIGH · New: x

x
-

a xx
x

x (https://wiki.example.com/?q=x)

    $ x

1. x
2.     x

> x

`)
    const bare = (html || '').replace(/ (style|rel)="[^"]*"/g, '')
    expect(bare.slice(bare.indexOf('</h1>') + 6, bare.indexOf('<table'))).toBe(`<h2>x</h2>
<p>a <strong>x</strong><em>x</em><br><code>x</code></p>
<p><a href="https://wiki.example.com/?q=x">x</a></p>
<pre>$ x</pre>
<ol><li>x</li><li><pre>x</pre></li></ol>
<blockquote><p>x</p></blockquote>
`)
  })

  it('is what the README shows', async () => {
    const { subject, text } = await parsed(mailOf(shellLetter(), 0, WHO))
    const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
    expect(readme).toContain(`\`\`\`\nSubject: ${subject}\n\n${text}\`\`\`\n`)
  })

  it('calls nobody, and links only to the web', async () => {
    const message: Document = [
      {
        type: 'paragraph',
        children: [
          { type: 'mention', channel: 'slack', id: 'U1' },
          { type: 'link', url: 'javascript:alert(1)', children: [words('here')] },
        ],
      },
    ]
    const { text, html } = await parsed(mailOf(letter({ message }), 0, WHO))
    expect(text).not.toContain('U1')
    expect(html).not.toContain('U1')
    expect(html).not.toContain('<a ')
  })
})

describe('what an attacker chose', () => {
  const harmless = parsed(mailOf(everywhere('x'), 0, WHO))
  const usual = parsed(mailOf(hostileLetter('x'), 0, WHO))

  it.each(hostileValues.map((text) => [JSON.stringify(text).slice(0, 60), text] as const))(
    'is text and nothing else: %s [case 45]',
    async (_, text) => {
      const plain = await usual
      const mail = mailOf(hostileLetter(text), 0, WHO)
      expectWellFormed(mail)
      const read = await parsed(mail)
      // Long ones are cut, and backticks of a rule are code: there may be less, and nothing new.
      expect(new Set(tags(plain.html || ''))).toEqual(new Set([...tags(plain.html || ''), ...tags(read.html || '')]))
      expectSame(read, plain)
      if (text.length > 5_000) return
      const everyNode = mailOf(everywhere(text), 0, WHO)
      expectWellFormed(everyNode)
      const whole = await parsed(everyNode)
      expect(tags(whole.html || '')).toEqual(tags((await harmless).html || ''))
      expectSame(whole, await harmless)
    },
  )

  it('is in the subject just as it was [case 48]', async () => {
    for (const text of [
      '=?utf-8?Q?=0D=0ABcc:_x=40y?=',
      '=?utf-8?B?8J+UkiBSZTogYXBwcm92ZWQ=?=',
      'a  b',
      '"Security Team" <ceo@corp.example>',
      'é中🔥',
      '?=',
      'a=?b',
    ]) {
      const read = await parsed(mailOf(letter({ title: text }), 0, WHO))
      expect(read.subject).toBe(`[HIGH] ${text} (test)`)
    }
  })

  it('is cut in the subject at 200, with whole characters', async () => {
    for (const text of ['x'.repeat(1_200), '🔥'.repeat(600), 'ab '.repeat(400)]) {
      const mail = mailOf(letter({ title: text }), 0, WHO)
      expectWellFormed(mail)
      const { subject = '' } = await parsed(mail)
      expect(subject.length).toBeLessThanOrEqual(200)
      expect(subject.isWellFormed()).toBe(true)
      expect(subject).toMatch(/^\[HIGH\] .*… \(test\)$/u)
    }
  })

  it('may be a line of any length [case 49]', async () => {
    const line = 'x'.repeat(5_000)
    const mail = mailOf(letter({ message: [{ type: 'code', children: [value(line)] }] }), 0, WHO)
    expectWellFormed(mail)
    expect((await parsed(mail)).text).toContain(line)
  })

  it('is text and nothing else, whatever bytes it is made of', async () => {
    const plain = await harmless
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (text) => {
        const mail = mailOf(everywhere(text), 0, WHO)
        expectWellFormed(mail)
        const read = await parsed(mail)
        expect(tags(read.html || '')).toEqual(tags(plain.html || ''))
        expect([...read.headers.keys()]).toEqual([...plain.headers.keys()])
      }),
      { numRuns: 25 },
    )
  })
})

describe('a mail that was refused', () => {
  const long: Document = Array.from({ length: 300 }, () => ({ type: 'paragraph', children: [words('a'.repeat(1_000))] }))

  it('is shorter each time, and at last nothing but facts', async () => {
    const mails = [0, 1, 2, 3].map((tier) => mailOf(letter({ message: long }), tier, WHO))
    const sizes = mails.map(({ length }) => length)
    expect(sizes[0]).toBeLessThan(300_000)
    expect(sizes[1]).toBeLessThan(50_000)
    expect(sizes[2]).toBeLessThan(3_000)
    expect(mails[3]).toBe(mails[2])
    const [full, , least] = await Promise.all(mails.map((mail) => parsed(mail)))
    expect(full?.text).toContain('the rest is left out')
    expect(least?.html).toBe(false)
    expect(least?.text).toMatch(
      /^HIGH · New: A program was run from memory\n\nHost +test\n(.+\n)+Signal +01JDEXAMPLE0000000000000AA, open\n/,
    )
    expect(least?.messageId).toBe(full?.messageId)
  })
})
