import { expect, it } from 'vitest'
import { type Item, itemOf, Schedule } from '../../src/delivery/queue/schedule.ts'
import type { Covered } from '../../src/delivery/store/store-rows.ts'
import { rankOf, type Severity } from '../../src/signals/severity.ts'
import { messageOf, signalOf } from '../fixtures/delivery.ts'

let sequence = 0
const isStored = (reason: Item['reason'], severity: Severity, others: readonly Severity[] = []): Item => {
  const covers = others.map((each): Covered => ({ signal: signalOf().id, revision: 1, severity: rankOf(each), count: 1, status: 'open' }))
  const row = messageOf(signalOf(), { reason, severity: rankOf(severity), covers: others.length === 0 ? null : JSON.stringify(covers) })
  return itemOf(row, 'a-rule', sequence++, 0)
}

/** Those of them that go where no more than so many are to be left. */
function gone(items: readonly Item[], most: number): readonly Item[] {
  const schedule = new Schedule()
  for (const item of items) schedule.add(item)
  return schedule.excess(most, Number.POSITIVE_INFINITY, 0)
}

it('a digest is as severe as the gravest signal that it tells', () => {
  expect(isStored('digest', 'low', ['medium', 'high', 'info']).severity).toBe(rankOf('high'))
  expect(isStored('digest', 'critical', ['low']).severity).toBe(rankOf('critical'))
})

it('a digest that tells something grave is given up only beyond twice the bound, as each first word of it is', () => {
  const digests = Array.from({ length: 3 }, () => isStored('digest', 'low', ['high']))
  const words = Array.from({ length: 3 }, () => isStored('opened', 'medium'))
  expect(new Set(gone([...digests, ...words], 3))).toEqual(new Set(words))
  expect(gone(digests, 2)).toEqual([])
  expect(gone(digests, 1)).toHaveLength(1)
  const mild = isStored('digest', 'low', ['medium'])
  expect(gone([mild, ...words], 3)).toEqual([mild])
})

it('signals that a digest tells are refused while others are taken as long as the digest is', () => {
  const schedule = new Schedule()
  const digest = isStored('digest', 'low', ['high'])
  const word = isStored('opened', 'critical')
  for (const item of [digest, word]) schedule.add(item)
  const [covered] = digest.covers as [string]
  const alone = () => [digest.signal, covered, word.signal].map((signal) => schedule.isAlone(signal))
  expect(alone()).toEqual([false, false, false])
  digest.aloneSince = 0
  expect(alone()).toEqual([true, true, false])
  // It is served after all others, however grave.
  word.aloneSince = 0
  const calm = isStored('changed', 'low')
  schedule.add(calm)
  expect(schedule.next(0, 'lanes')).toBe(calm)
  schedule.remove(digest)
  expect(alone()).toEqual([false, false, true])
})
