import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** Commits after which a checkpoint is due: they are some 1,000 pages of the log, SQLite's own measure. */
const COMMITS = 300
/** Without a commit for so long, ms, nobody waits for one. */
const QUIET_MS = 250
/** Of 4 KiB: as much as `journal_size_limit` leaves of the log. */
const MAX_PAGES = 4_000

/**
 * Copies the write-ahead log into the database while nothing is to be stored: that syncs both files, which takes as long as some twenty commits, and
 * SQLite would do it in the middle of one. Within a commit it is done only where none comes late for so long that the log has outgrown its size.
 */
export class Checkpoints {
  readonly #checkpoint: StatementSync
  readonly #onError: (error: unknown) => void
  #commits = 0
  #timer: NodeJS.Timeout | undefined

  constructor(database: DatabaseSync, onError: (error: unknown) => void) {
    database.exec(`PRAGMA wal_autocheckpoint=${MAX_PAGES}`)
    this.#checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
    this.#onError = onError
  }

  /** To be called after each commit. */
  committed(): void {
    if (++this.#commits < COMMITS) return
    if (this.#timer) this.#timer.refresh()
    else this.#timer = setTimeout(() => this.#run(), QUIET_MS)
  }

  /** Before the database is closed. */
  stop(): void {
    clearTimeout(this.#timer)
  }

  #run(): void {
    this.#timer = undefined
    this.#commits = 0
    try {
      this.#checkpoint.get()
    } catch (error) {
      this.#onError(error)
    }
  }
}
