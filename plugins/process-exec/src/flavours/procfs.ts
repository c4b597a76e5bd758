import { readlinkSync } from 'node:fs'
import type { Probe } from '@cws/core'
import { listPids } from '../procfs/scan.ts'
import { EXEC, EXEC_SIZE, FLAG, HEADER } from '../record/layout.ts'
import { RecordWriter } from '../record/writer.ts'
import type { ProcessSensor } from '../sensor.ts'
import type { Attachment } from './attachment.ts'
import { mayReadOthers } from './rights.ts'

const GAPS = [
  'processes that live shorter than the interval of polling',
  'an exec of the same file again, and what a process was between two looks',
  'the exact time of an event; how a process ended (exit.cause, exit.code)',
  'exec.interpreter: a script shows as its interpreter',
] as const
const RECORD_BYTES = 128 * 1024

export function probeProcfs(): Probe {
  try {
    const pids = listPids()
    if (!pids.includes(process.pid)) return { ok: false, reason: '/proc does not show this process: it belongs to another pid namespace' }
    const others = mayReadOthers()
      ? []
      : ['programs, environments and working folders of processes of other users or with more rights (needs CAP_SYS_PTRACE)']
    return { ok: true, gaps: [...GAPS, ...others] }
  } catch {
    return { ok: false, reason: '/proc cannot be read' }
  }
}

interface Known {
  readonly start: bigint
  readonly exe: string
}

/** Looks at /proc every `intervalMs`: what is new is an exec (a fork, if it runs just what its parent runs), what is gone an exit. */
export function attachProcfs(sensor: ProcessSensor, intervalMs: number): Attachment {
  const poll = new Poll(sensor)
  poll.look(true)
  const timer = setInterval(() => poll.look(false), intervalMs)
  return {
    wakeOn: () => {},
    close: () => {
      clearInterval(timer)
      poll.look(false)
    },
  }
}

class Poll {
  readonly #sensor: ProcessSensor
  readonly #known = new Map<number, Known>()
  readonly #writer = new RecordWriter(RECORD_BYTES)

  constructor(sensor: ProcessSensor) {
    this.#sensor = sensor
  }

  look(first: boolean): void {
    const present = new Set(listPids())
    for (const [pid, { start }] of this.#known) if (!present.has(pid)) this.#gone(pid, start)
    for (const pid of present) {
      const known = this.#known.get(pid)
      const start = this.#sensor.reader.startOf(pid)
      if (start === undefined) continue
      if (known && known.start !== start) this.#gone(pid, known.start)
      const exe = exeOf(pid)
      if (known?.start === start && known.exe === exe) continue
      if (first) {
        if (this.#sensor.load(pid)) this.#known.set(pid, { start, exe })
      } else if (this.#appeared(pid)) this.#known.set(pid, { start, exe })
    }
  }

  #appeared(pid: number): boolean {
    const { reader } = this.#sensor
    this.#writer.clear()
    const at = reader.read(pid, this.#writer)
    if (at < 0) return false
    const { memory } = this.#writer
    const parent = this.#sensor.table.find(memory.u32[(at + EXEC.ppid) >>> 2] as number)
    if (this.#sensor.table.find(pid) === 0 && parent !== 0 && this.#runsTheSame(at, parent)) {
      const start = memory.u64[(at + HEADER.start) >>> 3] as bigint
      const nodes = this.#sensor.table.nodes
      const parentStart = (BigInt(nodes.startHigh[parent] as number) << 32n) | BigInt(nodes.startLow[parent] as number)
      this.#writer.clear()
      this.#writer.fork({ pid, start, time: start, ppid: nodes.pid[parent] as number, parent_start: parentStart })
    }
    this.#sensor.consume(memory, 0, this.#writer.end)
    return true
  }

  #runsTheSame(at: number, parent: number): boolean {
    return this.#same(at, EXEC.file_path, parent) && this.#same(at, EXEC.argv, parent)
  }

  #same(at: number, offset: number, node: number): boolean {
    const { rows, strings, nodes } = this.#sensor.table
    const row = nodes.row[node] as number
    const id = row === 0 ? 0 : rows.textId(row, offset)
    const { u8, u32 } = this.#writer.memory
    const from = u32[(at + offset) >>> 2] as number
    const length = u32[((at + offset) >>> 2) + 1] as number
    if (id === 0 || from < EXEC_SIZE || strings.lengthOf(id) !== length) return false
    const start = strings.offsetOf(id)
    return Buffer.compare(u8.subarray(at + from, at + from + length), strings.bufferOf(id).subarray(start, start + length)) === 0
  }

  #gone(pid: number, start: bigint): void {
    this.#known.delete(pid)
    this.#writer.clear()
    this.#writer.exit({ pid, start, time: this.#sensor.clock.now(), flags: FLAG.PROCFS })
    this.#sensor.consume(this.#writer.memory, 0, this.#writer.end)
  }
}

function exeOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`, 'latin1')
  } catch {
    return ''
  }
}
