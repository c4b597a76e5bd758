import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { HeapCare, settleHeap } from '../src/signals/heap-care.ts'

const gc = vi.fn()
beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('gc', gc)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  gc.mockReset()
})

it('collects after a number of signals, and not while one is made', () => {
  const heap = new HeapCare()
  for (let i = 0; i < 15; i++) heap.signal()
  vi.runAllTimers()
  expect(gc).not.toHaveBeenCalled()
  for (let i = 0; i < 40; i++) heap.signal()
  expect(gc).not.toHaveBeenCalled()
  vi.runAllTimers()
  expect(gc.mock.calls).toEqual([[{ type: 'minor' }]])
})

it('does without where the collector is not exposed', () => {
  vi.stubGlobal('gc', undefined)
  const heap = new HeapCare()
  for (let i = 0; i < 100; i++) heap.signal()
  settleHeap()
  expect(vi.getTimerCount()).toBe(0)
})
