import { array, assert, constantFrom, integer, property } from 'fast-check'
import { expect, it } from 'vitest'
import { defang } from '../../src/messages/defang.ts'

it.each([
  ['https://evil.example/a.b?c=d.e', 'hxxps[:]//evil[.]example/a.b?c=d.e'],
  ['HTTP://user@evil.example:80', 'hxxp[:]//user[@]evil[.]example:80'],
  ['ftp://evil.example', 'ftp[:]//evil[.]example'],
  ['curl evil.example/x', 'curl evil[.]example/x'],
  ['see www.evil.example.', 'see www[.]evil[.]example.'],
  ['evil\u3002example', 'evil[.]example'],
  ['www.http-', 'www[.]http-'],
  ['x_\uff0eevil.example', 'x_\uff0eevil[.]example'],
  ['-\uff61evil.example', '-[.]evil[.]example'],
  ['a\u30021\u3002evil\u3002example', 'a[.]1[.]evil[.]example'],
  ['to=evil.xn--p1ai', 'to=evil[.]xn--p1ai'],
  ['пример.рф', 'пример[.]рф'],
  ['mailto:root@evil.example', 'mailto:root[@]evil[.]example'],
  ['@evil.example', '@evil[.]example'],
  ['\\\\evil.example', '\\\\evil[.]example'],
  ['//evil.example/x', '//evil[.]example/x'],
  ['(//evil.example)', '(//evil[.]example)'],
  ['https:evil.example', 'https:evil[.]example'],
])('%s becomes %s', (text, harmless) => {
  expect(defang(text)).toBe(harmless)
})

it.each([
  '/usr/lib/x86_64/libc.so.6',
  '/tmp/evil.com',
  '/usr//lib/evil.com',
  './run.sh',
  '../a.py',
  'libc.so.6',
  'python3.11',
  '10.0.0.5:22',
  'root@host',
  'a: b',
  '…(+12)',
  '-rwxr-xr-x',
])('%s stays', (text) => {
  expect(defang(text)).toBe(text)
})

it('of any text leaves no scheme, no address of mail, and does nothing twice', () => {
  const units = array(integer({ min: 0, max: 0xffff }), { maxLength: 100 }).map((codes) => String.fromCharCode(...codes))
  const parts = constantFrom('http', 'https', '://', 'www.', 'evil.com', 'a', '.', '@', ':', '/', '[', ']', ' ', '-')
  const texts = [units, array(parts, { maxLength: 20 }).map((each) => each.join(''))]
  for (const text of texts)
    assert(
      property(text, (input) => {
        const output = defang(input)
        expect(output).not.toMatch(/:\/\/|https?:\/\/|[a-z]@[a-z]+\.|(?<![\w./-])www\.[a-z]{2}/i)
        expect(defang(output)).toBe(output)
      }),
      { numRuns: 500 },
    )
})

it('of a long text takes a time that grows with its length', () => {
  for (const part of ['a', 'a.', 'a-', '://', 'a@', 'a.b/', '.', '-', 'a\u3002', '1\uff0e', 'a_\u3002', '-\u3002', '\uff61'])
    expect(defang(part.repeat(200_000)).length).toBeGreaterThanOrEqual(200_000)
})
