import { expect, test } from 'vitest'
import { countsOf } from './test-counts.ts'

test('counts tests by outcome, todo among the skipped', () => {
  const report = { numPassedTests: 7, numFailedTests: 2, numPendingTests: 3, numTodoTests: 1, testResults: [] }
  expect(countsOf(report)).toEqual({ notes: [], line: '7 passed, 2 failed, 4 skipped' })
})

test('names files that did not load, whose tests nobody can count', () => {
  const testResults = [
    { name: 'broken.test.ts', status: 'failed', assertionResults: [] },
    { name: 'red.test.ts', status: 'failed', assertionResults: [{}] },
  ]
  const report = { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0, testResults }
  expect(countsOf(report).notes).toEqual(['did not load: broken.test.ts'])
})
