import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { documents } from './generate-docs.ts'

test.each(Object.entries(await documents()))('%s says what the code says (else: npm run docs)', (path, text) => {
  expect(readFileSync(join(import.meta.dirname, '..', path), 'utf8')).toBe(text)
})

test('there is no page of a rule that there is not', async () => {
  const pages = globSync('docs/rules/*', { cwd: join(import.meta.dirname, '..') })
  expect(pages.sort()).toEqual(
    Object.keys(await documents())
      .filter((path) => path.startsWith('docs/rules/'))
      .sort(),
  )
})
