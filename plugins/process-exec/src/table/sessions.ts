import { EXEC } from '../record/layout.ts'
import type { Links } from './links.ts'
import { NODE, type Node, type Nodes } from './nodes.ts'
import type { Rows } from './rows.ts'

/** Init, and the process that all threads of the kernel descend from. */
const LAST_KERNEL_PID = 2

/**
 * Says which session and family a process belongs to: those of the image that it had, `before`, else of its parent. Who executes a program as
 * the leader of a session begins one; a child of init, or of nobody who is known, a family.
 */
export function trace(nodes: Nodes, rows: Rows, links: Links, node: Node, before: Node): void {
  const { session, family, maker, serial, pid, flags } = nodes
  const from = before !== 0 ? before : links.parentOf(node)
  if (before !== 0) maker[node] = maker[before] as number
  else maker[node] = from === 0 ? 0 : (serial[from] as number)
  const isFirst = from === 0 || (before === 0 && (pid[from] as number) <= LAST_KERNEL_PID)
  session[node] = isFirst ? (serial[node] as number) : (session[from] as number)
  family[node] = isFirst ? (serial[node] as number) : (family[from] as number)
  const isImage = (flags[node] as number) & (NODE.EXECED | NODE.SNAPSHOT) && nodes.row[node] !== 0
  if (isImage && rows.u32(nodes.row[node] as number, EXEC.sid) === pid[node]) session[node] = serial[node] as number
}
