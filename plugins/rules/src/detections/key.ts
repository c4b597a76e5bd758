import { shownFields, UNKNOWN } from '@cws/core'

/** What no event has a field for. */
export const keyWords: readonly string[] = ['tree', 'process', 'user', 'container']

/** Of the audit subsystem: nobody logged in. */
const UNSET = 4_294_967_295
const INIT = 1
const KERNEL_THREADS = 2

interface Readable {
  get(field: string): unknown
}

/** The values by which findings belong together, by their names; undefined if one of them is unknown. */
export function keyOf(event: Readable, by: readonly string[]): Readonly<Record<string, unknown>> | undefined {
  const key: Record<string, unknown> = {}
  for (const name of by) {
    const value = part(event, name)
    if (value === UNKNOWN || value === undefined || value === null) return undefined
    key[name] = value
  }
  return key
}

function part(event: Readable, name: string): unknown {
  switch (name) {
    case 'tree':
      return treeOf(event)
    case 'process':
      return event.get('process.pid')
    case 'container':
      return event.get('container.id')
    case 'user':
      return loginOf(event.get('process.auid')) ?? event.get('process.uid')
    default:
      return shownFields(event, [name])[name]
  }
}

const loginOf = (id: unknown): number | undefined => (typeof id === 'number' && id !== UNSET ? id : undefined)

/**
 * The tree that a process belongs to: the log-in, whose number the kernel hands to all that descends from it and nobody takes off; of what nobody
 * logged in for, the process that init, or whoever starts containers, began it with. A pid that is used again can join two trees, never part one.
 */
function treeOf(event: Readable): string | undefined {
  const session = loginOf(event.get('process.audit_session'))
  if (session !== undefined && session > 0) return `login ${session}`
  const pid = event.get('process.pid')
  if (typeof pid !== 'number') return undefined
  const pids = listOf(event.get('process.ancestors.pid'))
  const containers = listOf(event.get('process.ancestors.container.id'))
  const container = event.get('container.id')
  let root = pid
  for (const [i, above] of pids.entries()) {
    if (typeof above !== 'number' || above === INIT || above === KERNEL_THREADS) break
    const its = containers[i]
    if (typeof its === 'string' && typeof container === 'string' && its !== container) break
    root = above
  }
  return `pid ${root}`
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
