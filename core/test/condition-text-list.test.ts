import { describe, expect, it } from 'vitest'
import { parseMacro } from '../src/condition/macro.ts'
import { parseCondition } from '../src/condition/parse.ts'
import { exec } from '../src/model/events/exec.ts'

const values = ['/opt/*/a', 'b', '%{process.comm}']
const macros = new Map([
  ['texts', parseMacro('texts', { values })],
  ['patterns', parseMacro('patterns', { expression: '["x", ~"/o*/b", r".*c"]' })],
  ['bad', parseMacro('bad', { expression: '["x", r"(c"]' })],
])
const read = (text: string) => parseCondition(text, exec, undefined, { macros })
const written = (text: string) => parseCondition(text, exec)

describe('a list of texts that is a macro', () => {
  it.each([
    ['exec.comm in patterns', 'exec.comm in ["x", ~"/o*/b", r".*c"]'],
    ['exec.comm in texts', `exec.comm in ${JSON.stringify(values)}`],
    ['exec.file.path in texts', 'exec.file.path in ["/opt/*/a", "b", "%{process.comm}"]'],
    ['exec.file.extension in texts', 'exec.file.extension in ["/opt/*/a", "b", "%{process.comm}"]'],
  ])('means in each place what it means there: %s', (short, long) => {
    const outcome = (make: () => unknown) => {
      try {
        return make()
      } catch (error) {
        return (error as Error).message.replace(/^\d+:\d+: /, '')
      }
    }
    // Twice: what was made for one place serves the next, of the same field alone.
    for (let i = 0; i < 2; i++) expect(outcome(() => read(short))).toEqual(outcome(() => written(long)))
  })

  it('is one object in all conditions on the same field', () => {
    const [one, other, another] = ['exec.comm in texts', '"x" != exec.comm && exec.comm in texts', 'exec.tty_name in texts'].map(read)
    const anyOf = (condition: unknown) => (condition as { readonly any: unknown }).any
    const last = (condition: unknown) => (condition as { readonly of: readonly unknown[] }).of.at(-1)
    expect(anyOf(last(other))).toBe(anyOf(one))
    expect(anyOf(another)).not.toBe(anyOf(one))
  })

  it('is refused where it is used, each time', () => {
    expect(() => read('exec.comm in bad')).toThrow(/^1:14: invalid regular expression/)
    expect(() => read('exec.pid > 1 && exec.comm in bad')).toThrow(/^1:30: invalid regular expression/)
    expect(() => read('exec.pid > 1 && exec.pid in texts')).toThrow(/^1:29: /)
    expect(() => read('exec.file.path in patterns')).toThrow(/^1:19: exec.file.path holds absolute paths/)
  })

  it('counts with all its values', () => {
    const many = new Map([['many', parseMacro('many', { values: Array.from({ length: 40_000 }, (_, i) => `v${i}`) })]])
    const twice = 'exec.comm in many || exec.comm in many || exec.comm == "a"'
    expect(() => parseCondition(twice, exec, undefined, { macros: many })).toThrow('more than 65536 terms')
  })
})
