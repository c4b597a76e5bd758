import type { Letter } from '@cws/core'
import { shortHarmless } from './text.ts'

const MAX_SUMMARY = 1024
const MAX_NAME = 255
/** No limit of it alone is documented; a whole event has 512 KB. */
const MAX_MESSAGE = 16_384

/** That something else is at work, as a change event: it wakes nobody, and stands beside the alerts that come after it. Without the routing key. */
export function changeEventOf({ title, signal }: Letter): string {
  return JSON.stringify({
    payload: {
      summary: shortHarmless(title, MAX_SUMMARY),
      timestamp: signal.last_seen,
      source: shortHarmless(signal.host.name, MAX_NAME) || 'unknown host',
      custom_details: { message: shortHarmless(signal.message, MAX_MESSAGE) },
    },
  })
}
