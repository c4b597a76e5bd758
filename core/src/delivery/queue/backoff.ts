const FIRST_MS = 1_000
const MAX_RETRY_AFTER_MS = 60 * 60_000
/** Longest wait between tries: for what is high or critical, and for the rest. */
const CAP_URGENT_MS = 60_000
const CAP_MS = 5 * 60_000
/** Rank of `high`. */
const HIGH = 3

/** Wait before the next try: exponential with full jitter, so that many who failed together do not come back together. `attempt` counts from 1. */
export function backoffFor(attempt: number, severity: number, random: () => number = Math.random): number {
  const cap = severity >= HIGH ? CAP_URGENT_MS : CAP_MS
  return Math.ceil(Math.max(0.05, random()) * Math.min(cap, FIRST_MS * 2 ** Math.min(attempt - 1, 20)))
}

/** What a receiver asked for, kept between our own wait and an hour; nonsense is ignored. */
export function waitFor(backoff: number, retryAfterMs: number | undefined): number {
  if (retryAfterMs === undefined || !isWait(retryAfterMs)) return backoff
  return Math.min(MAX_RETRY_AFTER_MS, Math.max(backoff, retryAfterMs))
}

/** Whether that can be waited for. */
export const isWait = (ms: number): boolean => Number.isFinite(ms) && ms >= 0
