import { readlinkSync, realpathSync, statSync } from 'node:fs'
import { expect } from 'vitest'

/** PROC_PID_INIT_INO of include/linux/proc_ns.h: the pid namespace in which kernel records count. */
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]'

/** What the record of an exec that this process made says of the two things that depend on where one looks from. */
export type Observed = {
  /** The program's path in the record. */
  readonly path: string
  /** The parent's pid in the record, which is this process. */
  readonly ppid: number
}

/**
 * Where the tests stand as the kernel sees it. Records carry pids of the initial pid namespace and paths from the real root of the mount
 * namespace; a test in a nested pid namespace or a chroot knows neither, and learns both from one exec of its own. On an ordinary host they
 * are those of the test itself, and nothing else is accepted.
 */
export class Vantage {
  /** This process in records. */
  readonly pid: number
  readonly #root: string

  /** `program` is the file of the observed exec. Throws an Error when the record contradicts what the test knows. */
  constructor(program: string, { path, ppid }: Observed) {
    const real = realpathSync(program)
    if (!path.endsWith(real)) throw new Error(`${path} is not ${real}`)
    this.#root = path.slice(0, -real.length)
    this.pid = ppid
    if (!nested() && (this.#root !== '' || ppid !== process.pid)) throw new Error(`on an ordinary host ${path} of ${ppid}`)
  }

  /** An absolute path without links, as records have it. */
  at(path: string): string {
    return this.#root + path
  }
}

/** Whether this process runs in a pid namespace of its own: its pids are not those of records. */
export const nested = (): boolean => readlinkSync('/proc/self/ns/pid') !== INITIAL_PID_NAMESPACE

/** Matches a path as records have it: itself, or below the root of this process' chroot. */
export function asRecorded(path: string): unknown {
  return expect.stringMatching(new RegExp(`${nested() ? '' : '^'}${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`))
}

/** The pid namespace of the tests, by inode number. */
export const pidNamespace = statSync('/proc/self/ns/pid').ino
