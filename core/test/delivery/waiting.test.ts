import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { DestinationSpec } from '../../src/delivery/protocol.ts'
import type { SignalStore } from '../../src/delivery/store/store.ts'
import { routesOf } from '../../src/delivery/telling/routing.ts'
import { Telling } from '../../src/delivery/telling/telling.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { headOf } from '../../src/signals/signal-line.ts'
import { bodyOf, clean, memoryLog, signalOf, storeIn, temporaryFolder } from '../fixtures/delivery.ts'

let folder: ReturnType<typeof temporaryFolder>
let store: SignalStore & Disposable
let telling: Telling
/** When which count was told, in ms since the first finding. */
let told: [at: number, reason: string, count: number][]

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
  folder = temporaryFolder()
  store = storeIn(folder.path)
  told = []
  const start = performance.now()
  telling = new Telling(store, {
    destinations: [{ name: 'team' } as DestinationSpec],
    routes: routesOf([{ name: 'Team', to: 'team', wait: '30s' }], ['team']),
  })
  telling.add('team', { log: memoryLog(), clean, deadlineMs: 15_000 }).start({
    async deliver({ reason, signal: { id } }) {
      told.push([performance.now() - start, reason, store.signal(id)?.count ?? 0])
      return { result: 'delivered' }
    },
  })
})
afterEach(() => {
  store[Symbol.dispose]()
  folder[Symbol.dispose]()
  vi.useRealTimers()
})

function tell(signal: Signal): void {
  const { write, told } = telling.prepare(headOf(signal), bodyOf(signal))
  store.write(write)
  told()
}

/** Ten findings in five seconds. */
async function grow(severity: Signal['severity']): Promise<Signal> {
  const signal = signalOf({ severity })
  for (let count = 1; count <= 10; count++) {
    tell({ ...signal, revision: count, count })
    await vi.advanceTimersByTimeAsync(500)
  }
  return signal
}

it('a rule that waits tells once, of all that came meanwhile [case 2]', async () => {
  await grow('medium')
  await vi.advanceTimersByTimeAsync(24_999)
  expect(told).toEqual([])
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(told).toEqual([[30_000, 'opened', 10]])
})

it('what is critical does not wait; the rest is one update [case 3]', async () => {
  await grow('critical')
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(told).toEqual([
    [0, 'opened', 1],
    [10_000, 'updated', 10],
  ])
})

it('what was archived while it waited is told to nobody [case 8]', async () => {
  const { id } = await grow('medium')
  telling.judge.write({ op: 'judge', signal: id, status: 'archived' })
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(told).toEqual([])
  expect(store.conversation(id, 'team')).toMatchObject({ told_revision: 0 })
})
