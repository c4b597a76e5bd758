import { type FSWatcher, realpathSync, statSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf } from '../errors/cws-error.ts'
import type { Logger } from '../plugin/logger.ts'

/** Editors and copies write in steps; what has been still for so long is whole. */
const STILL_MS = 300

/**
 * Tells of changes of one file, however it is changed: written, replaced by rename, put behind its symbolic link. Its folders are watched, for
 * a watch of the file itself would follow what was replaced. What leaves the file as it was is no change, and one that
 * goes is none either: that may be half of a replacement, and what runs is better than nothing.
 */
export class ConfigWatch implements Disposable {
  readonly file: string
  readonly #onChange: () => void
  readonly #log: Logger
  #watchers: readonly FSWatcher[] = []
  #last: string
  #timer: NodeJS.Timeout | undefined

  constructor(file: string, log: Logger, onChange: () => void) {
    this.file = file
    this.#onChange = onChange
    this.#last = identityOf(file)
    this.#log = log
    this.#watchers = [...foldersOf(file)].flatMap((folder) => this.#watch(folder))
  }

  /** Looks where the file is now: a symbolic link may lead elsewhere since. */
  renew(): void {
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers = [...foldersOf(this.file)].flatMap((folder) => this.#watch(folder))
    this.#stirred()
  }

  #watch(folder: string): readonly FSWatcher[] {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#stirred())
      watcher.on('error', (error) => this.#log.warn(`changes in ${folder} are not seen any more (${error.message}); SIGHUP reloads`))
      return [watcher]
    } catch (error) {
      this.#log.warn(`changes in ${folder} are not seen (${messageOf(error)}); SIGHUP reloads`)
      return []
    }
  }

  /** Takes the file as it is now for known. */
  seen(): void {
    this.#last = identityOf(this.file)
  }

  #stirred(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      const now = identityOf(this.file)
      if (now === this.#last || now === '') return
      this.#last = now
      this.#onChange()
    }, STILL_MS).unref()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    for (const watcher of this.#watchers) watcher.close()
  }
}

/** Folder of the name, and of the file behind it. */
function foldersOf(file: string): ReadonlySet<string> {
  const folders = new Set([dirname(file)])
  try {
    folders.add(dirname(realpathSync(file)))
  } catch {
    // It has just been removed: its name is watched.
  }
  return folders
}

/** Differs whenever content may. A file that is not there has none. */
function identityOf(file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
  return stat ? `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}` : ''
}
