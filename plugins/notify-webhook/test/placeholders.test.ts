import { hostileLetter, hostileValues, sampleSignal } from '@cws/core/testing'
import { array, assert, constantFrom, integer, oneof, property } from 'fast-check'
import { expect, it } from 'vitest'
import { fill, fillUrl, flawOf } from '../src/placeholders.ts'

const of = (value: unknown) =>
  ({ reason: 'opened', signal: sampleSignal({ host: { name: value as string }, event: { type: 'exec', a: { b: value } } }) }) as const

it.each([
  ['{{severity}}/{{ status }}', 'high/open'],
  ['{{reason}} {{rule_id}} {{signal_id}} {{revision}} {{event_type}}', 'opened exec-from-memory-fs 01JDEXAMPLE0000000000000AA 1 exec'],
  ['{{host.name}}{{@a.b}}', 'web-1web-1'],
  ['{{@a}} {{@none.at.all}} {{@a.constructor}}', '- - -'],
  ['as it is }}', 'as it is }}'],
])('%s is filled', (text, filled) => {
  expect(flawOf(text)).toBeUndefined()
  expect(fill(text, of('web-1'))).toBe(filled)
})

it('a value is never looked at again', () => {
  expect(fill('{{host.name}}', of('{{severity}}'))).toBe('%7B%7Bseverity%7D%7D')
})

it.each([
  ['{{severty}}', 'did you mean severity?'],
  ['{{}}', 'there is severity'],
  ['{{{severity}}}', 'three {'],
  ['{{@a..b}}', 'there is severity'],
  ['{{severity', 'that nothing ends'],
])('%s is refused', (text, why) => {
  expect(flawOf(text)).toContain(why)
})

it('whatever a value is, what it fills is printable ASCII of bounded length, and a URL leads where it was meant to [case 51]', () => {
  const characters = integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code))
  const parts = oneof(characters, constantFrom('.', '..', '/', '\\', '%2e', '@', '#', '?', '//', 'evil.example', ':', '%', '\r\n', ' '))
  const values = array(parts, { maxLength: 30 }).map((each) => each.join(''))
  const urls = [
    'https://siem.example.com/{{host.name}}',
    'https://siem.example.com:8443/a/{{host.name}}/.{{@a.b}}/b?x={{@a.b}}&y',
    'https://siem.example.com/{{@a.b}}{{host.name}}/',
  ]
  assert(
    property(values, constantFrom(...urls), (value, url) => {
      const filled = fill('{{host.name}}', of(value))
      expect(filled).toMatch(/^[A-Za-z0-9_.!~*'()%-]{1,2304}$/)
      const led = fillUrl(url, of(value))
      if (led === undefined) return
      const [meant, got] = [new URL(url.replace(/\{\{.*?\}\}/g, 'v')), new URL(led)]
      expect([got.origin, got.username, got.hash]).toEqual([meant.origin, '', ''])
      expect(got.pathname.split('/').length).toBe(meant.pathname.split('/').length)
      expect([...got.searchParams.keys()]).toEqual([...meant.searchParams.keys()])
    }),
    { numRuns: 300 },
  )
})

it.each(hostileValues.map((text) => [JSON.stringify(text).slice(0, 60), text] as const))(
  '%s in a URL or a header is a part of it, and says what it says [case 45] [case 50] [case 51]',
  (_, text) => {
    const letter = hostileLetter(text)
    const of = { ...letter, signal: { ...letter.signal, host: { name: text } } }
    const fields = ['rule_id', 'host.name', '@exec.file.name', '@process.args', '@container.name', '@exec.file.path']
    for (const field of fields) {
      const [value, whole] = [fill(`{{${field}}}`, of), field === '@exec.file.path' ? `/tmp/${text}` : text]
      expect(value).toMatch(/^[A-Za-z0-9_.!~*'()%-]+$/)
      expect(value).not.toMatch(/^(\.|%2e){1,2}$/i)
      if (!/^\.*$/.test(whole)) expect(decodeURIComponent(value)).toBe(whole.slice(0, 256).toWellFormed())
      expect(fill(`team=a; x={{${field}}}`, of)).toBe(`team=a; x=${value}`)
      const led = new URL(fillUrl(`https://siem.example.com:8443/in/{{${field}}}/b?x={{${field}}}&y=1`, of) ?? '')
      expect([led.origin, led.username, led.password, led.hash]).toEqual(['https://siem.example.com:8443', '', '', ''])
      expect(led.pathname).toBe(`/in/${value}/b`)
      expect([...led.searchParams]).toEqual([
        ['x', decodeURIComponent(value)],
        ['y', '1'],
      ])
    }
  },
)
