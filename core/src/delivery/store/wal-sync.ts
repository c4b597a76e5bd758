import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs'

/** For power loss: a group fsync within 200 ms. The timer leaves time for the fsync itself. */
const SYNC_MS = 100

/**
 * Makes commits safe against power loss. A commit under WAL and `synchronous=NORMAL` is in the page cache, safe against the death of the process; the
 * WAL file is synced here through a descriptor of its own, off this thread: all commits since the last time in one go. (A checkpoint of SQLite syncs
 * the WAL before the database, so nothing falls between.)
 */
export class WalSync {
  readonly #wal: number
  readonly #onError: (error: Error) => void
  #timer: NodeJS.Timeout | undefined
  #isSyncing = false
  /** Something was committed since the sync that is under way began. */
  #isDue = false
  #isClosed = false

  /** @throws Error if the WAL cannot be opened */
  constructor(database: string, onError: (error: Error) => void) {
    this.#wal = openSync(`${database}-wal`, 'r+')
    this.#onError = onError
  }

  /** Something was committed: it is synced within 200 ms, or that is begun at once. */
  committed(urgent: boolean): void {
    if (urgent) this.#begin()
    else this.#timer ??= setTimeout(() => this.#begin(), SYNC_MS)
  }

  /** Syncs at once, in this thread. @throws Error if the disk refuses */
  now(): void {
    fdatasyncSync(this.#wal)
  }

  /** One at a time: on a slow disk the next covers what came meanwhile. */
  #begin(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#isClosed) return
    if (this.#isSyncing) {
      this.#isDue = true
      return
    }
    this.#isSyncing = true
    fdatasync(this.#wal, (error) => {
      this.#isSyncing = false
      if (error && !this.#isClosed) this.#onError(error)
      if (!this.#isDue) return
      this.#isDue = false
      this.#begin()
    })
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#isClosed = true
    closeSync(this.#wal)
  }
}
