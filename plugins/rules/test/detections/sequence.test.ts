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
  const letters = fc.shuffledSubarray(['a', 'b', 'c', 'x'] as const, { minLength: 1 })
  const events = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 20 }), letters }), { maxLength: 40 })
  const steps = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 2, maxLength: 4 })
  fc.assert(
    fc.property(events, steps, fc.integer({ min: 5, max: 100 }), (list, order, within) => {
      let sequence = new Sequence()
      const seen: Seen[] = []
      let now = 0
      for (const { gap, letters } of list) {
        now += gap
        seen.push({ at: now, letters })
        const one = hit(now)
        // Several rules find one event, in any order.
        const chains = letters.map((letter) =>
          sequence.add(
            one,
            order.flatMap((step, i) => (step === letter ? [i] : [])),
            order.length,
            within,
          ),
        )
        expect(chains.some((chain) => chain !== undefined)).toBe(exists(seen, order, within))
        if (now % 7 === 0) sequence = Sequence.from(JSON.parse(JSON.stringify(sequence)))
        for (const chain of chains)
          if (chain) {
            expect(new Set(chain.map(({ at }) => at)).size).toBe(order.length)
            expect(now - (chain[0]?.at as number)).toBeLessThanOrEqual(within)
          }
      }
    }),
    { numRuns: 300 },
  )
})

interface Seen {
  readonly at: number
  readonly letters: readonly string[]
}

/** Backwards from the last event: the latest of each step before it is the best there is. */
function exists(seen: readonly Seen[], order: readonly string[], within: number): boolean {
  let next = seen.length - 1
  if (!seen[next]?.letters.includes(order.at(-1) as string)) return false
  for (let step = order.length - 2; step >= 0; step--) {
    do next--
    while (next >= 0 && !seen[next]?.letters.includes(order[step] as string))
    if (next < 0) return false
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
