import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileGlob } from '../src/condition/glob.ts'
import type { Matcher } from '../src/condition/ir.ts'
import { compileMatchers, headOf } from '../src/condition/matchers.ts'
import { compilePattern } from '../src/condition/pattern.ts'

/** Tries everything: slow and plainly right. */
function patternOracle(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern[0] === '*') return patternOracle(pattern.slice(1), text) || (text !== '' && patternOracle(pattern, text.slice(1)))
  return text !== '' && text[0] === pattern[0] && patternOracle(pattern.slice(1), text.slice(1))
}

function globOracle(glob: string, path: string): boolean {
  if (!glob.includes('*')) return glob === path
  if (path === '') return false
  const walk = (segments: readonly string[], rest: readonly string[]): boolean => {
    const [first, ...others] = segments
    if (first === undefined) return rest.length === 0
    if (first === '**') {
      const least = others.length === 0 ? 1 : 0
      return Array.from({ length: rest.length + 1 }, (_, skipped) => skipped).some(
        (skipped) => skipped >= least && walk(others, rest.slice(skipped)),
      )
    }
    return rest.length > 0 && patternOracle(first, rest[0] as string) && walk(others, rest.slice(1))
  }
  return walk((glob.startsWith('*/') ? `/${glob}` : glob).split('/'), path.split('/'))
}

const few = (letters: readonly string[], maxLength: number) =>
  fc.array(fc.constantFrom(...letters), { maxLength }).map((parts) => parts.join(''))

describe('patterns', { timeout: 30_000 }, () => {
  it.each([
    ['*ab', 'abab', true],
    ['a*', 'a', true],
    ['a*a', 'a', false],
    ['c*l', 'curl', true],
    ['c?rl', 'curl', false],
    ['*x.test/*', '-sSL https://x.test/a', true],
    ['*', '', true],
    ['sh', 'sh\n', false],
    ['s*', 'sh\n', true],
    ['naïve*', 'naïveté 😀', true],
  ])('%s on %j is %s', (pattern, text, expected) => expect(compilePattern(pattern)(text)).toBe(expected))

  it('agrees with a matcher that tries everything', () => {
    fc.assert(
      fc.property(few(['a', 'b', '*', 'ab'], 8), few(['a', 'b', '/'], 10), (pattern, text) => {
        expect(compilePattern(pattern)(text)).toBe(patternOracle(pattern, text))
      }),
      { numRuns: 5000 },
    )
  })
})

describe('globs', { timeout: 30_000 }, () => {
  it.each([
    ['/etc/*', '/etc/ssh/sshd_config', false],
    ['/etc/*/*', '/etc/ssh/sshd_config', true],
    ['/etc/**', '/etc/ssh/sshd_config', true],
    ['/etc/**', '/etc', false],
    ['/etc/ssh/sshd_config/**', '/etc/ssh/sshd_config', false],
    ['**/sshd_config', '/etc/ssh/sshd_config', true],
    ['/etc/ssh/**/sshd_config', '/etc/ssh/sshd_config', true],
    ['/etc/**_config', '/etc/ssh/sshd_config', false],
    ['/etc/ssh/**_config', '/etc/ssh/sshd_config', true],
    ['*/ssh/*', '/etc/ssh/sshd_config', true],
    ['*/sshd_config', '/etc/ssh/sshd_config', false],
    ['/ETC/**', '/etc/ssh/sshd_config', false],
    ['/a/b/**/b/c', '/a/b/c', false],
    ['**/.*/**', '/home/u/.cache/x', true],
    ['/tmp/**', '', false],
    ['/tmp/**', '/tmp/a\n', true],
    ['/var/log/*', '/var/log/', true],
    ['memfd:*', 'memfd:a/b', true],
    ['memfd:*', '/tmp/memfd:a', false],
  ])('%s on %j is %s', (glob, path, expected) => expect(compileGlob(glob)(path)).toBe(expected))

  it('agrees with a matcher that tries everything', () => {
    const segment = fc.oneof(fc.constantFrom('**', '*', 'a', 'b'), few(['a', 'b', '*'], 3))
    const glob = fc.tuple(fc.boolean(), fc.array(segment, { minLength: 1, maxLength: 6 }))
    const path = fc.array(few(['a', 'b'], 3), { minLength: 1, maxLength: 7 })
    fc.assert(
      fc.property(glob, path, ([absolute, segments], parts) => {
        const text = (absolute ? '/' : '') + segments.join('/')
        for (const value of [`/${parts.join('/')}`, parts.join('/')])
          expect(compileGlob(text)(value), `${text} on ${value}`).toBe(globOracle(text, value))
      }),
      { numRuns: 20_000 },
    )
  })
})

describe('alternatives', () => {
  it.each<[string, string]>([
    ['^LD_(?:PRELOAD|AUDIT)=', 'LD_'],
    ['^memfd:', 'memfd:'],
    ['^ab*', 'a'],
    ['^ab{0,1}c', 'a'],
    ['^ab|c', ''],
    ['^LD_(?:A|B)=(?:.*[:|] )?/(?:tmp|x)/', 'LD_'],
    ['^ab[(]|c', ''],
    ['^ab[[:alpha:]|]|c', ''],
    ['^ab\\Q(\\E|c', ''],
    ['^ab\\(|c', ''],
    ['^(?:a|b)', ''],
    ['ab', ''],
    ['(?i)^ab', ''],
    ['^ab$', 'ab'],
  ])('all that %s matches begins with %j', (text, head) => expect(headOf({ kind: 'regex', text })).toBe(head))

  it('are each found whatever the others are', () => {
    const texts = fc.constantFrom('', 'a', 'ab', 'b', '/', '/a', '/a/b', '/b/a', 'memfd:a', '\n', 'ba')
    const matcher: fc.Arbitrary<Matcher> = fc.oneof(
      texts.map((text): Matcher => ({ kind: 'exact', text })),
      fc.constantFrom('*', 'a*', 'b*a', '*b', '/*').map((text): Matcher => ({ kind: 'pattern', text })),
      fc.constantFrom('/a/*', '/b/**', '**/b', '*/b', '/**', 'memfd:*').map((text): Matcher => ({ kind: 'glob', text })),
      fc.constantFrom('^a', '^ab?$', 'b$', '^/a|b', '^(?:a|/)', '^$').map((text): Matcher => ({ kind: 'regex', text })),
    )
    fc.assert(
      fc.property(fc.array(matcher, { maxLength: 8 }), texts, (any, text) => {
        expect(compileMatchers(any)(text)).toBe(any.some((one) => compileMatchers([one])(text)))
      }),
      { numRuns: 3000 },
    )
  })
})
