import { expect, it } from 'vitest'
import { KeptLists } from '../src/fields/kept-lists.ts'
import { Strings } from '../src/table/strings.ts'
import { inMemory } from './bytes.ts'

it('decodes a list once, and never shows one under the number of another', () => {
  const strings = new Strings(1 << 20)
  let decoded = 0
  const lists = new KeptLists(strings, (id) => {
    decoded++
    return strings.text(id).split('\0')
  })
  const intern = (text: string) => strings.intern(inMemory(text), 0, text.length)
  const first = intern('A=1\0B')
  expect(lists.of(first)).toEqual(['A=1', 'B'])
  expect(lists.of(first)).toBe(lists.of(first))
  expect(decoded).toBe(1)
  strings.release(first)
  for (let i = 0; i < 1000; i++) {
    const id = intern(`N=${i}\0M`)
    expect(lists.of(id)).toEqual([`N=${i}`, 'M'])
    strings.release(id)
  }
  expect(strings.count).toBeLessThanOrEqual(64)
})
