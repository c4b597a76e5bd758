import { closeSync, constants, fchmodSync, lstatSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { prepareFolder } from '../../config/folders.ts'
import { CwsError } from '../../errors/cws-error.ts'

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const SQLITE_CORRUPT = 11
const SQLITE_NOTADB = 26

/** The primary result code of an error of SQLite, else undefined. */
export function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' ? code & 0xff : undefined
}

export function isCorrupt(error: unknown): boolean {
  const code = sqliteCode(error)
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB
}

/**
 * Makes a folder for the agent alone, or takes one that is there, unless others can write to it: what they put there would be taken for the agent's.
 * @throws CwsError CWS_ERR_STATE_DIR
 */
export function privateFolder(folder: string, mode: 0o700 | 0o750): void {
  const before = lstatSync(folder, { throwIfNoEntry: false })
  if (before && !before.isSymbolicLink() && (before.mode & 0o022 & ~mode) !== 0)
    throw new CwsError('CWS_ERR_STATE_DIR', `others can write to the folder ${folder}`, { hint: `chmod ${mode.toString(8)} ${folder}` })
  prepareFolder(folder, mode)
}

/**
 * Opens a database of the agent: mode 0600, WAL, `synchronous=NORMAL`, brought to the newest of its numbered migrations. The first commit is
 * synced whole, so that the directory entries are durable.
 */
export function openDatabase(path: string, migrations: readonly string[]): DatabaseSync {
  // SQLite gives -wal and -shm the mode of the database.
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  fchmodSync(fd, 0o600)
  closeSync(fd)
  const database = new DatabaseSync(path, { timeout: 250, enableForeignKeyConstraints: false, defensive: true })
  try {
    database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=16777216; PRAGMA trusted_schema=OFF')
    const check = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string }
    if (check.quick_check !== 'ok') throw Object.assign(new Error(check.quick_check), { errcode: SQLITE_CORRUPT })
    migrate(database, path, migrations)
    database.exec('PRAGMA synchronous=NORMAL')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function migrate(database: DatabaseSync, path: string, migrations: readonly string[]): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number }
  if (version > migrations.length)
    throw new CwsError('CWS_ERR_STATE_DIR', `${path} was written by a newer version of the agent (schema ${version})`, {
      hint: 'install that version again, or move the file away',
    })
  database.exec('BEGIN IMMEDIATE')
  for (const [i, sql] of migrations.entries()) if (i >= version) database.exec(sql)
  database.exec(`PRAGMA user_version=${migrations.length}; COMMIT`)
}

/** Moves a corrupt database aside, keeping one such copy. Returns its new path. */
export function moveAside(path: string): string {
  const folder = dirname(path)
  const prefix = `${basename(path)}.corrupt-`
  for (const name of readdirSync(folder)) if (name.startsWith(prefix)) rmSync(join(folder, name), { force: true })
  const aside = join(folder, `${prefix}${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`)
  renameSync(path, aside)
  for (const suffix of ['-wal', '-shm'])
    try {
      renameSync(path + suffix, aside + suffix)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  return aside
}

/** What opens and ends transactions, prepared: reading it anew takes as long as what it does. */
const statements = new WeakMap<DatabaseSync, Record<'begin' | 'commit' | 'rollback', StatementSync>>()

function statementsOf(database: DatabaseSync): Record<'begin' | 'commit' | 'rollback', StatementSync> {
  let of = statements.get(database)
  if (!of) {
    of = { begin: database.prepare('BEGIN IMMEDIATE'), commit: database.prepare('COMMIT'), rollback: database.prepare('ROLLBACK') }
    statements.set(database, of)
  }
  return of
}

/** Runs `work` in a transaction: all of it or nothing. */
export function transaction(database: DatabaseSync, work: () => void): void {
  const { begin, commit, rollback } = statementsOf(database)
  begin.run()
  try {
    work()
    commit.run()
  } catch (error) {
    try {
      rollback.run()
    } catch {
      // SQLite has rolled back already, as it does on a full disk.
    }
    throw error
  }
}
