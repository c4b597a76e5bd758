import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Allowance } from '../../src/delivery/queue/allowance.ts'
import { lanes } from '../../src/notifications/lanes.ts'

it('whatever the times, no more is sent in any while than a burst and what has filled up meanwhile', () => {
  const rates = fc.record({ burst: fc.integer({ min: 1, max: 20 }), perMinute: fc.integer({ min: 1, max: 600 }) })
  const steps = fc.array(fc.record({ ms: fc.integer({ min: -5_000, max: 60_000 }), lane: fc.constantFrom(...lanes) }), { maxLength: 200 })
  fc.assert(
    fc.property(rates, steps, ({ burst, perMinute }, steps) => {
      let now = 1_000_000
      const allowance = new Allowance({ burst, perMinute }, () => now)
      const sent: number[] = []
      for (const { ms, lane } of steps) {
        // A clock that goes back is counted as one that stands.
        now += ms
        const wait = allowance.wait(lane)
        expect(wait).toBeLessThanOrEqual((burst * 60_000) / perMinute + 0.001)
        if (wait > 0) continue
        allowance.spend()
        if (ms >= 0) sent.push(now)
      }
      if (steps.some(({ ms }) => ms < 0)) return
      for (const [i, from] of sent.entries())
        for (const [j, to] of sent.entries())
          if (j >= i) expect(j - i + 1).toBeLessThanOrEqual(burst + ((to - from) * perMinute) / 60_000 + 0.001)
    }),
  )
})

it('keeps a fifth of a burst for what is critical and for rules that were not heard', () => {
  const allowance = new Allowance({ burst: 10, perMinute: 60 }, () => 0)
  const spend = (lane: Parameters<Allowance['wait']>[0]): number => {
    let count = 0
    for (; allowance.wait(lane) === 0; count++) allowance.spend()
    return count
  }
  expect([spend('updates'), spend('first of a rule'), spend('critical')]).toEqual([8, 2, 0])
  expect(allowance.wait('critical')).toBe(1_000)
  expect(allowance.wait('updates')).toBe(3_000)
})

it('is without end where no rate is said', () => {
  const allowance = new Allowance(undefined, () => 0)
  for (let i = 0; i < 1_000; i++) allowance.spend()
  expect(allowance.wait('digests')).toBe(0)
})
