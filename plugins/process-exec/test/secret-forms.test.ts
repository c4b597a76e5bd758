import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Scrubber } from '../src/scrub.ts'
import { FORMS, JSON_MEMBER, mayHoldSecret } from '../src/secret-forms.ts'

const ALL = [...FORMS, JSON_MEMBER]
const fits = (form: RegExp, text: string) => new RegExp(form.source, form.flags.replace('g', '')).test(text)

/** One of the shortest texts of each form, and more of what has many heads. */
const SHORTEST = [
  'a://:b@',
  'authorization:x',
  'proxy-authorization=x',
  'x-api-key:x',
  'x-auth-token:x',
  'x-vault-token:x',
  'private-token:x',
  'cookie:x',
  'set-cookie:x',
  'bearer aaaaaaaa',
  '-----BEGIN PRIVATE KEY-----x',
  'eyJaaaaaaaa.bb.',
  'AKIAAAAAAAAAAAAAAAAA',
  'ASIAAAAAAAAAAAAAAAAA',
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_', 'glpat-', 'AIza', 'npm_', 'pypi-', 'sk-'].map((head) => head + 'a'.repeat(16)),
  ...['xoxa-', 'xoxb-', 'xoxe-', 'xoxo-', 'xoxp-', 'xoxr-', 'xoxs-', 'sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'].map(
    (head) => head + 'a'.repeat(16),
  ),
  '"ab":"c',
]

/** Whole secrets, heads, tails and separators, in either case. */
const fragment = fc.oneof(
  fc.constantFrom(...SHORTEST),
  fc.constantFrom(...SHORTEST).map((text) => text.toUpperCase()),
  fc
    .tuple(fc.constantFrom(...SHORTEST), fc.nat(30), fc.nat(30))
    .map(([text, from, to]) => text.slice(Math.min(from, to), Math.max(from, to))),
  fc.constantFrom(' ', '\t', '\n', '\u00a0', '\u2028', ':', '=', '@', '"', '/', '://', '-', '_', '.', 'bearer ', 'Basic ', 'a'.repeat(16)),
  fc.string({ unit: 'binary', maxLength: 4 }),
)
const soup = fc.array(fragment, { maxLength: 8 }).map((fragments) => fragments.join(''))

describe('one look', () => {
  test.each(SHORTEST)('sees that %j may hold a secret', (text) => {
    expect(ALL.some((form) => fits(form, text))).toBe(true)
    expect(mayHoldSecret(text)).toBe(true)
  })

  test('misses nothing that a form fits', () => {
    const met = new Set<RegExp>()
    fc.assert(
      fc.property(soup, (text) => {
        const fitting = ALL.filter((form) => fits(form, text))
        for (const form of fitting) met.add(form)
        if (fitting.length > 0) expect(mayHoldSecret(text)).toBe(true)
      }),
      { numRuns: 20_000 },
    )
    expect(met.size).toBe(ALL.length)
  })
})

describe('what is remembered of command lines', () => {
  const list = fc.array(
    fc.oneof(fc.constantFrom('-psecret', '-p', 'x', '', '\0', 'a\0b', 'a', 'b', '--token', '--token=x', 'mysql', 'a://u:pw@h'), soup),
    { maxLength: 6 },
  )
  const program = fc.constantFrom('', 'mysql', 'sshpass', 'sh', 'mysql\0x')
  const options = { enabled: true, words: [], patterns: [] }

  test('is what would be found anew', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(list, program), { maxLength: 20 }), (lines) => {
        const old = new Scrubber(options)
        for (const [argv, name] of [...lines, ...lines]) expect(old.list(argv, name)).toEqual(new Scrubber(options).list(argv, name))
      }),
      { numRuns: 300 },
    )
  })

  test('is the same list the second time', () => {
    const scrubber = new Scrubber(options)
    expect(scrubber.list(['--token', 'x'])).toBe(scrubber.list(['--token', 'x']))
  })

  test('belongs to one parting of the text, and to one program', () => {
    const scrubber = new Scrubber(options)
    expect(scrubber.list(['--token', 'x\0y'])).toEqual(['--token', '***'])
    expect(scrubber.list(['--token', 'x', 'y'])).toEqual(['--token', '***', 'y'])
    expect(scrubber.list(['a', '--token', 'y'])).toEqual(['a', '--token', '***'])
    expect(scrubber.list(['a\0--token', 'y'])).toEqual(['a\0--token', 'y'])
    expect(scrubber.list(['-psecret'], 'ssh')).toEqual(['-psecret'])
    expect(scrubber.list(['-psecret'], 'mysql')).toEqual(['-p***'])
    expect(scrubber.list(['mysql', '-psecret'])).toEqual(['mysql', '-p***'])
    expect(scrubber.list(['-psecret'], '\0mysql')).toEqual(['-psecret'])
  })

  test('does not end with the memory', () => {
    const scrubber = new Scrubber(options)
    for (let i = 0; i < 1_000; i++) expect(scrubber.list(['--token', `${i}`, `${i}`])).toEqual(['--token', '***', `${i}`])
    expect(scrubber.list(['--token', 'x'.repeat(5_000)])).toEqual(['--token', '***'])
  })
})
