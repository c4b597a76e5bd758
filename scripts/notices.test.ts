import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { notices } from './notices.ts'

test('THIRD-PARTY-NOTICES.md names what is installed (else: npm run docs)', () => {
  const root = join(import.meta.dirname, '..')
  expect(readFileSync(join(root, 'THIRD-PARTY-NOTICES.md'), 'utf8')).toBe(notices(root))
})

test('what npm lays into a package of this repository is named as well, once', () => {
  const lines = notices(join(import.meta.dirname, '..')).split('\n')
  for (const name of Object.keys(JSON.parse(readFileSync(join(import.meta.dirname, '../core/package.json'), 'utf8')).dependencies))
    expect(lines.filter((line) => line.startsWith(`| ${name} |`)).length).toBeGreaterThan(0)
  expect(lines.filter((line) => /^\| semver \| /.test(line))).toHaveLength(1)
})
