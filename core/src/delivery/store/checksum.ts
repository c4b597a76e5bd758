import { crc32 } from 'node:zlib'
import type { MessageRow } from './store-rows.ts'

/** A message as it stands in the outbox. `checksum` null: an earlier version wrote it. */
export type OutboxRow = MessageRow & { readonly checksum: number | null }

/** Of what does not change with the tries of a message: a bit that a disk turned must not be sent for what was meant. */
export function checksumOf(row: MessageRow): number {
  const { key, destination, signal, revision, severity, count, status, reason, rule, generation, tier, created, covers, body, line } = row
  const rest = [key, destination, signal, revision, severity, count, status, reason, rule, generation, tier, created, covers]
  return crc32(line ?? '', crc32(body, crc32(JSON.stringify(rest))))
}

/** Whether it is what was written. */
export function isIntact(row: OutboxRow): boolean {
  return row.checksum === null || row.checksum === checksumOf(row)
}
