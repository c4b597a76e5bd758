import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Pids } from '../src/table/pids.ts'

const LAST = 2 ** 22 - 1
const pid = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.constantFrom(1023, 1024, 2047, 2048, LAST, LAST + 1, 2 ** 32 - 1, 2 ** 33 + 7, 0),
  fc.integer({ min: 1, max: LAST }),
)
const step = fc.record({ pid, node: fc.integer({ min: 0, max: 2 ** 32 - 1 }) })

test('the present images by pid: what a map says', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
      const pids = new Pids()
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
      }
      for (const { pid } of steps) expect(pids.get(pid)).toBe(model.get(pid) ?? 0)
      expect(new Set(pids.keys())).toEqual(new Set(model.keys()))
      for (const pid of pids.keys()) pids.delete(pid)
      expect(pids.size).toBe(0)
      expect(pids.bytes).toBe(0)
    }),
    { numRuns: 300 },
  )
})

test('a page goes with its last process, and who spreads processes over all pids takes 4 MiB and no more', () => {
  const pids = new Pids()
  const spread = Array.from({ length: 4096 }, (_, i) => i * 1024 + 7)
  for (const pid of spread) pids.set(pid, pid)
  expect(pids.size).toBe(4096)
  expect(pids.bytes).toBeLessThan(4.5 * 1024 * 1024)
  // There is a page for the later ones now: the earlier ones stay where they are.
  for (const pid of spread.slice(0, 2000)) pids.delete(pid)
  for (const pid of spread.slice(2000)) {
    pids.set(pid + 1, 5)
    pids.set(pid, pid + 1)
  }
  expect(pids.size).toBe(2 * 2096)
  for (const pid of spread.slice(0, 2000)) expect(pids.get(pid)).toBe(0)
  for (const pid of spread.slice(2000)) {
    expect(pids.get(pid)).toBe(pid + 1)
    expect(pids.get(pid + 1)).toBe(5)
    pids.delete(pid)
    expect(pids.get(pid)).toBe(0)
    pids.delete(pid + 1)
  }
  expect(pids.size).toBe(0)
  expect(pids.bytes).toBe(0)
})

test.each([0, -1, 1.5, 2 ** 33 + 7, Number.NaN, Number.POSITIVE_INFINITY])('%d is asked for and not there', (pid) => {
  const pids = new Pids()
  for (const known of [1, 7, 2 ** 32 - 1]) pids.set(known, 5)
  expect(pids.get(pid)).toBe(0)
  pids.delete(pid)
  expect(pids.size).toBe(3)
})
