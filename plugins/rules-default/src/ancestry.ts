import type { EventMethods } from '@cws/core'
import { isRoots } from './authors.ts'

type AnyEvent = Pick<EventMethods, 'get'>

/** Full paths, or how they look. */
type Programs = readonly string[] | RegExp

function isOne(path: unknown, programs: Programs): boolean {
  return typeof path === 'string' && (programs instanceof RegExp ? programs.test(path) : programs.includes(path))
}

/**
 * Whether one of these programs, a file of root, is known to stand above the process. For `when`, in place of `none` in `where`: an ancestor of
 * which nobody knows what it is (it was gone before it could be looked at) would leave such a condition undecided, and so silence the rule.
 */
export function isBelow(event: AnyEvent, programs: Programs): boolean {
  const above = event.get('process.ancestors.file.path')
  if (!Array.isArray(above)) return false
  const [owners, users] = ['process.ancestors.file.uid', 'process.ancestors.ns.user'].map((field) => event.get(field))
  const at = (list: unknown, i: number) => (Array.isArray(list) ? list[i] : undefined)
  return above.some((path, i) => isOne(path, programs) && isRoots(at(owners, i), at(users, i)))
}

/** Whether the process was started by one of these programs, a file of root. */
export function isStartedBy(event: AnyEvent, programs: Programs): boolean {
  return (
    isOne(event.get('process.parent.file.path'), programs) &&
    isRoots(event.get('process.parent.file.uid'), event.get('process.parent.ns.user'))
  )
}

/**
 * Whether the process has its user from one of these programs, a file of root: of what stands above it, the first with another user is one of them.
 */
export function isSwitchedBy(event: AnyEvent, programs: readonly string[]): boolean {
  const [above, users, owners, namespaces] = ['file.path', 'uid', 'file.uid', 'ns.user'].map((field) =>
    event.get(`process.ancestors.${field}`),
  )
  const user = event.get('process.uid')
  if (!Array.isArray(above) || !Array.isArray(users) || typeof user !== 'number') return false
  const i = users.findIndex((other) => other !== user)
  const at = (list: unknown) => (Array.isArray(list) ? list[i] : undefined)
  return i >= 0 && typeof users[i] === 'number' && programs.includes(above[i]) && isRoots(at(owners), at(namespaces))
}
