import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { textOf } from '../src/model/bytes.ts'

const text = (bytes: Uint8Array) => textOf(bytes, 0, bytes.length)

/** The bytes that a text stands for: the inverse of textOf. */
function bytesOf(text: string): Buffer {
  return Buffer.concat(
    text.split(/(\\x[0-9a-f]{2})/).map((part, i) => (i % 2 === 1 ? Buffer.from([Number.parseInt(part.slice(2), 16)]) : Buffer.from(part))),
  )
}

describe('textOf', () => {
  test('leaves UTF-8 and lone backslashes as they are', () => {
    expect(text(Buffer.from('/usr/bin/käse'))).toBe('/usr/bin/käse')
    expect(text(Buffer.from('a\\b\\x\\xZZ\\xFF'))).toBe('a\\b\\x\\xZZ\\xFF')
    expect(text(Buffer.from(''))).toBe('')
  })

  test('writes what is no UTF-8 as escapes', () => {
    expect(text(Buffer.from([0x61, 0xff, 0x62]))).toBe('a\\xffb')
    expect(text(Buffer.from([0xed, 0xa0, 0x80]))).toBe('\\xed\\xa0\\x80')
    expect(text(Buffer.from([0xc0, 0xaf]))).toBe('\\xc0\\xaf')
    expect(text(Buffer.from([0xe2, 0x82]))).toBe('\\xe2\\x82')
  })

  test('keeps bytes apart from text that spells their escape', () => {
    expect(text(Buffer.from('a\\xff'))).toBe('a\\x5cxff')
  })

  test('reads only its range', () => {
    expect(textOf(Buffer.from('..abc..'), 2, 5)).toBe('abc')
    expect(textOf(Buffer.from([0x61, 0xe2, 0x82, 0xac]), 0, 2)).toBe('a\\xe2')
  })

  const byte = fc.oneof(fc.constantFrom(0x5c, 0x78, 0x35, 0x63, 0x66, 0xe2, 0x82, 0xac, 0xff), fc.integer({ min: 0, max: 255 }))

  test('has an inverse, so two byte strings never share a text', () => {
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 40 }), (list) => {
        const bytes = Buffer.from(list)
        expect(bytesOf(text(bytes))).toEqual(bytes)
      }),
      { numRuns: 3000 },
    )
  })
})
