import type { EventMethods } from '@cws/core'

/**
 * Who did it and what came of it, for `when`, in place of `none` in `where`: what nobody knows would leave such a condition undecided, and so
 * silence the rule. Here it silences nothing.
 */
type AnyEvent = Pick<EventMethods, 'get'>

/** Who did it, for the message of a rule: the command, its user and its parent; where nobody knows, why. */
export const AUTHOR = '{{author}}'

/** The same with what is said of a program that is known: `authorWhich('is no shell')`. */
export const authorWhich = (clause: string): string => `{{author which ${clause}}}`

/** What ran and by whom, for the message of a rule about programs. */
export const RAN = AUTHOR

/** PROC_USER_INIT_INO of include/linux/proc_ns.h: the user namespace of the host. */
const INITIAL_USERS = 4026531837

/**
 * Done by one of these programs, and by a file of root, not in a user namespace of somebody's own: there anybody can mount any file at any path,
 * `cat` at that of `ssh` too.
 */
export function isBy(event: AnyEvent, programs: readonly string[]): boolean {
  const path = event.get('process.file.path')
  return typeof path === 'string' && programs.includes(path) && isRoots(event.get('process.file.uid'), event.get('process.ns.user'))
}

/** Nothing speaks against a file being root's own: neither its owner nor the user namespace of who runs it. */
export function isRoots(owner: unknown, users: unknown): boolean {
  return (typeof owner !== 'number' || owner === 0) && (typeof users !== 'number' || users === INITIAL_USERS)
}

const INSTALLED = /^\/(?:usr|opt|snap|bin|sbin|lib\w*|nix\/store)\//

/** A file of root, where only root can write. That such a file has no name any more means that it was upgraded. */
export function isInstalled(path: unknown, owner: unknown, users: unknown): boolean {
  return typeof path === 'string' && INSTALLED.test(path) && isRoots(owner, users)
}

/** Where npm puts programs. */
const NPM_PROGRAMS = /^\/usr\/(?:local\/)?bin\/[^/]+$/

/** Known to be the work of a package manager. What npm writes elsewhere is not: `npm config set` writes a text of anybody's choice to any file. */
export function isPackaged(event: AnyEvent): boolean {
  const manager = event.get('process.package_manager')
  if (manager === 'npm') return NPM_PROGRAMS.test(String(event.get('change.path')))
  return typeof manager === 'string' && manager !== ''
}

/** Something that could do harm is at its place now: a file that was just made and has no content yet says nothing, nor does a folder. */
export function isFilled(event: AnyEvent): boolean {
  return event.get('change.kind') !== 'created' || (event.get('change.file.size') !== 0n && event.get('change.is_directory') !== true)
}

/** The same for rules that leave to package managers what is theirs, and to these programs. */
export function isForeign(event: AnyEvent, programs: readonly string[] = []): boolean {
  return isFilled(event) && !isBy(event, programs) && !isPackaged(event)
}
