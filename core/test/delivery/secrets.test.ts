import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cleanText, threadLog } from '../../src/delivery/log.ts'
import type { FromDelivery } from '../../src/delivery/protocol.ts'
import { Secrets } from '../../src/delivery/secrets.ts'
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
  expect(cleanText('x'.repeat(500), secrets)).toHaveLength(201)
})
