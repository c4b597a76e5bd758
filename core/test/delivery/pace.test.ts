import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Pace } from '../../src/delivery/control/pace.ts'

it('lets a burst through, then one each time', () => {
  let now = 1_000
  const pace = new Pace({ burst: 2, everyMs: 60_000 }, () => now)
  expect([pace.take('a'), pace.take('a'), pace.take('a'), pace.take('b')]).toEqual([0, 0, 60_000, 0])
  now += 59_000
  expect(pace.take('a')).toBe(1_000)
  now += 1_000
  expect([pace.take('a'), pace.take('a')]).toEqual([0, 60_000])
  now += 10 * 60_000
  expect([pace.take('a'), pace.take('a'), pace.take('a')]).toEqual([0, 0, 60_000])
})

it('never lets more through than the burst and one for each time that passed, and says exactly when the next may', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 50 }), (burst, steps) => {
      let now = 0
      let taken = 0
      const pace = new Pace({ burst, everyMs: 1_000 }, () => now)
      for (const step of steps) {
        now += step
        const wait = pace.take('a')
        if (wait === 0) taken++
        else {
          now += wait
          expect(pace.take('a')).toBe(0)
          taken++
        }
        expect(taken).toBeLessThanOrEqual(burst + now / 1_000)
      }
    }),
  )
})
