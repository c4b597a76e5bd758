import { UNKNOWN } from '../../model/unknown.ts'
import type { Value } from '../value.ts'

/** @param refuse is told what is wrong, and which zones there are */
export function zoneNamed(zone: string, refuse: (message: string, zones: readonly string[]) => never): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'iso8601',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      timeZoneName: 'longOffset',
    })
  } catch {
    return refuse(`there is no time zone ${JSON.stringify(zone)}`, ['UTC', ...Intl.supportedValuesOf('timeZone')])
  }
}

/** ISO 8601 with the offset of the zone, to the second. What is no time is UNKNOWN. */
export function localTime(value: Value, format: Intl.DateTimeFormat): Value {
  const ms = typeof value === 'number' ? value : typeof value === 'string' ? Date.parse(value) : Number.NaN
  // ECMAScript's largest time.
  if (!(Math.abs(ms) <= 8.64e15)) return UNKNOWN
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value: text }) => [type, text]))
  const offset = (parts['timeZoneName'] ?? '').replace('GMT', '')
  return `${parts['year']}-${parts['month']}-${parts['day']}T${parts['hour']}:${parts['minute']}:${parts['second']}${offset === '' ? '+00:00' : offset}`
}
