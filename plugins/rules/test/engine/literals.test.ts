import { type Condition, compileCondition, type Matcher, string } from '@cws/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Automaton } from '../../src/engine/automaton.ts'
import { literalsOf } from '../../src/engine/literals.ts'
import { Lookup } from '../../src/engine/lookup.ts'

const of = (kind: Matcher['kind'], ...texts: string[]) => texts.map((text) => literalsOf({ kind, text })?.join(' ')) as unknown[]

describe('the literals that a matcher is looked for with', () => {
  it('are the longest pieces of patterns and globs', () => {
    expect(of('pattern', '*a*bcd*', '*', 'ab*c', '*é-*')).toEqual(['bcd', undefined, 'ab', '-'])
    expect(of('glob', '/etc/**', '**/x', '*/x', '/**/dev/shm/**', '/home/*/.ssh/**', 'memfd:a/**', '/**')).toEqual([
      '/etc/',
      'x',
      '/x',
      'dev/shm/',
      '/.ssh/',
      'memfd:a/',
      '/',
    ])
  })

  it('are what an expression cannot do without', () => {
    expect(of('regex', '^/etc/cron\\.d/[^/]+$', 'a|bc', '(?:wget|curl) ', 'ab?c', 'ab+c', '(?:x|)y', 'x{0}yy', 'a{2}', '[ab]c]d')).toEqual([
      '/etc/cron.d/',
      'a bc',
      'wget curl',
      'a',
      'ab',
      'y',
      'yy',
      'a',
      'c]d',
    ])
    expect(of('regex', '(?s)a.bc', '(?sm)^ab$')).toEqual(['bc', 'ab'])
    expect(of('regex', '(?i)aB', '(?si)ab', '(?i:ab)c|[d]e')).toEqual(['aB', 'ab', 'ab e'])
    expect(of('regex', 'a(?s)b', '(?-i:a)b', '\\Qab\\E', 'a||b', '\\x41b', '[[:alpha:]]b', 'a|\\d', '.*', 'é')).toEqual(
      Array(9).fill(undefined),
    )
  })
})

const piece = fc.constantFrom('a', 'b', '/', '.', '-', '*', '**', 'etc', 'é', '\\')
const text = fc
  .array(fc.constantFrom('a', 'b', '/', '.', '-', 'etc', 'é', '\\', '/a', '\n', 'A', 'Etc', 'ks', 'K\u017f', '\u212aS'), { maxLength: 8 })
  .map((parts) => parts.join(''))
const regexPiece = fc.constantFrom(
  'a',
  'b',
  '/',
  '\\.',
  '-',
  '.',
  '*',
  '+',
  '?',
  '|',
  '(?:',
  '(?i:',
  'ks',
  'K',
  '(',
  ')',
  '[ab]',
  '[^/]',
  '^',
  '$',
  '\\b',
  '\\S',
  '{2}',
  '{0,1}',
  'é',
  'etc',
)
const matchers: fc.Arbitrary<Matcher> = fc.oneof(
  fc.record({
    kind: fc.constantFrom<'pattern' | 'glob' | 'exact'>('pattern', 'glob', 'exact'),
    text: fc.array(piece, { maxLength: 6 }).map((parts) => parts.join('')),
  }),
  fc.record({
    kind: fc.constant('regex' as const),
    text: fc
      .tuple(fc.constantFrom('', '(?i)', '(?si)'), fc.array(regexPiece, { maxLength: 8 }))
      .map(([flags, parts]) => flags + parts.join('')),
  }),
)

/** Without regard to case, as Unicode and RE2 have it. */
const folded = (whole: string) => whole.toLowerCase().replaceAll('\u017f', 's')

it('a text that contains none of them is not matched', () => {
  let checked = 0
  fc.assert(
    fc.property(matchers, fc.array(text, { minLength: 1, maxLength: 12 }), (matcher, texts) => {
      const condition: Condition = { op: 'match', field: 'f', any: [matcher] }
      let holds: ReturnType<typeof compileCondition>
      try {
        holds = compileCondition(condition)
      } catch {
        return // no regular expression
      }
      const literals = literalsOf(matcher)
      if (!literals) return
      for (const value of texts) {
        if (holds({ get: () => value } as never) !== true) continue
        checked++
        expect([matcher, value, literals.some((literal) => folded(value).includes(folded(literal)))]).toEqual([matcher, value, true])
      }
    }),
    { numRuns: 3000 },
  )
  expect(checked).toBeGreaterThan(100)
})

it('one pass finds all literals that a text contains, case aside', () => {
  const literal = fc.array(fc.constantFrom('a', 'b', 'k', 's'), { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(
      fc.uniqueArray(literal, { maxLength: 12 }),
      fc.array(fc.constantFrom('a', 'b', 'k', 's', 'd', 'é', 'A', 'B', 'K', '\u212a', '\u017f'), { maxLength: 20 }),
      (literals, parts) => {
        const whole = parts.join('')
        const found = new Set<number>()
        new Automaton(literals).scan(whole, (place) => found.add(place))
        expect([...found].sort((a, b) => a - b)).toEqual(literals.flatMap((one, i) => (folded(whole).includes(one) ? [i] : [])))
      },
    ),
    { numRuns: 2000 },
  )
})

it('a whole text is found that is longer than the bytes that it was decoded from', () => {
  const text = 'a\\xff'
  const bytes = { bytes: Uint8Array.of(0x61, 0xff), start: 0, end: 2, nul: 0x20 }
  const lookup = new Lookup('exec.args', string(''), () => bytes)
  const key = lookup.add({ whole: text })
  lookup.build()
  expect(lookup.read({ get: () => text })).toBe(true)
  expect([...lookup.found].slice(0, lookup.count)).toEqual([key])
})

it('parts beyond what there is memory for are found in every value, the others where they are', () => {
  const lookup = new Lookup('exec.args', string(''), undefined)
  const parts = Array.from({ length: 5_000 }, (_, i) => `${i}`.padEnd(64, '.'))
  const keys = parts.map((part) => lookup.add({ part }))
  lookup.build()
  const found = (value: string) => {
    expect(lookup.read({ get: () => value })).toBe(true)
    return lookup.found.slice(0, lookup.count)
  }
  const [first, last] = [keys[0], keys.at(-1)]
  expect(new Set(keys).size).toBeLessThan(parts.length)
  expect(found(parts[0] as string).sort()).toEqual([first, last].sort())
  expect(found(parts.at(-1) as string)).toEqual([last])
  expect(found('')).toEqual([last])
})
