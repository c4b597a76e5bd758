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
  expect(first.handedTo('p')).toBe(false)

  const second = store.next()
  expect(second.keep('p', { x: [1] }, 'a', create('never'))).toBe(a)
  expect(second.keep('q', { y: 2 }, 'a', create('q2'))).toMatchObject({ name: 'q2' })
  expect(second.handedTo('p')).toBe(true)
  expect(second.handedTo('q')).toBe(false)
  expect(closed).toEqual([])
  await second.adopt()
  expect(closed.sort()).toEqual(['b', 'q'])

  await store.close()
  expect(closed.sort()).toEqual(['a', 'b', 'q', 'q2'])
})

it('disposes of what only a composition that is given up kept', async () => {
  const store = new KeepStore()
  const closed: string[] = []
  const create = (name: string) => () => ({ close: () => closed.push(name) })
  const first = store.next()
  const a = first.keep('p', {}, 'a', create('a'))
  await first.adopt()

  const second = store.next()
  expect(second.keep('p', {}, 'a', create('never'))).toBe(a)
  second.keep('p', {}, 'b', create('b'))
  await second.abandon()
  expect(closed).toEqual(['b'])

  const third = store.next()
  expect(third.keep('p', {}, 'a', create('never'))).toBe(a)
  third.keep('p', {}, 'c', create('c'))
  // The agent stops before it is adopted.
  await store.close()
  expect(closed).toEqual(['b', 'a', 'c'])
})

it('tells of what cannot be closed, and closes the rest', async () => {
  const errors: string[] = []
  const store = new KeepStore((error) => errors.push(error.message))
  const closed: string[] = []
  const first = store.next()
  first.keep('p', {}, 'a', () => ({
    close: () => {
      throw new Error('stuck')
    },
  }))
  first.keep('p', {}, 'b', () => ({ close: () => closed.push('b') }))
  await first.adopt()
  await store.next().adopt()
  expect(errors).toEqual(['stuck'])
  expect(closed).toEqual(['b'])
})
