import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cleanText, threadLog } from '../../src/delivery/log.ts'
import type { FromDelivery } from '../../src/delivery/protocol.ts'
import { Secrets } from '../../src/delivery/secrets/secrets.ts'
import { beginningOf } from '../../src/http/beginning.ts'
import { outcomeOfAnswer } from '../../src/http/outcome.ts'
import { temporaryFolder } from '../fixtures/delivery.ts'

it('reads the environment, files and literals', () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'token')
  writeFileSync(file, 'from-a-file\r\n\n')
  const secrets = new Secrets({ TOKEN: 'from-the-environment' })
  expect(secrets.resolve({ env: 'TOKEN' })).toBe('from-the-environment')
  expect(secrets.resolve({ file })).toBe('from-a-file')
  expect(secrets.resolve({ literal: 'as it is' })).toBe('as it is')
})

it('reads a file anew each time, and goes on masking the old value [case 64]', () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'token')
  const secrets = new Secrets({})
  writeFileSync(file, 'first-value')
  expect(secrets.resolve({ file })).toBe('first-value')
  writeFileSync(file, 'second-value\n')
  expect(secrets.resolve({ file })).toBe('second-value')
  expect(secrets.mask('first-value second-value')).toBe('[secret] [secret]')
})

it('says which secret is missing, with a code', () => {
  using folder = temporaryFolder()
  const secrets = new Secrets({ EMPTY: '' })
  const missing = (ref: Parameters<Secrets['resolve']>[0], message: RegExp): void =>
    expect(() => secrets.resolve(ref)).toThrow(
      expect.objectContaining({ code: 'CWS_ERR_SECRET_MISSING', message: expect.stringMatching(message) }),
    )
  missing({ env: 'ABSENT' }, /ABSENT is not set/)
  missing({ env: 'EMPTY' }, /EMPTY is empty/)
  missing({ file: join(folder.path, 'none') }, /ENOENT/)
  mkdirSync(join(folder.path, 'folder'))
  missing({ file: join(folder.path, 'folder') }, /not a regular file/)
  execFileSync('mkfifo', [join(folder.path, 'fifo')])
  missing({ file: join(folder.path, 'fifo') }, /not a regular file/)
  writeFileSync(join(folder.path, 'big'), Buffer.alloc(64 * 1024 + 1, 'x'))
  missing({ file: join(folder.path, 'big') }, /larger than/)
  writeFileSync(join(folder.path, 'blank'), '\n')
  missing({ file: join(folder.path, 'blank') }, /is empty/)
})

it('masks a secret in every form in which it could show up [case 64]', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 8, maxLength: 60, unit: 'grapheme' }),
      fc.string({ maxLength: 20 }),
      fc.string({ maxLength: 20 }),
      (secret, before, after) => {
        const secrets = new Secrets({})
        secrets.resolve({ literal: secret })
        const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64')]
        for (const form of forms) {
          const masked = secrets.mask(`${before}\u0000${form}\u0000${after}`)
          expect(masked.split('\u0000')[before.split('\u0000').length]).toMatch(/^\[secret\]=*$/)
        }
        // Inside the base64 of a longer text, as in `Basic` credentials, nothing but a character at either end may be left.
        const basic = Buffer.from(`${before}:${secret}`).toString('base64')
        const left = secrets.mask(basic)
        expect(left).toContain('[secret]')
      },
    ),
  )
})

it('masks what follows the public prefix of a webhook secret', () => {
  const secrets = new Secrets({})
  secrets.resolve({ literal: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' })
  expect(secrets.mask('key MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw!')).toBe('key [secret]!')
})

it('lets nothing leave the thread unmasked, or with what a terminal would act on [case 64]', () => {
  const posted: FromDelivery[] = []
  const secrets = new Secrets({})
  const log = threadLog((message) => posted.push(message), secrets, false, 'siem')
  secrets.resolve({ literal: 'hunter22"x' })
  log.warn({ error: new Error('said hunter22"x'), url: 'https://h/?t=hunter22%22x' }, 'refused hunter22"x \u001b[2J')
  log.debug('not asked for')
  expect(posted).toHaveLength(1)
  expect(JSON.stringify(posted)).not.toContain('hunter22')
  expect(posted[0]).toMatchObject({
    level: 'warn',
    plugin: 'siem',
    message: 'refused [secret] \\u{1b}[2J',
    details: { url: 'https://h/?t=[secret]' },
  })
})

it('keeps at most 200 characters of an answer, cut between characters [case 58]', () => {
  const secrets = new Secrets({})
  const { detail } = outcomeOfAnswer(500, `${'x'.repeat(189)}😀${'x'.repeat(500)}`, undefined)
  expect(cleanText(detail ?? '', secrets)).toBe(`HTTP 500: ${'x'.repeat(189)}…`)
})

const percent = (text: string): string => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
const units = (text: string): string =>
  [...Array(text.length).keys()].map((i) => text.charCodeAt(i).toString(16).padStart(4, '0')).join('\\u')
const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)
const inUrl = (text: string): string => encodeURIComponent(text)
const lower = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (escaped) => escaped.toLowerCase())
const inForm = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)
const inHtml = (text: string): string => text.replace(/[^a-z0-9]/giu, (each) => `&#${each.codePointAt(0)};`)
const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#x27;' }
const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** How receivers write what they were sent, and in how many characters at most they write one byte. */
const SPELLINGS: Readonly<Record<string, readonly [(secret: string) => string, number]>> = {
  'as it is': [(secret) => secret, 1],
  'in a URL': [inUrl, 3],
  'in a URL, in lower case': [(secret) => lower(inUrl(secret)), 3],
  'in a URL, all of it escaped': [percent, 3],
  'in a form': [inForm, 3],
  'in JSON': [inJson, 6],
  'in JSON, as PHP writes it': [(secret) => inJson(secret).replaceAll('/', '\\/'), 6],
  'in JSON, as Go writes it': [(secret) => inJson(secret).replace(/[&<>]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`), 6],
  'in JSON, all of it escaped': [(secret) => `\\u${units(secret)}`, 6],
  'in JSON, all of it escaped in upper case': [(secret) => `\\u${units(secret).toUpperCase().replaceAll('U', 'u')}`, 6],
  'in JSON in JSON': [(secret) => inJson(inJson(secret)), 7],
  'in a URL in JSON': [(secret) => inJson(inUrl(secret)), 3],
  'in HTML': [(secret) => secret.replace(/[&<>"']/g, (each) => named[each] as string), 6],
  'in HTML, all of it escaped': [inHtml, 10],
  'in base64': [base64, 1],
  'in base64, as the second byte': [(secret) => base64(`\u0001${secret}`), 2],
  'in base64, as the third': [(secret) => base64(`¡${secret}`), 2],
  'in base64 of a URL': [(secret) => Buffer.from(secret).toString('base64url'), 1],
  'in base64 in a URL': [(secret) => inUrl(base64(secret)), 3],
}

describe.each(Object.entries(SPELLINGS))('a secret that an answer repeats %s', (_, [spelling, width]) => {
  // Of characters that are written otherwise somewhere, and some that are not.
  const secretValue = fc.string({ minLength: 12, maxLength: 60, unit: fc.constantFrom(...'abcXYZ019/+=&%<>"\'\\ ?#é😀-_') })
  // Nothing that a secret is made of, in whatever form.
  const filler = fc
    .oneof({ arbitrary: fc.nat(400), weight: 4 }, { arbitrary: fc.integer({ min: 16_000, max: 16_384 }), weight: 1 })
    .map((length) => '·'.repeat(length / 2))

  it('is not shown, wherever it stands and is cut [case 64]', async () => {
    await fc.assert(
      fc.asyncProperty(secretValue, filler, fc.nat(100), async (secret, before, after) => {
        const secrets = new Secrets({})
        secrets.resolve({ literal: secret })
        async function* body(): AsyncGenerator<Uint8Array> {
          yield Buffer.from(`${before}${spelling(secret)}${'·'.repeat(after)}`)
        }
        const { detail = '' } = outcomeOfAnswer(500, await beginningOf(body()), undefined)
        for (const shown of [cleanText(detail, secrets), cleanText(detail, secrets, 2_000)]) {
          const left = shown.replace(/^HTTP 500: |·|…|\[(?:s(?:e(?:c(?:r(?:e(?:t\]?)?)?)?)?)?)?/g, '')
          // A beginning of less than four bytes, an escape that was cut, what base64 shares with its neighbours.
          expect(left.length, left).toBeLessThanOrEqual(4 * width + 3)
        }
      }),
      { numRuns: 40 },
    )
  })
})

it('whatever a text is made of, nothing known is left in it, and what has nothing of it stays as it is', () => {
  const piece = fc.constantFrom(...'\\%&#;+uxX023dDfF8', '&amp;', '%25', '\\u00', '\\ud83d', '\ud83d', 'é', 'se/cr&et', 'se%2', '\0', ']')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = pieces.join('')
      const secrets = new Secrets({})
      secrets.resolve({ literal: 'se/cr&et' })
      expect(secrets.mask(text)).not.toMatch(/se\/cr&et/)
      expect(secrets.mask(text, { isCut: true })).not.toMatch(/se\/cr&et|se\/c$/)
      if (!text.includes('se')) expect(secrets.mask(text)).toBe(text)
    }),
    { numRuns: 300 },
  )
})

it('who chooses a text that is shown masked finds no secret by its beginnings', () => {
  const secrets = new Secrets({})
  for (const literal of ['xoxb-1234-abcdef', 'https://hooks.example/services/T0001/B0002/a1b2c3d4', 'Bearer tok_9f8e7d6c5b'])
    secrets.resolve({ literal })
  for (const text of ['xoxb-1234-abcde', 'a1b2c3d', '/services/T0001', 'tok_9f8e', 'HTTP 401: missing Bearer'])
    expect([secrets.mask(text), cleanText(text, secrets)]).toEqual([text, text])
})

it('cuts details between characters, too', () => {
  const posted: FromDelivery[] = []
  const log = threadLog((message) => posted.push(message), new Secrets({}), false)
  for (const shift of [0, 1]) log.warn({ text: `${'x'.repeat(shift)}${'😀'.repeat(5_000)}` }, '')
  expect(posted.map((each) => 'details' in each && String(each.details?.['details']).isWellFormed())).toEqual([true, true])
})

it('masks what is secret of a URL by itself, but no word of it and not where it leads', () => {
  const secrets = new Secrets({})
  secrets.resolve({ literal: 'https://watcher.example/heartbeat/ping/0f5bc2d1-93ab?token=Ab9%2Fxyz12&verbosely=1' })
  secrets.resolve({ literal: 'http://ada:s3same@proxy.example:3128' })
  const mask = (text: string): string => secrets.mask(text)
  expect(mask('Cannot POST /heartbeat/ping/0f5bc2d1-93ab')).toBe('Cannot POST [secret]')
  expect(mask('no check 0f5bc2d1-93ab')).toBe('no check [secret]')
  expect(mask('bad token Ab9/xyz12 (Ab9%2Fxyz12)')).toBe('bad token [secret] ([secret])')
  expect(mask('ada says s3same')).toBe('ada says [secret]')
  secrets.resolve({ literal: 'https://uptime.example/webhook?api-version=2016-06-01&status=up' })
  const plain = '2016-06-01 /webhook is status=up'
  expect(mask(plain)).toBe(plain)
  expect(mask('the heartbeat to https://watcher.example did not arrive: it is no https://')).not.toContain('[secret]')
})

it.each([
  ['Bearer tok_9f8e7d6c5b', 'the token tok_9f8e7d6c5b is not valid'],
  [`Basic ${Buffer.from('ada:correct horse').toString('base64')}`, 'ada may not come in with correct horse'],
])('masks the credentials of a header without their scheme: %s', (header, answer) => {
  const secrets = new Secrets({})
  secrets.resolve({ literal: header })
  expect(secrets.mask(answer)).toMatch(/^(the token|ada may not come in with) \[secret\]( is not valid)?$/)
})
