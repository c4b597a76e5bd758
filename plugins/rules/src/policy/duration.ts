/** Nanoseconds of the units of Go's durations. https://pkg.go.dev/time#ParseDuration */
const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }
const WHOLE = /^(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)/

/** Milliseconds of `1h30m`, `250ms`, or of an integer, which is nanoseconds. Undefined if it is neither. */
export function durationMs(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value / 1e6 : undefined
  let rest = value.trim()
  if (rest === '0') return 0
  if (rest === '' || rest.length > 100) return undefined
  let ns = 0
  while (rest !== '') {
    const part = WHOLE.exec(rest)?.[0]
    if (part === undefined) return undefined
    const number = Number.parseFloat(part)
    ns += number * (UNITS[part.replace(/^[\d.]+/, '')] as number)
    rest = rest.slice(part.length)
  }
  return Number.isFinite(ns) && ns <= Number.MAX_SAFE_INTEGER ? ns / 1e6 : undefined
}
