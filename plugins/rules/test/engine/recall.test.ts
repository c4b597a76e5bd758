import { expect, it } from 'vitest'
import { ByValues } from '../../src/engine/recall.ts'

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

it('what is too long to be remembered is not worked out again and again', () => {
  const long = `/${'x'.repeat(300)}`
  expect(asked('/a', long)).toEqual(Array(6).fill('new'))
  expect(asked(long, '/b')).toEqual(Array(6).fill('new'))
})
