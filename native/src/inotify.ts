import { readFileSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import { addon } from './addon.ts'

const ENOSPC = 28
const EMFILE = 24
const ENOENT = 2
const EACCES = 13

/** Whether this process may watch directories by inotify, which needs no privilege. Throws {@link NativeUnavailableError}. */
export function probeInotify(): { ok: true } | { ok: false; reason: string } {
  const errno = addon().inotifyProbe()
  // That the root directory may not be read says nothing about others.
  if (errno === 0 || errno === EACCES) return { ok: true }
  return { ok: false, reason: reasonOf(errno) ?? `inotify is refused: ${getSystemErrorName(-errno)}` }
}

/** What to do about a limit of inotify, in words; undefined when it is something else. */
export function reasonOf(errno: number): string | undefined {
  if (errno === ENOSPC)
    return `inotify has no watch left for this user (fs.inotify.max_user_watches is ${limit('max_user_watches')}): raise it by sysctl, or watch less`
  if (errno === EMFILE)
    return `too many inotify descriptors are open (fs.inotify.max_user_instances is ${limit('max_user_instances')}): raise it by sysctl`
  return errno === ENOENT ? 'inotify needs /proc' : undefined
}

function limit(name: string): string {
  try {
    return readFileSync(`/proc/sys/fs/inotify/${name}`, 'utf8').trim()
  } catch {
    return 'unknown'
  }
}

/** Marks, and tells of a limit in words that do not differ from path to path. */
export function withReason(mark: () => void): void {
  try {
    mark()
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).errno === ENOSPC ? reasonOf(ENOSPC) : undefined
    if (reason) (error as Error).message = reason
    throw error
  }
}
