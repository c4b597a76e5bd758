import { type Condition, compileCondition, type Matcher } from '@cws/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { firstFolder, headOfMatcher } from '../../src/engine/head.ts'

const heads = (kind: Matcher['kind'], ...texts: string[]) => texts.map((text) => headOfMatcher({ kind, text }))

it('the folder of the root that a matcher is about', () => {
  expect(heads('exact', '/etc/passwd', '/etc', 'memfd:x', '', '/')).toEqual(['/etc', '/etc', undefined, undefined, '/'])
  expect(heads('glob', '/etc/*', '/etc/**', '/*/x', '/**', '*/x', '/etc*', '/home/*/.ssh/**')).toEqual([
    '/etc',
    '/etc',
    undefined,
    undefined,
    undefined,
    undefined,
    '/home',
  ])
  expect(heads('regex', '^/etc/x\\.d/', '^/etc/(?:a|b)$', '^/etc/a|b', '/etc/', '^/(?:etc|usr)/', '^/etcx?/', '^/etc', '^/[|]/')).toEqual([
    '/etc',
    '/etc',
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  expect(heads('regex', '^/etc/?x', '^/etc/*x', '^/etc/{0,1}x', '^/etc/+x', '^/etc/a/?x')).toEqual([
    undefined,
    undefined,
    undefined,
    '/etc',
    '/etc',
  ])
  expect(heads('regex', '^/etc/[\\](]|y', '^/etc/\\Q(\\E|y', '^/etc/[[:alpha:](]|y', '^/etc/[](]|y', '^/etc/[^](|]y', '^/etc/[|')).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    '/etc',
    undefined,
  ])
})

const part = fc.constantFrom('etc', 'a', '*', '**', 'x*')
const glob = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`)
const path = fc.array(fc.constantFrom('etc', 'a', 'x', 'xa', ''), { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`)

it('what has another cannot be matched', () => {
  fc.assert(
    fc.property(glob, path, fc.constantFrom<Matcher['kind']>('glob', 'pattern', 'exact'), (text, value, kind) => {
      const condition: Condition = { op: 'match', field: 'f', any: [{ kind, text }] }
      const head = headOfMatcher({ kind, text })
      const matches = compileCondition(condition)({ get: () => value } as never)
      if (head !== undefined && firstFolder(value) !== head) expect([kind, text, value, matches]).not.toContain(true)
    }),
  )
})
