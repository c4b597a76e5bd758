import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { SignalStore } from '../../src/delivery/store/store.ts'
import { bodyOf, signalOf, storeIn, temporaryFolder } from '../fixtures/delivery.ts'

/** Syncs under way: each ends when it is called. */
const { syncs } = vi.hoisted(() => ({ syncs: [] as ((error: Error | null) => void)[] }))
vi.mock('node:fs', async (original) => ({
  ...(await original<typeof import('node:fs')>()),
  fdatasync: (_: number, done: (error: Error | null) => void) => void syncs.push(done),
}))

const { headOf } = await import('../../src/signals/signal-line.ts')

let folder: ReturnType<typeof temporaryFolder>
let store: SignalStore & Disposable

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  syncs.length = 0
  folder = temporaryFolder()
  store = storeIn(folder.path)
})
afterEach(() => {
  store[Symbol.dispose]()
  folder[Symbol.dispose]()
  vi.useRealTimers()
})

function write(urgent: boolean): void {
  const signal = signalOf()
  store.write({ op: 'signal', signal: { ...headOf(signal), body: bodyOf(signal) }, conversations: [], steps: [] }, urgent)
}

it('what is stored is synced for all commits of 100 ms together', () => {
  write(false)
  vi.advanceTimersByTime(99)
  write(false)
  expect(syncs).toHaveLength(0)
  vi.advanceTimersByTime(1)
  expect(syncs).toHaveLength(1)
  vi.advanceTimersByTime(1_000)
  expect(syncs).toHaveLength(1)
})

it('what is urgent is synced at once, and with it what waited; a slow disk holds nothing up, and has one sync at a time', () => {
  write(false)
  write(true)
  expect(syncs).toHaveLength(1)
  for (let i = 0; i < 20; i++) write(i % 2 === 0)
  vi.advanceTimersByTime(1_000)
  expect(syncs).toHaveLength(1)
  syncs[0]?.(null)
  // What came meanwhile.
  expect(syncs).toHaveLength(2)
  syncs[1]?.(null)
  vi.advanceTimersByTime(1_000)
  expect(syncs).toHaveLength(2)
})

it('a sync that fails is a disk that refuses', () => {
  write(true)
  syncs[0]?.(new Error('EIO: i/o error, fdatasync'))
  expect(store.error).toContain('EIO')
})
