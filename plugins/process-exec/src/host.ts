import { statSync } from 'node:fs'

/**
 * Inode number of the mount namespace that the host's first process is in; where that may not be looked at, of this process: if it is another
 * one nobody is believed, which is the safe side.
 */
export function hostMounts(): number | undefined {
  return inodeOf('/proc/1/ns/mnt') ?? inodeOf('/proc/self/ns/mnt')
}

/** Where the host's files are: an agent in a container sees them through the first process. */
export function hostRoot(): string {
  return inodeOf('/proc/1/root/') === undefined ? '' : '/proc/1/root'
}

/** One of the host's files. */
export const hostFile = (path: string): string => `${hostRoot()}${path}`

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.ino
  } catch {
    return undefined
  }
}
