import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PathPatterns, REACH } from '../src/index.ts'

const both = REACH.ENTRIES | REACH.DEEPER
const bytes = (path: string) => Buffer.from(path)

describe('what is wanted', () => {
  it.each<[glob: string, wanted: string[], other: string[]]>([
    ['/etc', ['/etc', '/etc/a', '/etc/a/b'], ['/', '/et', '/etca', '/a/etc']],
    ['/', ['/', '/a', '/a/b'], []],
    ['/etc/**', ['/etc/a', '/etc/a/b'], ['/etc', '/etca/b']],
    ['/usr/bin/*', ['/usr/bin/a', '/usr/bin/.a'], ['/usr/bin', '/usr/bin/a/b', '/usr/a']],
    ['/srv/*/conf/*.yaml', ['/srv/a/conf/b.yaml', '/srv/a/conf/.yaml'], ['/srv/conf/b.yaml', '/srv/a/b/conf/c.yaml', '/srv/a/conf/b.yml']],
    ['/a/**/b', ['/a/b', '/a/x/b', '/a/x/y/b'], ['/a', '/a/x', '/a/b/c', '/ab']],
    ['/**/.ssh/*', ['/.ssh/a', '/root/.ssh/a', '/home/u/.ssh/a'], ['/root/.ssh', '/.ssh', '/root/.ssh/a/b']],
    ['/a/?', ['/a/b', '/a/é', '/a/𝄞'], ['/a/bb', '/a']],
    ['/a/[b-d]x', ['/a/bx', '/a/dx'], ['/a/ax', '/a/b', '/a/bxx']],
    ['/a/[!b]', ['/a/c', '/a/]'], ['/a/b', '/a/cc']],
    ['/a/[]x]', ['/a/]', '/a/x'], ['/a/a']],
    ['/a/[à-ü]', ['/a/é'], ['/a/e']],
    ['/a/x*y*z', ['/a/xyz', '/a/x1y2y3z'], ['/a/xz', '/a/xyzz1']],
  ])('%s', (glob, wanted, other) => {
    const patterns = new PathPatterns([glob])
    expect(wanted.filter((path) => !patterns.matches(bytes(path)))).toEqual([])
    expect(other.filter((path) => patterns.matches(bytes(path)))).toEqual([])
  })

  it('names are bytes', () => {
    const patterns = new PathPatterns(['/a/?', '/a/x*'])
    expect(
      [Buffer.from([0xff]), Buffer.from([0xc3]), Buffer.from([0x78, 0xff, 0xfe])].map((name) =>
        patterns.matches(Buffer.concat([bytes('/a/'), name])),
      ),
    ).toEqual([true, true, true])
    expect(patterns.matches(Buffer.concat([bytes('/a/'), Buffer.from([0xff, 0xfe])]))).toBe(false)
  })

  it('but what is ignored', () => {
    const patterns = new PathPatterns(['/etc/**'], ['/etc/mtab', '/etc/**/*.swp', '/etc/cache/**'])
    expect(
      ['/etc/a', '/etc/mtab', '/etc/mtab/x', '/etc/.a.swp', '/etc/b/a.swp', '/etc/cache', '/etc/cache/x'].map((path) =>
        patterns.matches(bytes(path)),
      ),
    ).toEqual([true, false, false, false, false, true, false])
    expect(['/etc', '/etc/cache', '/etc/cache/x', '/etc/mtab', '/etc/x.swp'].map((path) => patterns.reach(bytes(path)))).toEqual([
      both,
      0,
      0,
      0,
      0,
    ])
  })

  it.each([
    '',
    'etc',
    '/etc/',
    '/a//b',
    '/a/./b',
    '/..',
    '/a\0b',
    '/a/[b',
    '/a/[',
    '/a/[!]',
    `/${'a/'.repeat(70)}b`,
    `/${'a'.repeat(5000)}`,
  ])('%j is no pattern', (glob) => {
    expect(() => new PathPatterns([glob])).toThrow(expect.objectContaining({ code: 'CWS_PATTERN' }))
  })
})

describe('what a directory may hold', () => {
  it.each<[glob: string, path: string, reach: number]>([
    ['/etc', '/', both],
    ['/etc', '/etc', both],
    ['/etc', '/etc/a/b', both],
    ['/etc', '/usr', 0],
    ['/etc', '/et', 0],
    ['/usr/bin/*', '/', REACH.DEEPER],
    ['/usr/bin/*', '/usr', REACH.DEEPER],
    ['/usr/bin/*', '/usr/bin', REACH.ENTRIES],
    ['/usr/bin/*', '/usr/bin/a', 0],
    ['/srv/*/conf/*.yaml', '/srv', REACH.DEEPER],
    ['/srv/*/conf/*.yaml', '/srv/a', REACH.DEEPER],
    ['/srv/*/conf/*.yaml', '/srv/a/conf', REACH.ENTRIES],
    ['/srv/*/conf/*.yaml', '/srv/a/other', 0],
    ['/a/**/b', '/a', both],
    ['/a/**/b', '/a/x/y', both],
    ['/a/**', '/', REACH.DEEPER],
    ['/', '/', both],
  ])('%s: %s', (glob, path, reach) => {
    expect(new PathPatterns([glob]).reach(bytes(path))).toBe(reach)
  })
})

const segment = fc
  .array(fc.constantFrom('a', 'b', 'é', '*', '?', '[ab]', '[!a]'), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(''))
const glob = fc.array(fc.oneof(segment, fc.constant('**')), { minLength: 1, maxLength: 5 }).map((parts) => `/${parts.join('/')}`)
const path = fc
  .array(
    fc.array(fc.constantFrom('a', 'b', 'é', 'c'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => `/${parts.join('/')}`)

/** The same by a regular expression. */
function regexOf(text: string): RegExp {
  const parts = text.slice(1).split('/')
  const names = parts.map((part) => part.replaceAll('[!', '[^/').replace(/\*+/g, '[^/]*').replaceAll('?', '[^/]'))
  let source = ''
  for (const [i, part] of parts.entries()) {
    if (part !== '**') source += `/${names[i]}`
    else if (i < parts.length - 1) source += '(?:/[^/]+)*'
    else source += '(?:/[^/]+)+'
  }
  if (!/[*?[]/.test(text)) source += '(?:/.*)?'
  return new RegExp(`^${source}$`, 'u')
}

it('agrees with a regular expression, and what it says of directories with what it says of paths', () => {
  fc.assert(
    fc.property(glob, path, (one, text) => {
      const patterns = new PathPatterns([one])
      expect(patterns.matches(bytes(text))).toBe(regexOf(one).test(text))
      if (!patterns.matches(bytes(text))) return
      const folders = text
        .split('/')
        .map((_, i, parts) => parts.slice(0, i).join('/') || '/')
        .slice(1)
      expect(patterns.reach(bytes(folders.at(-1) as string)) & REACH.ENTRIES).toBe(REACH.ENTRIES)
      for (const above of folders.slice(0, -1)) expect(patterns.reach(bytes(above)) & REACH.DEEPER).toBe(REACH.DEEPER)
    }),
    { numRuns: 3000 },
  )
})

it('takes any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 40 }), (noise, text) => {
      const path = Buffer.concat([bytes('/'), noise])
      for (const glob of [`/${text}`, '/*/[!a-\u{10ffff}]?*', '/**/*\xff?']) {
        try {
          const patterns = new PathPatterns([glob])
          expect(typeof patterns.matches(path)).toBe('boolean')
          expect(patterns.reach(path)).toBeLessThan(4)
        } catch (error) {
          expect((error as { code: string }).code).toBe('CWS_PATTERN')
        }
      }
    }),
  )
})
