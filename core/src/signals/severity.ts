/** Severities in rising order. */
export const severities = ['info', 'low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof severities)[number]

/** 0 for `info` … 4 for `critical`: severities compare by rank. */
export function rankOf(severity: Severity): number {
  return severities.indexOf(severity)
}
