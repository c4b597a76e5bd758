import type { Letter, Notification } from '@cws/core'

/** A letter for what comes without one: where no message could be made, a delivery is the bare signal. The same for each try. */
export function plainLetter({ key, reason, signal, receipt }: Notification): Letter {
  const paragraphs = [signal.message, signal.advice].filter((text) => text !== '')
  return {
    key,
    reason,
    rule: undefined,
    signal,
    title: signal.title,
    message: paragraphs.map((text) => ({ type: 'paragraph', children: [{ type: 'text', text, value: true }] })),
    generation: 1,
    receipt,
    time: signal.last_seen,
  }
}
