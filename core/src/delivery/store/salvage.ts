import { DatabaseSync } from 'node:sqlite'
import { messageOf } from '../../errors/cws-error.ts'
import type { Conversation } from '../../notifications/conversation.ts'
import type { DeliveryLog } from '../log.ts'
import { isIntact, type OutboxRow } from './checksum.ts'
import type { SignalRow } from './store-rows.ts'
import type { StoreTables } from './store-tables.ts'

/** Copies what is owed from a corrupt store, as far as that can be read. Returns how many messages and conversations that were. */
export function salvage(file: string, tables: StoreTables, log: DeliveryLog): number {
  const owed = new Set<string>()
  let kept = 0
  const copy = <R>(table: string, put: (row: R) => void): void => {
    try {
      using old = new DatabaseSync(file)
      for (const row of old.prepare(`SELECT * FROM ${table}`).iterate() as unknown as Iterable<R>) put({ ...row })
    } catch (error) {
      log.debug(`reading the corrupt store ended: ${messageOf(error)}`)
    }
  }
  const damaged = new Set<string>()
  copy<OutboxRow>('outbox', (row) => {
    if (!isIntact({ ...row, checksum: row.checksum ?? null })) {
      damaged.add(row.signal)
      return
    }
    tables.putMessage(row)
    kept++
  })
  const conversations: Conversation[] = []
  copy<Conversation>('conversations', (row) => {
    if (row.due === null && !damaged.has(row.signal)) return
    conversations.push({ ...row, kept_since: row.kept_since ?? null, due: row.due ?? 0 })
    owed.add(row.signal)
  })
  copy<SignalRow>('signals', (row) => {
    if (owed.delete(row.id)) tables.apply({ op: 'signal', signal: row, conversations: [], steps: [] })
  })
  for (const row of conversations)
    if (!owed.has(row.signal)) {
      tables.putConversation(row)
      kept++
    }
  return kept
}
