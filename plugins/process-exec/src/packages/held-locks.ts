import { closeSync, existsSync, fstatSync, opendirSync, openSync, readFileSync } from 'node:fs'
import type { Manager } from './managers.ts'

/** Files of one process that are looked at; package managers take their lock before they open many. */
const MAX_FILES = 64
const NONE: ReadonlySet<string> = new Set()

/** Of open(2): the file is named, not opened; Node does not tell it. */
const O_PATH = 0o10000000
/** Of the flags of an open file: O_WRONLY, O_RDWR. */
const FOR_WRITING = 0o3n

/**
 * Files on which a write lock is held through an open file, as `mount:inode`, from its /proc/PID/fdinfo:
 * `lock:	1: POSIX  ADVISORY  WRITE 812 fe:00:2883 0 EOF`. The mount is told because anybody can have a file of any inode number on a file system
 * of their own; and the file must be open for writing, for who may only read it can lock it too, and hand the lock on to a program of the host.
 * /proc/locks has those of all processes, but to read it stops the host's locks for a grace period of RCU: it takes 15 ms.
 */
export function parseLocks(fdinfo: string): readonly string[] {
  const mount = mountIn(fdinfo)
  const flags = /^flags:\s+([0-7]{1,12})$/m.exec(fdinfo)?.[1]
  if (mount === undefined || flags === undefined || (BigInt(`0o${flags}`) & FOR_WRITING) === 0n) return []
  return [...fdinfo.matchAll(/^lock:\s+\d+: (?:POSIX|FLOCK|OFDLCK) +\w+ +WRITE -?\d+ [\da-f]+:[\da-f]+:(\d+) /gm)].map(
    ([, inode]) => `${mount}:${inode}`,
  )
}

const mountIn = (fdinfo: string): string | undefined => /^mnt_id:\s+(\d+)$/m.exec(fdinfo)?.[1]

/**
 * The file at the path as {@link parseLocks} tells it, empty if there is none; undefined if that may not be known. Its file system is asked for
 * nothing but its number.
 */
export function lockAt(path: string): string | undefined {
  let fd = -1
  try {
    fd = openSync(path, O_PATH)
    const mount = mountIn(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))
    return mount && `${mount}:${fstatSync(fd, { bigint: true }).ino}`
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'EACCES' || code === 'EPERM' ? undefined : ''
  } finally {
    if (fd >= 0) closeSync(fd)
  }
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
    if (exists) return locks.some((path) => existsSync(`${this.#root}${path}`))
    const files = locks.map((path) => lockAt(`${this.#root}${path}`))
    const wanted = files.filter((file) => file)
    // It makes the file before it changes anything, at its first installation too: one that there is not is held by nobody.
    if (wanted.length === 0) return files.includes(undefined) ? undefined : false
    let known = false
    for (const pid of pids) {
      const held = this.#heldBy(pid)
      if (held && wanted.some((lock) => held.has(lock as string))) return true
      known ||= held !== undefined
    }
    return known ? false : undefined
  }

  /** Undefined if that may not be known. A process that is gone holds nothing. */
  #heldBy(pid: number): ReadonlySet<string> | undefined {
    const folder = `${this.#proc}/${pid}/fdinfo`
    const held = new Set<string>()
    try {
      // Not listed whole: it may have a million open files.
      using files = opendirSync(folder)
      for (let most = MAX_FILES, file = files.readSync(); file && most > 0; file = files.readSync(), most--)
        for (const lock of parseLocks(readFileSync(`${folder}/${file.name}`, 'latin1'))) held.add(lock)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EACCES' || code === 'EPERM') return undefined
      return code === 'ENOENT' || code === 'ESRCH' ? (held.size > 0 ? held : NONE) : undefined
    }
    return held
  }
}
