const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Milliseconds of `250ms`, `90s`, `5m`, `1h`, `7d`; undefined of anything else. */
export function durationOf(text: unknown): number | undefined {
  const match = typeof text === 'string' ? /^(\d{1,9})(ms|[smhd])$/.exec(text) : null
  return match ? Number(match[1]) * UNITS[match[2] as keyof typeof UNITS] : undefined
}
