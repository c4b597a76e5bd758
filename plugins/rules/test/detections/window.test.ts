import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Window } from '../../src/detections/window.ts'

it('counts what lies within the window before the newest event, and its different values, as a plain list does', () => {
  const events = fc.array(fc.record({ gap: fc.integer({ min: -30, max: 40 }), value: fc.constantFrom('a', 'b', 'c') }), { maxLength: 60 })
  fc.assert(
    fc.property(events, fc.integer({ min: 1, max: 100 }), (list, within) => {
      let window = new Window()
      const seen: { at: number; value: string }[] = []
      let now = 10_000
      let newest = Number.NEGATIVE_INFINITY
      for (const { gap, value } of list) {
        now += gap
        const late = now <= newest - within
        newest = Math.max(newest, now)
        expect(window.add(now, value, within)).toBe(!late)
        if (!late) seen.push({ at: now, value })
        const inside = seen.filter(({ at }) => at > newest - within)
        expect(window.count).toBe(inside.length)
        expect(window.distinct).toBe(new Set(inside.map((one) => one.value)).size)
        expect(window.newest).toBe(newest)
        if (inside.length % 7 === 0) window = Window.from(JSON.parse(JSON.stringify(window)))
      }
    }),
  )
})

it('begins anew where the clock was set back', () => {
  const window = new Window()
  window.add(1_000_000, '', 1_000)
  window.add(1_000_500, '', 1_000)
  expect(window.add(500_000, '', 1_000)).toBe(true)
  expect(window.count).toBe(1)
})

it('remembers a thousand at most', () => {
  const window = new Window()
  for (let at = 0; at < 3_000; at++) window.add(at, String(at), 1e9)
  expect([window.count, window.distinct]).toEqual([1_000, 1_000])
})

it('forgets no value because another one is repeated', () => {
  const window = new Window()
  window.add(0, 'a', 1e9)
  for (let at = 1; at < 3_000; at++) window.add(at, 'b', 1e9)
  expect([window.count, window.distinct]).toEqual([1_000, 2])
})
