import { HEADER } from '../record/layout.ts'
import type { Memory } from '../record/memory.ts'
import { NODE, type Node, type Nodes } from './nodes.ts'

/** /proc counts starts in ticks of 10 ms. */
const TICK_NS = 10_000_000n

/** Notes when a process started and when its image began, as a record says. */
export function stamp(nodes: Nodes, node: Node, memory: Memory, at: number): void {
  nodes.startLow[node] = memory.u32[(at + HEADER.start) >>> 2] as number
  nodes.startHigh[node] = memory.u32[((at + HEADER.start) >>> 2) + 1] as number
  nodes.begin[node] = memory.u64[(at + HEADER.time) >>> 3] as bigint
}

/** Whether a process started at the time that stands at `startAt`: with its pid that is who it is. What is known in ticks alone is made exact. */
export function startedAt(nodes: Nodes, node: Node, memory: Memory, startAt: number): boolean {
  const { startLow, startHigh, flags } = nodes
  const low = memory.u32[startAt >>> 2] as number
  const high = memory.u32[(startAt >>> 2) + 1] as number
  if (startLow[node] === low && startHigh[node] === high) return true
  const start = (BigInt(high) << 32n) | BigInt(low)
  const known = (BigInt(startHigh[node] as number) << 32n) | BigInt(startLow[node] as number)
  // One of the two may come from /proc: a multiple of a tick is as good as any start within it.
  if (((flags[node] as number) & NODE.TICKS) === 0) return start % TICK_NS === 0n && known / TICK_NS === start / TICK_NS
  if (known / TICK_NS !== start / TICK_NS) return false
  if (start % TICK_NS !== 0n) {
    startLow[node] = low
    startHigh[node] = high
    flags[node] = (flags[node] as number) & ~NODE.TICKS
  }
  return true
}

/** Whether a process is not younger than another, as far as ticks can tell. */
export function isElder({ startHigh, startLow }: Nodes, node: Node, than: Node): boolean {
  const start = (of: Node) => (startHigh[of] as number) * 2 ** 32 + (startLow[of] as number)
  return start(node) <= start(than) + Number(TICK_NS)
}
