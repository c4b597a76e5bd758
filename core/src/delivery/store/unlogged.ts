import type { DeliveryLog } from '../log.ts'
import type { SignalStore } from './store.ts'

/** As many lines are kept, the newest. */
const MAX_LINES = 1_000

/** What was done while no agent ran, for the log of the next one. */
interface Line {
  readonly at: string
  readonly message: string
  readonly details: object
}

/** A log that gathers what is done. What is merely wrong, and has no details, the next agent finds by itself. */
export class GatheringLog implements DeliveryLog {
  readonly #lines: Line[] = []

  debug(): void {}

  info(first: object | string, message = ''): void {
    if (typeof first !== 'string') this.#lines.push({ at: new Date().toISOString(), message, details: first })
  }

  warn(first: object | string, message = ''): void {
    this.info(first, message)
  }

  error(first: object | string, message = ''): void {
    this.info(first, message)
  }

  /** Into the store. @throws CwsError CWS_ERR_STORE */
  keep(store: SignalStore): void {
    if (this.#lines.length === 0) return
    store.administer((database) => {
      const insert = database.prepare('INSERT INTO unlogged (at, message, details) VALUES (?, ?, ?)')
      for (const { at, message, details } of this.#lines) insert.run(at, message, JSON.stringify(details))
      database.prepare('DELETE FROM unlogged WHERE id NOT IN (SELECT id FROM unlogged ORDER BY id DESC LIMIT ?)').run(MAX_LINES)
    })
  }
}

/** Writes to the log what was done while no agent ran; while the store cannot be written, the next agent does. */
export function logWhatWasDone(store: SignalStore, log: DeliveryLog): void {
  type Row = { readonly at: string; readonly message: string; readonly details: string }
  const rows = store.consult((database) => database.prepare('SELECT * FROM unlogged ORDER BY id').all() as unknown as Row[]) ?? []
  if (rows.length === 0) return
  try {
    store.administer((database) => database.exec('DELETE FROM unlogged'))
  } catch {
    return
  }
  for (const { at, message, details } of rows) log.warn({ ...JSON.parse(details), at }, `while no agent ran: ${message}`)
}
