import type { Evidence } from '@cws/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Hit, Sequence } from '../../src/detections/sequence.ts'

let number = 0
const hit = (at: number, name = String(number++)): Hit => ({
  at,
  fact: { rule: 'r', timestamp: '', type: 'exec', fields: { name } } satisfies Evidence,
})

it('is complete exactly where events of all steps lie in order within the time, the last of them now', () => {
  const events = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 20 }), letter: fc.constantFrom('a', 'b', 'c', 'x') }), {
    maxLength: 40,
  })
  const steps = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 2, maxLength: 4 })
  fc.assert(
    fc.property(events, steps, fc.integer({ min: 5, max: 100 }), (list, order, within) => {
      const sequence = new Sequence()
      const seen: { at: number; letter: string }[] = []
      let now = 0
      for (const { gap, letter } of list) {
        now += gap
        seen.push({ at: now, letter })
        const taken = order.flatMap((step, i) => (step === letter ? [i] : []))
        const chain = sequence.add(hit(now), taken, order.length, within)
        expect(chain !== undefined).toBe(exists(seen, order, within))
        if (chain) expect(chain).toHaveLength(order.length)
      }
    }),
  )
})

/** Backwards from the last event: the latest of each step before it is the best there is. */
function exists(seen: readonly { at: number; letter: string }[], order: readonly string[], within: number): boolean {
  let next = seen.length
  for (let step = order.length - 1; step >= 0; step--) {
    let at = next - 1
    if (step === order.length - 1) {
      if (seen.at(-1)?.letter !== order[step]) return false
    } else while (at >= 0 && seen[at]?.letter !== order[step]) at--
    if (at < 0) return false
    next = at
  }
  return (seen.at(-1)?.at as number) - (seen[next]?.at as number) <= within
}

it('is completed by a first step that comes late', () => {
  const sequence = new Sequence()
  expect(sequence.add(hit(200), [1], 2, 1_000)).toBeUndefined()
  expect(sequence.add(hit(300), [0], 2, 1_000)).toBeUndefined()
  expect(sequence.add(hit(100), [0], 2, 1_000)?.map(({ at }) => at)).toEqual([100, 200])
})

it('takes one event for one step, though several rules find it', () => {
  const sequence = new Sequence()
  expect(sequence.add(hit(100, 'same'), [0], 2, 1_000)).toBeUndefined()
  expect(sequence.add(hit(100, 'same'), [1], 2, 1_000)).toBeUndefined()
  expect(sequence.add(hit(100, 'other'), [1], 2, 1_000)).toBeDefined()
})
