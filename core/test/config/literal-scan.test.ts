import fc from 'fast-check'
import { expect, test } from 'vitest'
import { argumentOf, findMember, hasModuleSyntax, wordsIn } from '../../src/config/literal-scan.ts'

function at(text: string, path: (string | number)[]): [string, string] | undefined {
  const member = findMember(text, 0, path)
  return member && [text.slice(member.key.start, member.key.end), text.slice(member.value.start, member.value.end)]
}

test.each([
  ['{ a: 1, b: 2 }', ['b'], ['b', '2']],
  [`{ 'a-b': { c: [1, { d: "x, }" }] } }`, ['a-b', 'c', 1, 'd'], ['d', '"x, }"']],
  ['{ a: /[}/]\\/,"/g, b: `}${{ x: "`" }}`, c: 3 }', ['c'], ['c', '3']],
  ['{ /* a: 1 */ a /* : */ : 2 as const, // b\n b }', ['a'], ['a', '2 as const']],
  ['{ b }', ['b'], ['b', 'b']],
  ['{ f(x) { return { b: 1 } }, b: x / 2 / y }', ['b'], ['b', 'x / 2 / y']],
  ['{ ...rest, b: 1 }', ['b'], ['b', '1']],
  ['[[1], (x) => [x, 2], 3]', [2], ['3', '3']],
])('finds in %s the member %j', (text, path, expected) => expect(at(text, path)).toEqual(expected))

test.each([
  ['templates within templates', '`${'.repeat(60_000)],
  ['brackets', '['.repeat(200_000)],
  ['expressions that never end', '=/['.repeat(100_000)],
  ['comments that never end', '{/*'.repeat(60_000)],
  ['strings that never end', `{"`.repeat(60_000)],
])('looks through thousands of %s and finds nothing', (_, text) => {
  expect(at(`{ a: ${text}`, ['b'])).toBeUndefined()
  expect([...wordsIn(text, /^export$/)]).toEqual([])
})

test.each([
  ['{ b: 1, ...rest }', ['b']],
  ['{ [b]: 1, c: 2 }', ['c']],
  ['{ get c() { return 1 } }', ['c']],
  ['{ a: options }', ['a', 'b']],
  ['[...list, 1]', [1]],
  ['options', ['a']],
  ['{ a: 1', ['b']],
])('claims nothing in %s of %j', (text, path) => expect(at(text, path)).toBeUndefined())

test('words in comments, strings, templates and members are no code', () => {
  const text = 'x // word\n/* word */ "word" `word ${word} ` a.word\nword()'
  expect([...wordsIn(text, /^word$/)]).toEqual([text.lastIndexOf('word')])
  expect(argumentOf('fim /* ! */ ({})', 0)).toBe(13)
  expect(argumentOf('fim', 0)).toBeUndefined()
})

test.each([
  ['import a from "b"', true],
  ['"use strict"; export default 1', true],
  ['console.log(import.meta.url)', true],
  ['// import a\nmodule.exports = { import: 1, export: "export default" }', false],
  ['const a = import("b"); exports.import = a', false],
])('tells modules: %s', (text, expected) => expect(hasModuleSyntax(text)).toBe(expected))

test('any text is scanned to an end', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    ',',
    ':',
    'a',
    '1',
    '"',
    "'",
    '`',
    '${',
    '/',
    '/*',
    '*/',
    '//',
    '\n',
    ' ',
    '...',
    '\\',
  )
  fc.assert(
    fc.property(
      fc.array(pieces, { maxLength: 80 }),
      fc.array(fc.oneof(fc.constantFrom('a', 'b'), fc.nat(2)), { maxLength: 3 }),
      (parts, path) => {
        const text = parts.join('')
        const member = findMember(text, 0, path)
        if (member)
          for (const { start, end } of [member.key, member.value])
            if (!(start >= 0 && start <= end && end <= text.length)) throw new Error('range')
        const last = [...wordsIn(text, /a/)].at(-1) ?? 0
        if (last > text.length) throw new Error('word')
      },
    ),
    { numRuns: 3000 },
  )
})
