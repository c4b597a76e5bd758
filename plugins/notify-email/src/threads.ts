import { createHash } from 'node:crypto'
import type { Letter } from '@cws/core'

/** The message ids of one mail. */
export interface Ids {
  /** Of its own: the same whenever this delivery is tried, so that who gets it twice sees one. */
  readonly id: string
  /** What all mails about one signal answer. No mail bears this id, so none must be kept in mind. */
  readonly root: string | undefined
}

/** `domain` is that of the sender. */
export function idsOf({ key, signal, reason }: Letter, domain: string): Ids {
  return {
    id: `<${hash(key)}@${domain}>`,
    root: isAboutSignal(reason) ? `<${hash(signal.id)}.0@${domain}>` : undefined,
  }
}

/** False for mails that are not about one signal: they begin no thread and answer none. */
export function isAboutSignal(reason: Letter['reason']): boolean {
  return reason !== 'digest' && reason !== 'notice' && reason !== 'test'
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
