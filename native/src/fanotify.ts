import { getSystemErrorName } from 'node:util'
import { addon } from './addon.ts'

/** Bits of a CHANGE record's mask: FAN_* of linux/fanotify.h. */
export const FAN = {
  MODIFY: 0x2,
  ATTRIB: 0x4,
  MOVED_FROM: 0x40,
  MOVED_TO: 0x80,
  CREATE: 0x100,
  DELETE: 0x200,
  OPEN: 0x20,
  RENAME: 0x1000_0000,
  ONDIR: 0x4000_0000,
} as const

export interface FanotifySupport {
  ok: boolean
  /** Why not; empty when it is. */
  reason: string
  /** Events name the process (CAP_SYS_ADMIN); without it only directories that may be read can be marked, and the process is 0. */
  authors: boolean
  /** An event names the file itself, and of a rename both names (Linux 5.17). */
  target: boolean
}

const REASONS: Readonly<Record<string, string>> = {
  EPERM: 'fanotify needs CAP_SYS_ADMIN (root) before Linux 5.13',
  EINVAL: 'this kernel’s fanotify gives no directory and name (Linux 5.9 does)',
  ENOSYS: 'this kernel has no fanotify',
  EMFILE: 'too many fanotify groups are open (fs.fanotify.max_user_groups)',
}

/** Whether this process may watch directories by fanotify. Throws {@link NativeUnavailableError}. */
export function probeFanotify(): FanotifySupport {
  const { errno, authors, target } = addon().fanotifyProbe()
  if (errno === 0) return { ok: true, reason: '', authors, target }
  const name = getSystemErrorName(-errno)
  return { ok: false, reason: REASONS[name] ?? `fanotify is refused: ${name}`, authors: false, target: false }
}
