import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SIGNALS_FILE } from '../../src/delivery/store/store.ts'
import { put, signalOf, storeIn, temporaryFolder } from '../fixtures/delivery.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

it('the log is copied into the database when nothing is to be stored, not by the commit that makes it long', () => {
  using folder = temporaryFolder()
  using store = storeIn(folder.path)
  const size = () => statSync(join(folder.path, SIGNALS_FILE)).size
  const before = size()
  // Long enough for SQLite to have done it by itself.
  for (let i = 0; i < 500; i++) {
    put(store, signalOf())
    if (i === 400) vi.advanceTimersByTime(200)
  }
  expect(size()).toBe(before)
  vi.advanceTimersByTime(200)
  expect(size()).toBe(before)
  vi.advanceTimersByTime(100)
  expect(size()).toBeGreaterThan(before)
  expect(store.error).toBeUndefined()
  // After few commits none is due.
  const copied = size()
  for (let i = 0; i < 50; i++) put(store, signalOf())
  vi.advanceTimersByTime(10_000)
  expect(size()).toBe(copied)
})

it('the log is bounded where there is always something to store', () => {
  using folder = temporaryFolder()
  using store = storeIn(folder.path)
  for (let i = 0; i < 2_500; i++) put(store, signalOf())
  expect(statSync(join(folder.path, `${SIGNALS_FILE}-wal`)).size).toBeLessThan(20 * 1024 * 1024)
})
