const FORM = /^(\d{1,6})(s|m|h|d)$/
const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of a duration such as `30s`, `10m`, `4h`, `1d`; undefined if it is none. */
export function durationOf(text: string): number | undefined {
  const [, count, unit] = FORM.exec(text) ?? []
  return count === undefined || unit === undefined ? undefined : Number(count) * (UNITS[unit] as number)
}
