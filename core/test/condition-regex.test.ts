import { describe, expect, it } from 'vitest'
import { regexOf } from '../src/condition/regex.ts'

describe('compiled regular expressions', () => {
  it('are shared by all that use one', () => {
    expect(regexOf('a+b')).toBe(regexOf('a+b'))
    expect(regexOf('a+b')).not.toBe(regexOf('(?i)a+b'))
  })

  it('say what is none each time', () => {
    for (let i = 0; i < 2; i++) expect(() => regexOf('(')).toThrow()
  })

  it('are right after thousands of others', () => {
    for (let i = 0; i < 1500; i++) expect(regexOf(`^${i}$`).test(String(i))).toBe(true)
    expect(regexOf('^7$').test('8')).toBe(false)
  })
})
