import type { EventMethods } from '@cws/core'

/**
 * Whether one of these programs is known to stand above the process. For `when`, in place of `none` in `where`: an ancestor of which nobody
 * knows what it is (it was gone before it could be looked at) would leave such a condition undecided, and so silence the rule.
 */
export function isBelow(event: Pick<EventMethods, 'get'>, programs: readonly string[]): boolean {
  const above = event.get('process.ancestors.file.path')
  return Array.isArray(above) && above.some((path) => programs.includes(path))
}
