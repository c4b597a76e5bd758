import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepTrim } from '../src/cli/trimming.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const unreachable = (error: unknown) => expect.unreachable(String(error))

test('memory is given back soon after the start and then from time to time, until it is over', async () => {
  const trim = vi.fn(async () => {})
  const trimming = keepTrim(trim, unreachable)
  await vi.advanceTimersByTimeAsync(999)
  expect(trim).toHaveBeenCalledTimes(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(trim).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(trim).toHaveBeenCalledTimes(7)
  trimming[Symbol.dispose]()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(trim).toHaveBeenCalledTimes(7)
})

test('nothing begins once it is over, though it is being given back then', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const trim = vi.fn(() => promise)
  const trimming = keepTrim(trim, unreachable)
  await vi.advanceTimersByTimeAsync(1000)
  trimming[Symbol.dispose]()
  resolve()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(trim).toHaveBeenCalledTimes(1)
  expect(vi.getTimerCount()).toBe(0)
})

test('what fails is told once, and not tried again', async () => {
  const failed = vi.fn()
  const trim = vi.fn(() => Promise.reject(new Error('not here')))
  keepTrim(trim, failed)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(trim).toHaveBeenCalledTimes(1)
  expect(failed).toHaveBeenCalledExactlyOnceWith(new Error('not here'))
})
