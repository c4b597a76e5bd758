import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Pids } from '../src/table/pids.ts'

/** The golden ratio's inverse modulo 2^32: these multiples of it have their home in one of the last slots of 1,024, so that what goes round is met. */
const INVERSE = 0x0e8b2f51
const atHome = (home: number, turn: number) => Math.imul((home << 22) + turn, INVERSE) >>> 0
const pid = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.tuple(fc.integer({ min: 1015, max: 1023 }), fc.integer({ min: 0, max: 5 })).map(([home, turn]) => atHome(home, turn)),
  fc.integer({ min: 1, max: 2 ** 32 - 1 }),
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
      }
      for (const { pid } of steps) expect(pids.get(pid)).toBe(model.get(pid) ?? 0)
      expect([...pids.keys()].sort()).toEqual([...model.keys()].sort())
    }),
    { numRuns: 300 },
  )
})

test('it grows, and what goes leaves nothing behind', () => {
  const pids = new Pids()
  for (let pid = 1; pid <= 5000; pid++) pids.set(pid, pid + 1)
  for (let pid = 1; pid <= 5000; pid += 2) pids.delete(pid)
  expect(pids.size).toBe(2500)
  for (let pid = 1; pid <= 5000; pid++) expect(pids.get(pid)).toBe(pid % 2 ? 0 : pid + 1)
  expect(pids.bytes).toBe(2 * 4 * 16_384)
})

test.each([0, -1, 1.5, 2 ** 33 + 7, Number.NaN, Number.POSITIVE_INFINITY])('%d is asked for and not there', (pid) => {
  const pids = new Pids()
  for (const known of [1, 7, 2 ** 32 - 1]) pids.set(known, 5)
  expect(pids.get(pid)).toBe(0)
})
