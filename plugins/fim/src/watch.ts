import { type Dirent, lstatSync, opendirSync, type Stats } from 'node:fs'
import type { FanotifySource } from '@cws/native'

/** The two groups: folders of `trees` have what appears below them marked by the native thread. */
export interface Groups {
  readonly trees: Pick<FanotifySource, 'mark'>
  readonly files: Pick<FanotifySource, 'mark'>
}

/** Told of an entry of a folder that was there when the folder began to be watched. */
export type Found = (path: Buffer, isFolder: boolean) => void

const SLASH = 0x2f
/** Paths as keys: bytes one to one. */
const keyOf = (path: Buffer) => path.toString('latin1')
const isBelow = (key: string, above: string) => above === '/' || (key.startsWith(above) && key.charCodeAt(above.length) === SLASH)
const parentOf = (key: string) => key.slice(0, Math.max(1, key.lastIndexOf('/')))

/**
 * What is to be watched and what is: of each wanted folder all below it, of a wanted file its folder, and of both the folder above, where it
 * may vanish and appear again. What is not there yet is waited for in the nearest folder that is.
 */
export class Watch {
  readonly #targets: readonly string[]
  readonly #groups: Groups
  readonly #maxFolders: number
  readonly #problem: (problem: string) => void
  readonly #trees = new Set<string>()
  readonly #parents = new Set<string>()

  constructor(paths: readonly string[], groups: Groups, maxFolders: number, problem: (problem: string) => void) {
    const keys = paths.map((path) => keyOf(Buffer.from(path)))
    this.#targets = [...new Set(keys)].filter((key) => !keys.some((other) => isBelow(key, other) && key !== other))
    this.#groups = groups
    this.#maxFolders = maxFolders
    this.#problem = problem
  }

  /** Folders that are watched with all that is below them. */
  get folders(): number {
    return this.#trees.size
  }

  /** Marks all that is there. Again is harmless: it finds what was missed. */
  start(): void {
    for (const target of this.#targets) this.#look(target)
  }

  /** Whether this path is one of those that are to be watched. */
  concerns(path: Uint8Array): boolean {
    const key = keyOf(Buffer.from(path.buffer, path.byteOffset, path.length))
    return this.#targets.some((target) => key === target || isBelow(key, target))
  }

  /** A folder has a new name. */
  appeared(path: Uint8Array, found: Found): void {
    const folder = Buffer.from(path)
    const key = keyOf(folder)
    for (const target of this.#targets) {
      if (key === target || isBelow(key, target)) this.#tree(folder, found)
      else if (isBelow(target, key)) this.#look(target, found)
    }
  }

  /** A folder was deleted, and so was empty. */
  deleted(path: Uint8Array): void {
    const key = keyOf(Buffer.from(path))
    this.#trees.delete(key)
    this.#parents.delete(key)
    for (const target of this.#targets) if (isBelow(target, key)) this.#look(target)
  }

  /** A folder has another name now, and so has all below it. */
  vanished(path: Uint8Array): void {
    const key = keyOf(Buffer.from(path))
    for (const set of [this.#trees, this.#parents]) for (const one of set) if (one === key || isBelow(one, key)) set.delete(one)
    for (const target of this.#targets) if (isBelow(target, key) && target !== key) this.#look(target)
  }

  #look(target: string, found?: Found): void {
    // The way there first, so that nothing appears unseen between looking and marking.
    for (let above = parentOf(target); target !== '/'; above = parentOf(above)) {
      const there = this.#parents.has(above) || this.#mark(this.#groups.files, above)
      if (there) this.#parents.add(above)
      if (there || above === '/') break
    }
    const path = Buffer.from(target, 'latin1')
    const kind = this.#kindOf(path)
    if (!kind) return
    found?.(path, kind.isDirectory())
    if (kind.isDirectory()) this.#tree(path, found)
  }

  /** Undefined if it is not there, or cannot be reached: links that lead in a circle, a disk that fails. */
  #kindOf(path: Buffer): Stats | undefined {
    try {
      return lstatSync(path, { throwIfNoEntry: false })
    } catch (error) {
      this.#problem((error as Error).message)
      return undefined
    }
  }

  #tree(root: Buffer, found?: Found): void {
    const stack = [root]
    let entries = MAX_ENTRIES
    for (let folder = stack.pop(); folder; folder = stack.pop()) {
      const key = keyOf(folder)
      // What was asked for is watched, however much is below others.
      if (this.#trees.size >= this.#maxFolders && !this.#trees.has(key) && folder !== root) {
        this.#problem(`more than ${this.#maxFolders} folders (maxFolders): not all are watched`)
        return
      }
      if (!this.#mark(this.#groups.trees, key)) continue
      this.#trees.add(key)
      for (const entry of entriesOf(folder)) {
        if (--entries < 0) {
          this.#problem(`more than ${MAX_ENTRIES} files below ${root.toString()}: not all of it was looked through`)
          return
        }
        const path = Buffer.concat([folder, Buffer.from(folder.at(-1) === SLASH ? '' : '/'), entry.name])
        found?.(path, entry.isDirectory())
        if (entry.isDirectory()) stack.push(path)
      }
    }
  }

  /** False when the folder is not there (any more), or no folder. */
  #mark(group: Pick<FanotifySource, 'mark'>, key: string): boolean {
    try {
      group.mark(Buffer.from(key, 'latin1'))
      return true
    } catch (error) {
      const { errno, message } = error as { errno?: number; message: string }
      if (errno !== ENOENT && errno !== ENOTDIR) this.#problem(`${message} (errno ${errno})`)
      return false
    }
  }
}

const ENOENT = 2
const ENOTDIR = 20
/** Entries that are looked at in one go: whoever fills a folder must not stop the engine. */
const MAX_ENTRIES = 100_000

function* entriesOf(folder: Buffer): Generator<Dirent<Buffer>> {
  try {
    using entries = opendirSync(folder as never, { encoding: 'buffer' as never })
    for (let entry = entries.readSync(); entry; entry = entries.readSync()) yield entry as unknown as Dirent<Buffer>
  } catch {
    // Gone, or not to be read: the mark told.
  }
}
