import { expect, it } from 'vitest'
import { isZone, minutesOf, type QuietHours, quietUntil } from '../../src/notifications/quiet-hours.ts'

const night: QuietHours = { from: 22 * 60, to: 6 * 60, zone: 'Europe/Paris' }
const at = (text: string): number => Date.parse(text)

/** The instants of a span, by the minute, at which it is quiet, as spans. */
function quietSpans(quiet: QuietHours, from: string, to: string): string[][] {
  const spans: string[][] = []
  let before = false
  for (let time = at(from); time < at(to); time += 60_000) {
    const end = quietUntil(quiet, time)
    const text = new Date(time).toISOString().slice(0, 16)
    if (end !== undefined && !before) spans.push([text])
    if (end === undefined && before) spans.at(-1)?.push(text)
    // The end is the first instant that is not quiet, whenever it is asked for.
    if (end !== undefined) {
      expect(quietUntil(quiet, end)).toBeUndefined()
      expect(quietUntil(quiet, end - 60_000)).toBe(end)
    }
    before = end !== undefined
  }
  return spans
}

it('is the local night, also when the clock is set [case 31]', () => {
  // To summer time at 01:00 UTC: the night is an hour shorter. 22:00 is 21:00 UTC before, 06:00 is 04:00 UTC after.
  expect(quietSpans(night, '2026-03-28T12:00Z', '2026-03-30T12:00Z')).toEqual([
    ['2026-03-28T21:00', '2026-03-29T04:00'],
    ['2026-03-29T20:00', '2026-03-30T04:00'],
  ])
  // And back: an hour longer.
  expect(quietSpans(night, '2026-10-24T12:00Z', '2026-10-26T12:00Z')).toEqual([
    ['2026-10-24T20:00', '2026-10-25T05:00'],
    ['2026-10-25T21:00', '2026-10-26T05:00'],
  ])
})

it('that ends in the hour that is left out ends with it, and in the hour that comes twice is quiet twice [case 31]', () => {
  const early = { ...night, from: 60, to: 2 * 60 + 30 }
  expect(quietSpans(early, '2026-03-28T22:00Z', '2026-03-29T06:00Z')).toEqual([['2026-03-29T00:00', '2026-03-29T01:00']])
  expect(quietSpans(early, '2026-10-24T22:00Z', '2026-10-25T06:00Z')).toEqual([
    ['2026-10-24T23:00', '2026-10-25T00:30'],
    ['2026-10-25T01:00', '2026-10-25T01:30'],
  ])
})

it('may lie within a day', () => {
  const noon = { from: 12 * 60, to: 13 * 60, zone: 'UTC' }
  expect(quietSpans(noon, '2026-07-01T00:00Z', '2026-07-03T00:00Z')).toEqual([
    ['2026-07-01T12:00', '2026-07-01T13:00'],
    ['2026-07-02T12:00', '2026-07-02T13:00'],
  ])
  expect(quietUntil(noon, at('2026-07-01T12:59:59.999Z'))).toBe(at('2026-07-01T13:00Z'))
})

it('reads times and knows zones', () => {
  expect(['22:00', '00:00', '23:59', '24:00', '6:00', '22.00', ''].map(minutesOf)).toEqual([1_320, 0, 1_439, ...Array(4)])
  expect(['Europe/Paris', 'UTC', 'Europe/Pari', ''].map(isZone)).toEqual([true, true, false, false])
})
