import type { StateStore } from '@cws/core'
import { expect, it } from 'vitest'
import { DetectionMemory } from '../../src/detections/memory.ts'

const DAY_MS = 86_400_000

function storeOf(values: Readonly<Record<string, unknown>>): StateStore & { readonly values: Map<string, unknown> } {
  const map = new Map(Object.entries(values))
  return {
    values: map,
    get: (key) => map.get(key),
    set: (key, value) => void map.set(key, value),
    delete: (key) => void map.delete(key),
    keys: () => [...map.keys()],
  }
}

it('keeps what detections that are gone wrote down for thirty days, the newest of it if it is much', () => {
  const large = 'x'.repeat(100_000)
  const store = storeOf({
    'detection/here': { day: 1 },
    'detection/old': { day: 69 },
    'detection/newer': { day: 99, large },
    'detection/newest': { day: 100, small: true },
    'detection/older': { day: 98, large },
    'detection/none': null,
    'of something else': 5,
  })
  new DetectionMemory('').keepOnly([{ id: 'here' }] as never, store, 100 * DAY_MS)
  expect([...store.values.keys()]).toEqual(['detection/here', 'detection/newer', 'detection/newest', 'of something else'])
})
