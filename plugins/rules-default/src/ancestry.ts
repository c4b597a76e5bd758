import type { EventMethods } from '@cws/core'
import { isRoots } from './authors.ts'

type AnyEvent = Pick<EventMethods, 'get'>

/**
 * Whether one of these programs, a file of root, is known to stand above the process. For `when`, in place of `none` in `where`: an ancestor of
 * which nobody knows what it is (it was gone before it could be looked at) would leave such a condition undecided, and so silence the rule.
 */
export function isBelow(event: AnyEvent, programs: readonly string[]): boolean {
  const above = event.get('process.ancestors.file.path')
  if (!Array.isArray(above)) return false
  const [owners, users] = ['process.ancestors.file.uid', 'process.ancestors.ns.user'].map((field) => event.get(field))
  const at = (list: unknown, i: number) => (Array.isArray(list) ? list[i] : undefined)
  return above.some((path, i) => programs.includes(path) && isRoots(at(owners, i), at(users, i)))
}

/** Whether the process was started by one of these programs, a file of root. */
export function isStartedBy(event: AnyEvent, programs: readonly string[]): boolean {
  const path = event.get('process.parent.file.path')
  return (
    typeof path === 'string' &&
    programs.includes(path) &&
    isRoots(event.get('process.parent.file.uid'), event.get('process.parent.ns.user'))
  )
}
