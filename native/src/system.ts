/** System calls that Node does not offer. All throw an Error with `code` and `errno` when the kernel refuses. */
import { closeSync, readlinkSync } from 'node:fs'
import { addon } from './addon.ts'

/** A lock that is held until it is released or the process ends, however it ends. */
export interface FileLock extends Disposable {
  release(): void
}

/** Locks a file (made with mode 0600; no symbolic link is followed); undefined when another process has the lock. Throws `CWS_LOCK`. */
export function lockFile(path: string): FileLock | undefined {
  let fd = addon().lockFile(path)
  if (fd === undefined) return undefined
  const release = () => {
    if (fd !== undefined) closeSync(fd)
    fd = undefined
  }
  return { release, [Symbol.dispose]: release }
}

/** Whether this process may leave a core dump and be looked into by processes of its user. False for a process that holds secrets. */
export function setDumpable(whether: boolean): void {
  addon().setDumpable(whether)
}

/** Names the calling thread, as `ps -L` and `top -H` show it; 15 bytes count. */
export function setThreadName(name: string): void {
  addon().setThreadName(name)
}

/** CLOCK_BOOTTIME in ns: the clock of the records. */
export function clockBoottime(): bigint {
  return addon().clockBoottime()
}

/** Gives memory that malloc holds and nobody uses back to the kernel: of all threads, which wait for it if they allocate. Returns whether there was any. */
export function trimHeap(): boolean {
  return addon().trimHeap()
}

/** Of a file; times in ns, `dev` is major << 20 | minor. */
export interface FileFacts {
  readonly ino: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly size: bigint
  readonly dev: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly nlink: bigint
}

/**
 * What the kernel knows of a file by itself; undefined if it cannot be looked at. Its file system is not asked: where that never answers (a hostile
 * FUSE, a network that is gone) stat(2) waits forever. That holds for the file, not for folders on the way to it: for links such as /proc/PID/exe.
 */
export function statNow(path: string | Uint8Array): FileFacts | undefined {
  const bytes = addon().statNow(typeof path === 'string' ? Buffer.from(path) : path)
  if (!bytes) return undefined
  const word = (index: number) => bytes.readBigUInt64LE(8 * index)
  const small = (index: number) => Number(word(index))
  const [ino, mtimeNs, ctimeNs, size, nlink] = [word(0), word(1), word(2), word(3), word(8)]
  return { ino, mtimeNs, ctimeNs, size, dev: small(4), mode: small(5), uid: small(6), gid: small(7), nlink }
}

/**
 * Tells the service manager that started this process (NOTIFY_SOCKET, sd_notify(3)) where it is. Returns false if there is none. Throws `CWS_NOTIFY`.
 */
export function notifyServiceManager(state: 'READY=1' | 'STOPPING=1' | 'WATCHDOG=1'): boolean {
  const path = process.env['NOTIFY_SOCKET']
  if (!path) return false
  addon().notify(path, state)
  return true
}

/** Who is at the other end of a connected unix socket. Throws `CWS_PEER`. */
export function peerCredentials(fd: number): { pid: number; uid: number; gid: number } {
  return addon().peerCredentials(fd)
}

/** PROC_PID_INIT_INO of include/linux/proc_ns.h: records of BPF programs carry pids of this namespace, fanotify gives those of its reader's. */
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]'

/** Whether pids mean the same to this process and to the kernel's records. */
export function inInitialPidNamespace(): boolean {
  return readlinkSync('/proc/self/ns/pid') === INITIAL_PID_NAMESPACE
}
