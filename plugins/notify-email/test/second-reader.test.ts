import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { printable } from '@cws/core'
import { hostileValues } from '@cws/core/testing'
import { expect, it } from 'vitest'
import { mailOf } from '../src/mail.ts'
import { everywhere, WHO } from './letters.ts'

interface Read {
  readonly headers: readonly string[]
  readonly subject: string
  readonly from: readonly (readonly [name: string, address: string])[]
  readonly to: Read['from']
  readonly defects: readonly string[]
  readonly parts: readonly string[]
  readonly text: string
  readonly tags: unknown
  readonly links: readonly string[]
  readonly html: string
}

const python = spawnSync('python3', ['-c', 'import email.policy, html.parser']).status === 0

function readByPython(mails: readonly string[]): readonly Read[] {
  const { stdout, stderr, status } = spawnSync('python3', [join(import.meta.dirname, 'reader.py')], {
    input: JSON.stringify(mails),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Read[]
}

it.skipIf(!python)('another parser, of Python, reads what was meant, whatever attackers chose [case 48]', () => {
  // Of longer ones the ends are cut.
  const values = hostileValues.filter((text) => printable(text).length <= 5_000)
  const texts = ['x', ...values]
  const [plain, ...reads] = readByPython(texts.map((text) => mailOf(everywhere(text), 0, WHO)))
  expect(plain).toMatchObject({
    subject: '[HIGH] x (x)',
    from: [['CWS', 'cws@example.com']],
    to: [
      ['', 'soc@example.com'],
      ['Ben', 'b@example.com'],
    ],
    defects: [],
    parts: ['multipart/alternative', 'text/plain', 'text/html'],
    links: ['https://wiki.example.com/?q=x'],
  })
  for (const [i, read] of reads.entries()) {
    const text = values[i] as string
    const { headers, from, to, defects, parts, tags } = plain as Read
    expect(read, text).toMatchObject({ headers, from, to, defects, parts, tags })
    expect(read.links, text).toEqual([`https://wiki.example.com/?q=${encodeURIComponent(text.toWellFormed())}`])
    const shown = printable(text)
    if (shown.length < 40) expect(read.subject).toBe(`[HIGH] ${shown} (${shown})`)
    // What is an address is told in another form.
    if (!/[.@]|:\/\//.test(shown)) {
      expect(read.html).toContain(`$ ${shown}`)
      expect(read.text).toContain(`    $ ${shown}`)
    }
  }
})
