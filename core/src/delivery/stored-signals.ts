import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CwsError, messageOf } from '../errors/cws-error.ts'
import { signalMigrations } from './migrations.ts'
import type { SignalReader } from './signal-queries.ts'
import { SIGNALS_FILE } from './store.ts'
import { StoreTables } from './store-tables.ts'

/**
 * Runs `read` over the signals of a state folder whose agent does not run. Nothing is written; beside an agent that starts meanwhile it does no harm.
 * Returns undefined if no agent has kept signals there.
 * @throws CwsError CWS_ERR_STATE_DIR if they cannot be read
 */
export function withStoredSignals<T>(stateDir: string, read: (reader: SignalReader) => T): T | undefined {
  const path = join(stateDir, SIGNALS_FILE)
  if (!existsSync(path)) return undefined
  try {
    using database = new DatabaseSync(path, { readOnly: true, timeout: 2_000, defensive: true })
    database.exec('PRAGMA trusted_schema=OFF')
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number }
    // An agent that was killed at its first start.
    if (version === 0) return undefined
    if (version > signalMigrations.length)
      throw new CwsError('CWS_ERR_STATE_DIR', `${path} was written by a newer version of the agent (schema ${version})`, {
        hint: 'read it with that version',
      })
    return read(new StoreTables(database, { signals: Infinity, bytes: Infinity, dead: Infinity }))
  } catch (error) {
    if (error instanceof CwsError) throw error
    throw new CwsError('CWS_ERR_STATE_DIR', `cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}
