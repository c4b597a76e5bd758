import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { casesOf, proofs } from './notification-cases.ts'

const page = readFileSync(join(import.meta.dirname, '../docs/notification-cases.md'), 'utf8')
const cases = casesOf(page)
const all = proofs()

test('the page has the seventy cases, each with what proves it or what is not done', () => {
  expect(cases.map(({ number }) => number)).toEqual(Array.from({ length: 70 }, (_, i) => i + 1))
  const silent = cases.filter(({ tests, notes }) => tests.length === 0 && notes.length === 0)
  expect(silent.map(({ number }) => number)).toEqual([])
})

test('each test that the page names is there with its number (else: node scripts/notification-cases.ts)', () => {
  const gone = cases.flatMap(({ number, tests }) =>
    tests
      .filter(({ file, title }) => !all.some((proof) => proof.file === file && proof.title === title && proof.cases.includes(number)))
      .map(({ file, title }) => `${number}: ${file}: ${title}`),
  )
  expect(gone).toEqual([])
})

test('each number in a title is that of a case whose tests the page names (else: node scripts/notification-cases.ts)', () => {
  const named = new Set(cases.flatMap(({ number, tests }) => (tests.length > 0 ? [number] : [])))
  const unknown = all.flatMap(({ file, title, cases: numbers }) =>
    numbers.filter((number) => !named.has(number)).map((number) => `${number}: ${file}: ${title}`),
  )
  expect(unknown).toEqual([])
})
