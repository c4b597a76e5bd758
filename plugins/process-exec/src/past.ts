import type { TrackedPast } from '@cws/core'
import { EXEC, EXEC_SIZE, EXIT, HEADER } from './record/layout.ts'
import type { Memory } from './record/memory.ts'
import type { ProcessSensor } from './sensor.ts'
import { NODE, type Node } from './table/nodes.ts'

type Draft = Parameters<TrackedPast['who']>[1]

const NS_PER_MS = 1e6
const HIGH = 2 ** 32
/** Of a path as much is noted as fits. */
const MAX_PATH = 256

/** What the flight recorder notes of a process and its records: numbers and bytes as they lie in the table and the batch. */
export function pastOf(sensor: ProcessSensor): TrackedPast {
  const { table, images, clock } = sensor
  const { nodes, strings } = table
  const { live } = images

  const who = (node: Node, draft: Draft): void => {
    draft.process = nodes.serial[node] as number
    draft.parent = nodes.maker[node] as number
    draft.session = nodes.session[node] as number
    draft.family = nodes.family[node] as number
    draft.pid = nodes.pid[node] as number
  }
  const copied = Buffer.from(new ArrayBuffer(MAX_PATH))
  const path = { u8: copied, u32: new Uint32Array(copied.buffer) }
  const image = (node: Node, draft: Draft): void => {
    const id = images.textId(node, EXEC.file_path)
    if (id === 0) return
    draft.path = path
    draft.pathStart = 0
    const start = strings.offsetOf(id)
    draft.pathLength = Buffer.prototype.copy.call(strings.bufferOf(id), copied, 0, start, start + strings.lengthOf(id))
  }
  const exec = (node: Node, memory: Memory, at: number, draft: Draft): void => {
    draft.number = nodes.ppid[node] as number
    draft.path = draft.args = memory
    draft.pathLength = lengthIn(memory, at, EXEC.file_path)
    draft.pathStart = at + (memory.u32[(at + EXEC.file_path) >>> 2] as number)
    draft.argsLength = lengthIn(memory, at, EXEC.argv)
    draft.argsStart = at + (memory.u32[(at + EXEC.argv) >>> 2] as number)
  }

  return {
    numbers: table,
    who: (node, draft) => {
      who(node, draft)
      image(node, draft)
    },
    own: (type, draft) => {
      const { node, memory, at } = live
      if (node === 0 || memory === undefined) return false
      // One that was there when the agent started did not begin just then.
      if (type === 'exec' && ((nodes.flags[node] as number) & NODE.SNAPSHOT) !== 0) return false
      who(node, draft)
      const time = (at + HEADER.time) >>> 2
      draft.ms = ((memory.u32[time] as number) + (memory.u32[time + 1] as number) * HIGH) / NS_PER_MS + clock.offsetMs
      if (type === 'exec') exec(node, memory, at, draft)
      else if (type === 'fork') draft.number = nodes.ppid[node] as number
      // As wait(2) has it: the status above, the signal below.
      else draft.number = memory.u32[(at + EXIT.code) >>> 2] as number
      return true
    },
  }
}

/** Bytes of a variable part of an exec record; 0 if it would lie outside of it. */
function lengthIn({ u32 }: Memory, at: number, offset: number): number {
  const start = u32[(at + offset) >>> 2] as number
  const length = u32[((at + offset) >>> 2) + 1] as number
  return start >= EXEC_SIZE && start + length <= (u32[at >>> 2] as number) ? length : 0
}
