import type { Covered, MessageRow } from './store-rows.ts'

/** The other signals that a digest tells. */
export function coveredBy({ covers }: Pick<MessageRow, 'covers'>): readonly Covered[] {
  return covers === null ? [] : (JSON.parse(covers) as Covered[])
}
