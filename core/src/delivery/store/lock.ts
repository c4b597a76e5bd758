import { chmodSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CwsError, messageOf } from '../../errors/cws-error.ts'
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
    if (sqliteCode(error) === SQLITE_BUSY) {
      const holder = holderOf(file)
      const who = holder === undefined ? 'another agent' : `another agent, process ${holder},`
      throw new CwsError('CWS_ERR_STATE_LOCKED', `${who} uses the state folder ${stateDir}`, { cause: error })
    }
    throw new CwsError('CWS_ERR_STATE_DIR', `cannot lock ${file}: ${messageOf(error)}`, { cause: error })
  }
}

/** Which process holds a lock on the file; undefined if that cannot be seen from here, as from within a container. Format of the lines: proc_locks(5). */
function holderOf(file: string): number | undefined {
  try {
    const { ino } = statSync(file)
    const locks = readFileSync('/proc/locks', 'utf8').matchAll(/^\d+: POSIX +\S+ +WRITE (\d+) \S+:\S+:(\d+) /gm)
    for (const [, pid, inode] of locks) if (Number(inode) === ino && Number(pid) > 0) return Number(pid)
  } catch {
    // What is only for people to read must not hide why the agent ends.
  }
  return undefined
}
