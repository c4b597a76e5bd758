import type { Covered, MessageRow } from '../store/store-rows.ts'

/** The other signals that a digest tells. */
export function coveredBy({ covers }: Pick<MessageRow, 'covers'>): readonly Covered[] {
  return covers === null ? [] : (JSON.parse(covers) as Covered[])
}

/** Of the gravest signal that a message tells: the one that leads a digest need not be it. */
export function severityOf(message: Pick<MessageRow, 'severity' | 'covers'>): number {
  return Math.max(message.severity, ...coveredBy(message).map(({ severity }) => severity))
}
