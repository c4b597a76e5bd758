import { readlinkSync } from 'node:fs'
import { expect } from 'vitest'

/**
 * Sensors tell pids of the initial pid namespace and paths from the real root of the mount namespace. A test that runs in a pid namespace or a
 * chroot of its own (a build container) sees others.
 */

/** Whether the pids that this process sees are those that sensors tell. The initial pid namespace has a fixed inode: PROC_PID_INIT_INO. */
export const seesHostPids = readlinkSync('/proc/self/ns/pid') === 'pid:[4026531836]'

/** Matches a path as sensors tell it: itself, or below the root of this process' chroot. */
export function hostPath(path: string): unknown {
  return expect.stringMatching(new RegExp(`${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`))
}
