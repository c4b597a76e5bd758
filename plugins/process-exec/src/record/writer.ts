import { EXEC_BYTES } from '@cws/native'
import { COMM_BYTES, EXEC, EXEC_SIZE, EXIT, EXIT_SIZE, FORK, FORK_SIZE, HEADER, TYPE } from './layout.ts'
import { type Memory, memoryOf } from './memory.ts'

/** The numbers of a cws_exec by their names in EXEC; what is absent is 0. */
type ExecNumbers = { -readonly [N in Exclude<keyof typeof EXEC, ExecText>]?: number | bigint }
type ExecText = 'file_path' | 'file_fstype' | 'comm' | 'filename' | 'cwd' | 'cgroup' | 'argv' | 'envp'

export interface ExecRecord extends ExecNumbers {
  pid: number
  tid?: number
  /** ns since boot. */
  start: bigint
  time: bigint
  flags?: number
  comm?: Uint8Array
  file_path?: Uint8Array
  file_fstype?: Uint8Array
  filename?: Uint8Array
  cwd?: Uint8Array
  cgroup?: Uint8Array
  /** NUL after each. */
  argv?: Uint8Array
  envp?: Uint8Array
}

const TEXTS = ['file_path', 'file_fstype', 'filename', 'cwd', 'cgroup', 'argv', 'envp'] as const
const NUMBERS = (Object.keys(EXEC) as (keyof typeof EXEC)[]).filter(
  (name) => name !== 'comm' && !(TEXTS as readonly string[]).includes(name),
)

/** Writes records as the kernel side would: for what is read from /proc. */
export class RecordWriter {
  readonly memory: Memory
  #end = 0

  constructor(bytes: number) {
    this.memory = memoryOf(new Uint8Array(bytes))
  }

  /** Where the next record goes. */
  get end(): number {
    return this.#end
  }

  clear(): void {
    this.#end = 0
  }

  /** @returns offset of the record. @throws RangeError if it does not fit. */
  exec(record: ExecRecord): number {
    const at = this.#begin(TYPE.EXEC, EXEC_SIZE, record)
    for (const name of NUMBERS) {
      const value = record[name as keyof ExecNumbers]
      if (value === undefined) continue
      if (EXEC_BYTES[name] === 8) this.memory.u64[(at + EXEC[name]) >>> 3] = BigInt(value)
      else this.memory.u32[(at + EXEC[name]) >>> 2] = Number(value)
    }
    if (record.comm) this.memory.u8.set(record.comm.subarray(0, COMM_BYTES - 1), at + EXEC.comm)
    let used = EXEC_SIZE
    for (const name of TEXTS) {
      const text = record[name]
      if (!text) continue
      used = (used + 7) & ~7
      this.#room(at + used + text.length)
      this.memory.u8.set(text, at + used)
      this.memory.u32[(at + EXEC[name]) >>> 2] = used
      this.memory.u32[((at + EXEC[name]) >>> 2) + 1] = text.length
      used += text.length
    }
    return this.#finish(at, used)
  }

  fork(record: {
    pid: number
    start: bigint
    time: bigint
    ppid: number
    parent_start: bigint
    real_ppid?: number
    ns_pid?: number
  }): number {
    const at = this.#begin(TYPE.FORK, FORK_SIZE, record)
    this.memory.u64[(at + FORK.parent_start) >>> 3] = record.parent_start
    this.memory.u32[(at + FORK.ppid) >>> 2] = record.ppid
    this.memory.u32[(at + FORK.real_ppid) >>> 2] = record.real_ppid ?? record.ppid
    this.memory.u32[(at + FORK.ns_pid) >>> 2] = record.ns_pid ?? record.pid
    return this.#finish(at, FORK_SIZE)
  }

  exit(record: { pid: number; start: bigint; time: bigint; flags?: number; code?: number }): number {
    const at = this.#begin(TYPE.EXIT, EXIT_SIZE, record)
    this.memory.u32[(at + EXIT.code) >>> 2] = record.code ?? 0
    return this.#finish(at, EXIT_SIZE)
  }

  #begin(type: number, size: number, record: { pid: number; tid?: number; start: bigint; time: bigint; flags?: number }): number {
    const at = this.#end
    const { u8, u16, u32, u64 } = this.memory
    this.#room(at + size)
    u8.fill(0, at, at + size)
    u16[(at + HEADER.type) >>> 1] = type
    u16[(at + HEADER.flags) >>> 1] = record.flags ?? 0
    u64[(at + HEADER.time) >>> 3] = record.time
    u32[(at + HEADER.pid) >>> 2] = record.pid
    u32[(at + HEADER.tid) >>> 2] = record.tid ?? record.pid
    u64[(at + HEADER.start) >>> 3] = record.start
    return at
  }

  #room(end: number): void {
    if (((end + 7) & ~7) > this.memory.u64.length * 8) throw new RangeError('the record does not fit')
  }

  #finish(at: number, used: number): number {
    const size = (used + 7) & ~7
    this.memory.u32[(at + HEADER.size) >>> 2] = size
    this.#end = at + size
    return at
  }
}
