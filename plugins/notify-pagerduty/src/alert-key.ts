import { createHash } from 'node:crypto'
import type { Letter } from '@cws/core'

/**
 * The deduplication key of a new alert about a signal. Nothing in it is of an attacker's choosing, so that no alert can be merged with another or
 * end it. It ends with the generation: PagerDuty opens nothing again that was resolved, so a signal that is opened again is another alert.
 * The severity is in it because a rise is an alert of its own (see `event.ts`); `page` tells alerts of one severity apart.
 */
export function newAlertKey({ signal, generation }: Pick<Letter, 'signal' | 'generation'>, page = 0): string {
  const hash = createHash('sha256').update(JSON.stringify([signal.host.name, signal.id, signal.severity, page]))
  return `cws-${hash.digest('hex').slice(0, 32)}-${generation}`
}

/** What is stored of the last event that PagerDuty took about a signal. */
export interface Receipt {
  /** Its deduplication key. */
  readonly alert: string
  /** Fingerprint of the routing key: alerts are known to it alone. */
  readonly route: string
}

export function receiptFrom(text: string | undefined): Receipt | undefined {
  try {
    const { alert, route } = JSON.parse(text ?? '') as Partial<Receipt>
    return typeof alert === 'string' && typeof route === 'string' ? { alert, route } : undefined
  } catch {
    return undefined
  }
}

/** The key of the alert that is open for a signal, as far as is known; none if the last one was of a generation that is over. */
export function openAlertKey({ receipt, generation }: Pick<Letter, 'receipt' | 'generation'>): string | undefined {
  const alert = receiptFrom(receipt)?.alert
  return alert?.endsWith(`-${generation}`) ? alert : undefined
}
