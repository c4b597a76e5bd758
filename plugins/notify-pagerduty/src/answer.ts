import { type Outcome, outcomeOfAnswer } from '@cws/core'

/** How long to wait where PagerDuty takes no more and does not say how long: its window is a minute, its advice half of one. */
const RATE_LIMITED_MS = 30_000

/** What an answer of PagerDuty means: 202 is "taken, and not processed yet", and the only success. `text` is the beginning of its body. */
export function outcomeOf(status: number, text: string, retryAfter: string | undefined): Outcome {
  // A page of somebody between us and PagerDuty.
  if (status !== 202 && status >= 200 && status < 300) return { result: 'retry', detail: `HTTP ${status} is no answer of PagerDuty` }
  const outcome = outcomeOfAnswer(status, explained(text), retryAfter)
  // The event is right, the key is not: every other event would be refused too.
  if (status === 400 && errorsIn(text).some((error) => /routing.?key/i.test(error)))
    return { result: 'broken', detail: outcome.detail ?? '' }
  if (status === 429 && outcome.result === 'retry') return { retryAfterMs: RATE_LIMITED_MS, ...outcome }
  return outcome
}

/** The reasons in an answer of PagerDuty; the text as it is if it is none. */
function explained(text: string): string {
  const errors = errorsIn(text)
  return errors.length === 0 ? text : errors.join('; ')
}

function errorsIn(text: string): readonly string[] {
  try {
    const { errors } = JSON.parse(text) as { readonly errors?: unknown }
    return Array.isArray(errors) ? errors.filter((error) => typeof error === 'string') : []
  } catch {
    return []
  }
}
