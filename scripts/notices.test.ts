import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { notices } from './notices.ts'

test('THIRD-PARTY-NOTICES.md names what is installed (else: npm run docs)', () => {
  const root = join(import.meta.dirname, '..')
  expect(readFileSync(join(root, 'THIRD-PARTY-NOTICES.md'), 'utf8')).toBe(notices(root))
})
