import { expect, it } from 'vitest'
import { rootDomain } from '../src/condition/root-domain.ts'

it.each([
  ['www.example.com', 'example.com'],
  ['WWW.Example.CO.UK', 'example.co.uk'],
  ['a.b.github.io', 'b.github.io'],
  ['example.com.', 'example.com'],
  ['x.y.nowhere', 'y.nowhere'],
  ['com', ''],
  ['co.uk', ''],
  ['localhost', ''],
  ['10.1.2.3', ''],
  ['::1', ''],
  ['', ''],
  [`${'a.'.repeat(200_000)}com`, ''],
])('of %s it is %j', (name, domain) => {
  expect(rootDomain(name)).toBe(domain)
})

it('of any text is a text', () => {
  for (const text of ['..', 'a..b', '\0', 'http://x.example.com/', 'ü.example', '*.example.com', ' example.com '])
    expect(typeof rootDomain(text)).toBe('string')
})
