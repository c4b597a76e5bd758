import { closeSync, existsSync, fstatSync, lstatSync, opendirSync, openSync, readFileSync, readlinkSync } from 'node:fs'
import type { Manager } from './managers.ts'

/** Files of one process that are looked at; package managers take their lock before they open many. */
const MAX_FILES = 64

/** Of open(2): the file is named, not opened; Node does not tell it. */
const O_PATH = 0o10000000
/** Of the flags of an open file: O_WRONLY, O_RDWR. */
const FOR_WRITING = 0o3n
/** Of the mode of a link in /proc/PID/fd: the file is open for writing. */
const WRITABLE = 0o200

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

/** The file of a lock. */
interface LockFile {
  /** As {@link parseLocks} tells it. */
  readonly lock: string
  /** What the kernel calls it in links to open files. */
  readonly name: string
}

/** The file at the path, null if there is none; undefined if that may not be known. Its file system is asked for nothing but its number. */
export function lockAt(path: string): LockFile | null | undefined {
  let fd = -1
  try {
    fd = openSync(path, O_PATH)
    const mount = mountIn(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))
    const { ino } = fstatSync(fd, { bigint: true })
    return mount === undefined ? undefined : { lock: `${mount}:${ino}`, name: readlinkSync(`/proc/self/fd/${fd}`) }
  } catch (error) {
    return isRefused(error) ? undefined : null
  } finally {
    if (fd >= 0) closeSync(fd)
  }
}

function isRefused(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EACCES' || code === 'EPERM'
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
    const wanted = files.filter((file) => file != null)
    // It makes the file before it changes anything, at its first installation too: one that there is not is held by nobody.
    if (wanted.length === 0) return files.includes(undefined) ? undefined : false
    const held = pids.map((pid) => this.#holds(pid, wanted))
    return held.includes(true) || (held.includes(false) ? false : undefined)
  }

  /** Undefined if that may not be known. A process that is gone holds nothing. */
  #holds(pid: number, wanted: readonly LockFile[]): boolean | undefined {
    const folder = `${this.#proc}/${pid}`
    try {
      // Not listed whole: it may have a million open files.
      using files = opendirSync(`${folder}/fd`)
      for (let most = MAX_FILES, file = files.readSync(); file && most > 0; file = files.readSync(), most--)
        if (isHeldThrough(folder, file.name, wanted)) return true
      return false
    } catch (error) {
      return isRefused(error) ? undefined : false
    }
  }
}

/** Whether one of these locks is held through a descriptor; not if that is closed meanwhile. */
function isHeldThrough(folder: string, fd: string, wanted: readonly LockFile[]): boolean {
  try {
    const link = `${folder}/fd/${fd}`
    const name = readlinkSync(link)
    const named = wanted.filter((one) => one.name === name)
    // Of other files, as of those that are open for reading only, whoever started the process decides how much the kernel has to say.
    if (named.length === 0 || (lstatSync(link).mode & WRITABLE) === 0) return false
    const held = parseLocks(readFileSync(`${folder}/fdinfo/${fd}`, 'latin1'))
    return named.some(({ lock }) => held.includes(lock))
  } catch (error) {
    if (isRefused(error)) throw error
    return false
  }
}
