import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MAX_SESSIONS, PAGE_BYTES, Pages, TOGETHER } from '../../src/recorder/pages.ts'

const ENTRY = 64

/** Bytes of entries of a family that are still there. */
function heldBy(pages: Pages, family: number): number {
  let sum = 0
  for (const [start, end] of pages.pagesOf(family, 0)) sum += end - start
  return sum
}

test('who floods pushes out his own past, not that of others', () => {
  const pages = new Pages(64 * PAGE_BYTES, 60_000)
  for (const quiet of [1, 2, 3]) for (let i = 0; i < 10; i++) pages.place(quiet, quiet, ENTRY, 1000)
  for (let i = 0; i < 100_000; i++) pages.place(9, 9, ENTRY, 1001 + i / 100)
  for (const quiet of [1, 2, 3]) expect(heldBy(pages, quiet)).toBe(10 * ENTRY)
  expect(heldBy(pages, 9)).toBeGreaterThan(50 * PAGE_BYTES)
  expect(pages.evicted).toBeGreaterThan(1000)
})

test('sessions that somebody makes up count as his, and do not grow without bound', () => {
  const pages = new Pages(64 * PAGE_BYTES, 60_000)
  for (let i = 0; i < 10; i++) pages.place(1, 1, ENTRY, 1000)
  for (let session = 100; session < 10_000; session++) pages.place(session, 9, ENTRY, 1001)
  expect(heldBy(pages, 1)).toBe(10 * ENTRY)
  expect(pages.sessions).toBeLessThanOrEqual(64)
})

test('sessions that are too many to be told apart are together, of nobody else, and push out each other', () => {
  const pages = new Pages(512 * PAGE_BYTES, 60_000)
  for (let session = 1; session <= MAX_SESSIONS; session++) pages.place(session, 9, ENTRY, 1000)
  const others = Array.from({ length: 10_000 }, (_, i) => pages.place(1000 + i, 9, ENTRY, 1001))
  const lasting = others.slice(-100)
  for (const at of lasting) expect(pages.sessionAt(at)).toBe(TOGETHER)
  for (let session = 1; session <= MAX_SESSIONS; session++) {
    const [[start, end]] = [...pages.pagesOf(9, 0, session)] as [readonly [number, number]]
    expect([pages.sessionAt(start), end - start]).toEqual([session, ENTRY])
  }
  // Of one that is not told apart, those come first.
  expect(pages.sessionAt(([...pages.pagesOf(9, 0, 5000)] as [readonly [number, number]])[0][0])).toBe(TOGETHER)
  // In another family they are others.
  for (let session = 20_001; session <= 20_000 + MAX_SESSIONS; session++) pages.place(session, 8, ENTRY, 1002)
  const before = heldBy(pages, 9)
  pages.place(30_000, 8, ENTRY, 1002)
  expect(heldBy(pages, 9)).toBeLessThanOrEqual(before)
  expect([...pages.pagesOf(8, 0, 30_000)][0]?.map((at) => at % PAGE_BYTES)).toEqual([0, ENTRY])
})

test('two who fill it share it evenly, also if one came late', () => {
  const pages = new Pages(64 * PAGE_BYTES, 60_000)
  for (let i = 0; i < 10_000; i++) pages.place(1, 1, ENTRY, 1000)
  for (let i = 0; i < 10_000; i++) pages.place(2, 2, ENTRY, 1001)
  const [first, second] = [heldBy(pages, 1), heldBy(pages, 2)]
  expect(Math.abs(first - second)).toBeLessThanOrEqual(3 * PAGE_BYTES)
})

test('what is older than a minute goes first', () => {
  const pages = new Pages(16 * PAGE_BYTES, 60_000)
  for (let i = 0; i < 8 * (PAGE_BYTES / ENTRY); i++) pages.place(1, 1, ENTRY, 1000)
  for (let i = 0; i < 8 * (PAGE_BYTES / ENTRY); i++) pages.place(2, 2, ENTRY, 100_000)
  for (let i = 0; i < 4 * (PAGE_BYTES / ENTRY); i++) pages.place(3, 3, ENTRY, 100_001)
  expect(heldBy(pages, 2)).toBe(8 * PAGE_BYTES)
  expect(pages.evicted).toBe(0)
})

test('whatever comes: no two entries share a byte, no page is lost, each entry is in a page of its session', () => {
  const step = fc.record({
    session: fc.integer({ min: 1, max: 12 }),
    size: fc.integer({ min: 4, max: 32 }),
    wait: fc.integer({ min: 0, max: 20_000 }),
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 600 }), (steps) => {
      const pages = new Pages(8 * PAGE_BYTES, 60_000)
      let ms = 0
      for (const { session, size, wait } of steps) {
        ms += wait
        const family = Math.ceil(session / 3)
        const at = pages.place(session, family, size * 8, ms)
        expect(at % 8).toBe(0)
        expect(Math.floor(at / PAGE_BYTES)).toBe(Math.floor((at + size * 8 - 1) / PAGE_BYTES))
        expect(pages.sessionAt(at)).toBe(session)
        const seen = new Set<number>()
        let found = false
        for (const each of pages.families())
          for (const [start, end] of pages.pagesOf(each, -1)) {
            expect(seen.has(start)).toBe(false)
            seen.add(start)
            if (each === family && at >= start && at + size * 8 <= end) found = true
          }
        expect(seen.size).toBe(pages.used)
        expect(found).toBe(true)
      }
    }),
    { numRuns: 60 },
  )
})
