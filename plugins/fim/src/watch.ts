import { constants } from 'node:os'
import type { ChangeSource, PathPatterns } from '@cws/native'

/** Looks and marks without waiting for a file system that may never answer. */
export type Group = Pick<ChangeSource, 'mark' | 'markWhole' | 'mounts' | 'look' | 'list'>

/** `asked`: about what the configuration names, or about all. */
export type Problem = (problem: string, asked: boolean) => void

/** Told of a wanted entry of a folder that was there when the folder began to be watched. */
export type Found = (path: Buffer, isFolder: boolean) => void

const SLASH = 0x2f
/** Paths as keys: bytes one to one. */
const keyOf = (path: Uint8Array) => Buffer.from(path.buffer, path.byteOffset, path.length).toString('latin1')
const isBelow = (key: string, above: string) => above === '/' || (key.startsWith(above) && key.charCodeAt(above.length) === SLASH)

/** The path that a glob begins with, up to its first wildcard: all that it matches is there or below. */
export function headOf(glob: string): string {
  const segments = glob.split('/')
  const first = segments.findIndex((segment) => /[*?[]/.test(segment))
  return first < 0 ? glob : segments.slice(0, first).join('/') || '/'
}

/**
 * The folders that are marked: those that may hold something wanted, and those that lead there, in which they vanish and appear again. Which
 * these are the patterns say; what is below a folder and cannot be wanted is not looked at.
 */
export class Watch {
  readonly #heads: readonly string[]
  /** Of these only what is below them is wanted. */
  readonly #behind: ReadonlySet<string>
  readonly #patterns: PathPatterns
  readonly #group: Group
  readonly #problem: Problem
  readonly #whole: boolean
  /** Folders on file systems that cannot be marked as a whole, of which each is. */
  readonly #each = new Set<string>()
  /** There were more folders than may be marked. */
  full = false

  /** `whole`: file systems are marked, and only the folders that lead there. */
  constructor(globs: readonly string[], patterns: PathPatterns, group: Group, problem: Problem, whole = false) {
    this.#behind = new Set(globs.filter((glob) => headOf(glob) !== glob).map((glob) => keyOf(Buffer.from(headOf(glob)))))
    const heads = [...new Set(globs.map((glob) => keyOf(Buffer.from(headOf(glob)))))]
    this.#heads = heads.filter((head) => !heads.some((other) => isBelow(head, other) && head !== other))
    this.#patterns = patterns
    this.#group = group
    this.#problem = problem
    this.#whole = whole
  }

  /** Marks all that is there. Again is harmless: it finds what was missed. */
  start(): void {
    for (const head of this.#heads) this.#look(head)
    if (!this.#whole) return
    for (const path of this.#group.mounts()) if (this.#heads.some((head) => isBelow(keyOf(path), head))) this.#tree(path)
  }

  /** A folder has a new name, and maybe something in it. `made`: it was made there, not moved. */
  appeared(path: Uint8Array, made: boolean, found: Found): void {
    const key = keyOf(path)
    // What is made on a marked file system comes by itself.
    const byItself = made && this.#whole && ![...this.#each].some((folder) => isBelow(key, folder))
    const within = (head: string) => key === head || (!byItself && isBelow(key, head))
    if (this.#heads.some(within)) this.#tree(Buffer.from(path), found)
    for (const head of this.#heads) if (isBelow(head, key) && head !== key) this.#look(head, found)
  }

  /** The way there from the root, so that nothing appears unseen between looking and marking; then what is there. */
  #look(head: string, found?: Found): void {
    const names = head === '/' ? [] : head.slice(1).split('/')
    for (let i = 0; i < names.length; i++) {
      const above = i === 0 ? '/' : `/${names.slice(0, i).join('/')}`
      // What this user may not read may still lead on.
      if (this.#mark(above, true) !== 'absent') continue
      this.#tellLink(above)
      return
    }
    const path = Buffer.from(head, 'latin1')
    const kind = this.#group.look(path)
    if (!kind) return
    if (this.#behind.has(head)) this.#tellLink(head)
    if (this.#patterns.matches(path)) found?.(path, kind === 'folder')
    if (kind === 'folder') this.#tree(path, found)
  }

  #tellLink(key: string): void {
    const path = Buffer.from(key, 'latin1')
    if (this.#group.look(path) === 'link')
      this.#problem(`${path.toString()} is a symbolic link: what is behind it is not watched by this path`, true)
  }

  #tree(root: Buffer, found?: Found): void {
    const stack = [root]
    let entries = MAX_ENTRIES
    for (let folder = stack.pop(); folder; folder = stack.pop()) {
      if (!this.#patterns.reach(folder) || !this.#markTree(folder, folder === root)) continue
      if (this.#whole && !found && !this.#isEach(folder)) continue
      for (const { name, kind } of this.#group.list(folder, entries + 1)) {
        if (--entries < 0) {
          this.#problem(`more than ${MAX_ENTRIES} files below ${root.toString()}: not all of it was looked through`, false)
          return
        }
        const path = Buffer.concat([folder, Buffer.from(folder.at(-1) === SLASH ? '' : '/'), name])
        const isFolder = kind === 'folder'
        if (found && this.#patterns.matches(path)) found(path, isFolder)
        if (isFolder) stack.push(path)
      }
    }
  }

  #markTree(folder: Buffer, asked: boolean): boolean {
    return this.#mark(keyOf(folder), asked, this.#whole && !this.#isEach(folder)) === 'marked'
  }

  #isEach(folder: Buffer): boolean {
    const key = keyOf(folder)
    return [...this.#each].some((other) => key === other || isBelow(key, other))
  }

  /** `absent`: it is not there (any more), or no folder; `refused`: it is told why. `asked`: it is watched however many others are. */
  #mark(key: string, asked: boolean, whole = false): 'marked' | 'absent' | 'refused' {
    try {
      if (whole) this.#group.markWhole(Buffer.from(key, 'latin1'))
      else this.#group.mark(Buffer.from(key, 'latin1'), asked)
      return 'marked'
    } catch (error) {
      const { errno, message } = error as { errno?: number; message: string }
      const path = Buffer.from(key, 'latin1').toString()
      if (whole && errno === EOPNOTSUPP && this.#each.size < MAX_EACH) {
        this.#each.add(key)
        return this.#mark(key, asked)
      }
      this.full ||= errno === EDQUOT
      if (errno === EDQUOT) this.#problem('more folders than maxFolders allows: not all are watched', true)
      else if (errno === EREMOTE) this.#problem(`${path} is on a network file system or FUSE: it may not answer, and is not watched`, asked)
      else if (errno === ENODEV && asked) this.#problem(`${path} is on a file system without files`, true)
      else if (!(errno && GONE.has(errno))) this.#problem(`${message} (errno ${errno})`, asked || errno === ENOSPC)
      return errno === EACCES || errno === ENOSPC ? 'refused' : 'absent'
    }
  }
}

const { EACCES, EDQUOT, ENODEV, ENOENT, ENOSPC, ENOTDIR, EOPNOTSUPP } = constants.errno
/** File systems that are mounted and cannot be marked as a whole (overlayfs); more are told as problems. */
const MAX_EACH = 256
const EREMOTE = 66
/** It is not there, or no folder; or has no files, and was only met with. */
const GONE = new Set([ENOENT, ENOTDIR, ENODEV])
/** Entries that are looked at in one go: whoever fills a folder must not stop the engine. */
const MAX_ENTRIES = 100_000
