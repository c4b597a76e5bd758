import { expect, it } from 'vitest'
import { ByNumber, ByValues } from '../../src/engine/recall.ts'

const asked = (path: string, target: string) => {
  const recall = new ByValues<string>(['path', 'target'])
  const event = { get: (name: string) => (name === 'path' ? path : target) }
  return Array.from({ length: 6 }, () => {
    const known = recall.get(event)
    if (known === undefined) recall.set(event, 'worked out')
    return known
  })
}

it('what recurs is worked out once', () => {
  expect(asked('/a', '/b')).toEqual(['new', 'new', 'new', undefined, 'worked out', 'worked out'])
})

it('by number also, after so many times, and for the number that took a place last', () => {
  const numbers = [7, 7, 7, 7, 7, 7 + 8192, 7 + 8192, 7, 7, 7, 7]
  let at = 0
  const recall = new ByNumber<string>({ fields: new Set(), of: () => numbers[at] as number }, 2)
  const found = numbers.map((_, i) => {
    at = i
    const known = recall.get({} as never)
    if (known === undefined) recall.set({} as never, `of ${numbers[i]}`)
    return known
  })
  expect(found).toEqual(['new', 'new', undefined, 'of 7', 'of 7', 'new', 'new', 'new', 'new', undefined, 'of 7'])
})

it('what is too long to be remembered is not worked out again and again', () => {
  const long = `/${'x'.repeat(300)}`
  expect(asked('/a', long)).toEqual(Array(6).fill('new'))
  expect(asked(long, '/b')).toEqual(Array(6).fill('new'))
})
