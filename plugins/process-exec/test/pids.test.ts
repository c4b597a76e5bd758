import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Pids } from '../src/table/pids.ts'

const LAST = 2 ** 22 - 1
const pid = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: 0, max: 40 }).map((page) => 256 * page + 3),
  fc.constantFrom(255, 256, 511, 512, LAST, LAST + 1, 2 ** 32 - 1, 2 ** 33 + 7, 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY),
  fc.integer({ min: 1, max: LAST }),
)
const step = fc.record({ pid, node: fc.integer({ min: 0, max: 2 ** 32 - 1 }) })

test.each([0, 5, 1000])('the present images by pid, with room for %d pages: what a map says', (pages) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
      const pids = new Pids(1024 * pages)
      const model = new Map<number, number>()
      for (const { pid, node } of steps) {
        if (node % 3 === 0) {
          pids.delete(pid)
          model.delete(pid)
        } else {
          pids.set(pid, node)
          model.set(pid, node)
        }
        expect(pids.size).toBe(model.size)
        expect(pids.get(pid)).toBe(model.get(pid) ?? 0)
        expect(pids.bytes).toBeLessThanOrEqual(1024 * pages + 48 * model.size)
      }
      for (const { pid } of steps) expect(pids.get(pid)).toBe(model.get(pid) ?? 0)
      for (const { pid } of steps) pids.delete(pid)
      expect(pids.size).toBe(0)
      expect(pids.bytes).toBe(0)
    }),
    { numRuns: 100 },
  )
})

test('a page goes with its last process, and others find room for theirs then', () => {
  const pids = new Pids(2 * 1024)
  for (const pid of [1, 300, 600]) pids.set(pid, pid)
  expect(pids.bytes).toBe(2 * 1024 + 48)
  pids.delete(1)
  expect(pids.bytes).toBe(1024 + 48)
  // That there is room for a page of it now moves nothing.
  pids.set(600, 7)
  pids.set(601, 8)
  expect(pids.bytes).toBe(2 * 1024 + 48)
  for (const [pid, node] of [
    [1, 0],
    [300, 300],
    [600, 7],
    [601, 8],
  ] as const)
    expect(pids.get(pid)).toBe(node)
})
