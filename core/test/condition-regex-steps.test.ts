import fc from 'fast-check'
import { RE2JS } from 're2js'
import { expect, it } from 'vitest'
import { parseCondition } from '../src/condition/parse.ts'
import { stepsOf } from '../src/condition/regex-steps.ts'
import { exec } from '../src/model/events/exec.ts'

it.each([
  ['abc', 3],
  ['a{500}', 500],
  ['(?:a{30}){30}', 30 * 32],
  ['ba{2,5}', 1 + 5 + 3],
  ['a{3,}', 5],
  ['(a)b', 4],
  ['[a{9}]{4}', 4],
  ['[]x]{4}', 4],
  ['[[:alpha:]{9}]{4}', 4],
  ['[[^]{4}', 4],
  ['[\\]]{4}', 4],
  ['\\x{41}\\p{Greek}{4}', 1 + 3 * 4],
  ['\\pL{1000}', 3000],
  ['\\Qa{900}\\E', 1],
  ['a\\{900}', 6],
])('%s has %i steps', (source, steps) => expect(stepsOf(source)).toBe(steps))

it('are not fewer than what is compiled, but for what every expression has', () => {
  const piece = fc.constantFrom(
    'a',
    'é',
    '\\.',
    '.',
    '*',
    '+',
    '?',
    '|',
    '(?:',
    '(',
    ')',
    '[ab]',
    '[^]]',
    '^',
    '{2}',
    '{0,4}',
    '{7,}',
    '{30}',
  )
  let checked = 0
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (parts) => {
      const source = parts.join('')
      let size: number
      try {
        size = RE2JS.compile(source).programSize()
      } catch {
        return // no regular expression
      }
      checked++
      expect([source, size <= 2 * stepsOf(source) + 8]).toEqual([source, true])
    }),
    { numRuns: 3000 },
  )
  expect(checked).toBeGreaterThan(100)
})

it('are bounded in a condition, before anything is compiled', () => {
  const huge = 'a{0,1000}'.repeat(100)
  expect(() => parseCondition(`exec.args =~ r"${huge}"`, exec)).toThrow(/exec\.args.*200000 steps.*at most 2000/)
  expect(() => parseCondition('exec.args =~ r"[0-9a-f]{64}(?:[A-Za-z0-9+/]{4}){200,250}"', exec)).not.toThrow()
  expect(() => parseCondition(`exec.args =~ r"${'a'.repeat(2_000)}"`, exec)).not.toThrow()
  expect(() => parseCondition(String.raw`exec.args =~ r"\pL{1000}"`, exec)).toThrow(/3000 steps/)
})
