import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CwsError, messageOf } from '../../errors/cws-error.ts'
import type { DeliveryLog } from '../log.ts'
import { lockState } from './lock.ts'
import { signalMigrations } from './migrations.ts'
import { SIGNALS_FILE, SignalStore } from './store.ts'
import { StoreTables } from './store-tables.ts'
import { GatheringLog } from './unlogged.ts'

/**
 * Runs `read` over the signals of a state folder whose agent does not run. Nothing is written; beside an agent that starts meanwhile it does no harm.
 * Returns undefined if no agent has kept signals there. `isWhole`: not only signals are read, so that those of an earlier version will not do.
 * @throws CwsError CWS_ERR_STATE_DIR if they cannot be read
 */
export function withStoredSignals<T>(stateDir: string, read: (reader: StoreTables) => T, isWhole = false): T | undefined {
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
    if (isWhole && version < signalMigrations.length)
      throw new CwsError(
        'CWS_ERR_STATE_DIR',
        `${path} was written by an earlier version of the agent: start this one once, which brings it up to date`,
      )
    // Written by a version that kept no evidence.
    if (version < 2) database.exec('PRAGMA temp_store=MEMORY; CREATE TEMP TABLE evidence (signal TEXT, bytes INTEGER, body TEXT)')
    return read(new StoreTables(database, { signals: Infinity, bytes: Infinity, dead: Infinity, deadBytes: Infinity }))
  } catch (error) {
    if (error instanceof CwsError) throw error
    throw new CwsError('CWS_ERR_STATE_DIR', `cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}

/**
 * Runs `change` over the signals of a state folder that no agent uses: none can start meanwhile. The log of the next one says what was done. Returns undefined if no agent has kept signals there.
 * @throws CwsError CWS_ERR_STATE_LOCKED, CWS_ERR_STATE_DIR, CWS_ERR_STORE
 */
export function changeStoredSignals<T>(stateDir: string, change: (store: SignalStore, log: DeliveryLog) => T): T | undefined {
  if (!existsSync(join(stateDir, SIGNALS_FILE))) return undefined
  using _lock = lockState(stateDir)
  const store = new SignalStore({ stateDir, log: silent })
  try {
    const log = new GatheringLog()
    const result = change(store, log)
    log.keep(store)
    if (store.error !== undefined) throw new CwsError('CWS_ERR_STORE', `cannot write ${join(stateDir, SIGNALS_FILE)}: ${store.error}`)
    return result
  } finally {
    store.close()
  }
}

export const silent: DeliveryLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
