import { readdirSync, readFileSync, statSync } from 'node:fs'
import type { Manager } from './managers.ts'

/** Files of one process that are looked at; package managers take their lock before they open many. */
const MAX_FILES = 64
const NONE: ReadonlySet<string> = new Set()

/**
 * Inodes on which a write lock is held through an open file, from its /proc/PID/fdinfo: `lock:	1: POSIX  ADVISORY  WRITE 812 fe:00:2883 0 EOF`.
 * /proc/locks has those of all processes, but to read it stops the host's locks for a grace period of RCU: it takes 15 ms.
 */
export function parseLocks(fdinfo: string): readonly string[] {
  return [...fdinfo.matchAll(/^lock:\s+\d+: (?:POSIX|FLOCK|OFDLCK) +\w+ +WRITE -?\d+ [\da-f]+:[\da-f]+:(\d+) /gm)].map(
    ([, inode]) => inode as string,
  )
}

/** Which package managers hold their lock. */
export class HeldLocks {
  readonly #root: string
  readonly #proc: string

  /** `root`: where the host's files are. */
  constructor(root: string, proc = '/proc') {
    this.#root = root
    this.#proc = proc
  }

  /** Whether one of these processes holds it. Undefined where that cannot be known: then its program alone has to tell. */
  isHeld({ locks, exists }: Manager, pids: readonly number[]): boolean | undefined {
    if (!locks) return undefined
    const inodes = locks.flatMap((path) => statSync(`${this.#root}${path}`, { bigint: true, throwIfNoEntry: false })?.ino.toString() ?? [])
    if (exists) return inodes.length > 0
    if (inodes.length === 0) return undefined
    let known = false
    for (const pid of pids) {
      const held = this.#heldBy(pid)
      if (held && inodes.some((inode) => held.has(inode))) return true
      known ||= held !== undefined
    }
    return known ? false : undefined
  }

  /** Undefined if that may not be known. A process that is gone holds nothing. */
  #heldBy(pid: number): ReadonlySet<string> | undefined {
    const folder = `${this.#proc}/${pid}/fdinfo`
    const held = new Set<string>()
    try {
      for (const file of readdirSync(folder).slice(0, MAX_FILES))
        for (const inode of parseLocks(readFileSync(`${folder}/${file}`, 'latin1'))) held.add(inode)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EACCES' || code === 'EPERM') return undefined
      return code === 'ENOENT' || code === 'ESRCH' ? (held.size > 0 ? held : NONE) : undefined
    }
    return held
  }
}
