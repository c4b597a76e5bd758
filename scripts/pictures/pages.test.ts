import { expect, it } from 'vitest'
import { digests, drawnFrom } from './pages.ts'

it('the pictures in the documents are of messages as they are now: else npm run docs:pictures', () => {
  expect(drawnFrom()).toEqual(digests())
})
