import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CwsError, messageOf } from '../errors/cws-error.ts'
import { sqliteCode } from './database.ts'

const SQLITE_BUSY = 5

/**
 * Holds the state folder for this agent alone, until it is disposed or the process ends, however it ends: the kernel drops the lock.
 * Nobody else in this process may open and close `agent.lock`: POSIX locks end with any close.
 * @throws CwsError CWS_ERR_STATE_LOCKED, or CWS_ERR_STATE_DIR if the lock cannot be made.
 */
export function lockState(stateDir: string): Disposable {
  const file = join(stateDir, 'agent.lock')
  try {
    const database = new DatabaseSync(file, { timeout: 0 })
    // An open transaction holds the lock and writes nothing; without a journal there is nothing to recover after a kill.
    database.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE')
    chmodSync(file, 0o600)
    return { [Symbol.dispose]: () => database.close() }
  } catch (error) {
    if (sqliteCode(error) === SQLITE_BUSY)
      throw new CwsError('CWS_ERR_STATE_LOCKED', `another agent uses the state folder ${stateDir}`, { cause: error })
    throw new CwsError('CWS_ERR_STATE_DIR', `cannot lock ${file}: ${messageOf(error)}`, { cause: error })
  }
}
