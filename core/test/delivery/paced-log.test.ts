import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { PacedLog } from '../../src/delivery/paced-log.ts'
import { memoryLog } from '../fixtures/delivery.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

it('writes five lines of a kind, then one a minute with the number of the others, until they end', () => {
  const { lines, ...log } = memoryLog()
  using paced = new PacedLog(log)
  const refuse = (from: number, count: number): void => {
    for (let i = from; i < from + count; i++) paced.error({ key: `S${i}` }, `refused for good: HTTP 400: request 7f${i}`)
  }
  refuse(0, 318)
  expect(lines).toHaveLength(5)
  vi.advanceTimersByTime(60_000)
  expect(lines.slice(5)).toEqual([
    'error: refused for good: HTTP 400: request 7f317 (and 312 more in the last minute) {"key":"S317","more":312}',
  ])
  // It goes on: no second burst.
  refuse(318, 1)
  expect(lines).toHaveLength(6)
  vi.advanceTimersByTime(60_000)
  expect(lines.slice(6)).toEqual(['error: refused for good: HTTP 400: request 7f318 {"key":"S318"}'])
  // A quiet minute, and it is as at first.
  vi.advanceTimersByTime(60_000)
  refuse(319, 6)
  expect(lines.slice(7)).toHaveLength(5)
})

it('tells reasons and levels apart, whatever numbers they hold; what is for debugging is not counted', () => {
  const { lines, ...log } = memoryLog()
  using paced = new PacedLog(log)
  for (let i = 0; i < 9; i++) {
    paced.warn(`${i} deliveries were given up: too many wait`)
    paced.warn({ i }, 'failing: HTTP 500')
    paced.error('failing: HTTP 500')
    paced.info('delivers again')
    paced.debug({ i }, 'retry: HTTP 500')
  }
  expect(lines.filter((line) => !line.startsWith('debug'))).toHaveLength(20)
  expect(lines.filter((line) => line.startsWith('debug'))).toHaveLength(9)
})

it('writes what waits when it ends, and bounds its kinds', () => {
  const { lines, ...log } = memoryLog()
  const paced = new PacedLog(log)
  const word = (i: number): string => String.fromCharCode(103 + Math.floor(i / 16), 103 + (i % 16))
  for (let i = 0; i < 200; i++) paced.warn(`${word(i)}: no`)
  // 32 kinds, and five of all the others.
  expect(lines).toHaveLength(37)
  paced[Symbol.dispose]()
  expect(lines.slice(37)).toEqual([`warn: ${word(199)}: no (and 162 more in the last minute) {"more":162}`])
  expect(vi.getTimerCount()).toBe(0)
})
