import { expect, it } from 'vitest'
import { KeepStore } from '../src/plugin/keep.ts'

it('hands long-lived things over to the next composition where the options are equal, and disposes of the rest', async () => {
  const store = new KeepStore()
  const closed: string[] = []
  const create = (name: string) => () => ({ name, close: () => closed.push(name) })

  const first = store.next()
  const a = first.keep('p', { x: [1] }, 'a', create('a'))
  first.keep('p', { x: [1] }, 'b', create('b'))
  first.keep('q', { y: 1 }, 'a', create('q'))
  await first.adopt()

  const second = store.next()
  expect(second.keep('p', { x: [1] }, 'a', create('never'))).toBe(a)
  expect(second.keep('q', { y: 2 }, 'a', create('q2'))).toMatchObject({ name: 'q2' })
  expect(closed).toEqual([])
  await second.adopt()
  expect(closed.sort()).toEqual(['b', 'q'])

  await store.close()
  expect(closed.sort()).toEqual(['a', 'b', 'q', 'q2'])
})
