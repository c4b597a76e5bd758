import { type ExecRecord, RecordWriter } from '../src/record/writer.ts'

/** Makes records in memory as the kernel side does, with few words. Times are ns since boot and rise by themselves. */
export class Records {
  readonly writer: RecordWriter
  #time = 1_000_000_000_000n

  constructor(bytes = 4 * 1024 * 1024) {
    this.writer = new RecordWriter(bytes)
  }

  get memory() {
    return this.writer.memory
  }

  tick(): bigint {
    this.#time += 1_000_003n
    return this.#time
  }

  exec(pid: number, path: string, more: ExecParts = {}): number {
    const { argv = [path], envp = [], cwd = '/', cgroup = '/', filename = path, start = startOf(pid), ...numbers } = more
    return this.writer.exec({
      pid,
      start,
      time: this.tick(),
      comm: Buffer.from(path.slice(path.lastIndexOf('/') + 1)),
      file_path: Buffer.from(path),
      file_fstype: Buffer.from('ext4'),
      file_mode: 0o100755,
      file_inode: 4711n,
      filename: Buffer.from(filename),
      cwd: Buffer.from(cwd),
      cgroup: Buffer.from(cgroup),
      argv: list(argv),
      envp: list(envp),
      ns_pid: pid,
      ...numbers,
    })
  }

  fork(pid: number, ppid: number, more: { start?: bigint; parent_start?: bigint; real_ppid?: number } = {}): number {
    return this.writer.fork({
      pid,
      ppid,
      start: more.start ?? startOf(pid),
      time: this.tick(),
      parent_start: more.parent_start ?? startOf(ppid),
      real_ppid: more.real_ppid ?? ppid,
    })
  }

  exit(pid: number, more: { start?: bigint; code?: number } = {}): number {
    return this.writer.exit({ pid, start: more.start ?? startOf(pid), time: this.tick(), code: more.code ?? 0 })
  }
}

type ExecParts = Omit<Partial<ExecRecord>, 'argv' | 'envp' | 'cwd' | 'cgroup' | 'filename'> & {
  argv?: readonly (string | Buffer)[]
  envp?: readonly string[]
  cwd?: string
  cgroup?: string
  filename?: string
}

/** Each pid starts at a time of its own, unless the test says otherwise. */
export function startOf(pid: number): bigint {
  return 500_000_000_001n + BigInt(pid) * 20_000_000n
}

export function list(entries: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(entries.flatMap((entry) => [Buffer.from(entry as string), Buffer.of(0)]))
}
