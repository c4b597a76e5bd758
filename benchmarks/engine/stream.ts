import { type BatchFeed, definePlugin, type PluginContext, type Reader } from '@cws/core'
import { connect } from '../../plugins/process-exec/src/connect.ts'
import { optionsSchema } from '../../plugins/process-exec/src/options.ts'
import { EXEC, FORK, HEADER, TYPE } from '../../plugins/process-exec/src/record/layout.ts'
import { type Memory, memoryOf } from '../../plugins/process-exec/src/record/memory.ts'
import { RecordWriter } from '../../plugins/process-exec/src/record/writer.ts'
import { ProcessSensor } from '../../plugins/process-exec/src/sensor.ts'
import { Random } from './random.ts'

/** Executions between two opens or changes of files, and opens between two changes: the mix of a host on which files are watched. */
const EXECS_A_FILE = 3
const OPENS_A_CHANGE = 3
const AN_HOUR = 3_600_000_000_000n

/** Files that are opened and changed: few again and again, the others seldom. */
const FILES = ['/etc', '/usr/lib', '/var/lib/app', '/root', '/srv/shop', '/tmp/build', '/home/ann/.config'].flatMap((folder) =>
  Array.from({ length: 1200 }, (_, i) => `${folder}/${i % 7 ? 'd'.repeat(i % 5) + i : `sub/${i}`}.conf`),
)

interface FileEvent {
  /** The record that it follows. */
  readonly after: number
  readonly path: string
  readonly pid: number
  readonly kind: string
}

/** How a recorded batch is played. */
export interface Playing {
  /** With opens and changes of files. */
  readonly files?: boolean
  /** As if nothing was started the same way twice: the ends of the arguments, or where they are short of the environment, are others each time. */
  readonly fresh?: boolean
}

/** Bytes of a list that are made up each time. */
const MADE_UP = 6

/** A recorded batch that is played again and again as events of other processes. */
export class Stream {
  readonly execs: number
  readonly events: number
  readonly #sensor: ProcessSensor
  readonly #memory: Memory
  readonly #length: number
  /** Where in the memory times stand that move on. */
  readonly #times: readonly number[]
  readonly #files: readonly FileEvent[]
  /** Where lists end that are made up each time. */
  readonly #ends: readonly number[]
  #made = 0
  #open: BatchFeed | undefined
  #change: BatchFeed | undefined

  constructor(batch: Buffer, { files = false, fresh = false }: Playing) {
    this.#sensor = new ProcessSensor(optionsSchema.parse({}), () => 2_000_000_000_000n)
    this.#sensor.table.loader = undefined
    this.#memory = memoryOf(batch)
    this.#length = batch.length
    let execs = 0
    let records = 0
    const random = new Random(1)
    const events: FileEvent[] = []
    this.#each((at, type) => {
      records++
      if (type === TYPE.EXEC) execs++
      // By programs, which are known by then.
      if (!files || type !== TYPE.EXEC || execs % EXECS_A_FILE !== 0) return
      const { u32 } = this.#memory
      const isChange = events.length % (OPENS_A_CHANGE + 1) === OPENS_A_CHANGE
      const pid = u32[(at + HEADER.pid) >>> 2] as number
      events.push({ path: random.zipf(FILES), pid, kind: isChange ? random.pick(['modified', 'created', 'deleted']) : '', after: at })
    })
    this.execs = execs
    this.#times = this.#findTimes()
    this.#plantParents()
    this.#files = events
    this.#ends = fresh ? this.#findEnds() : []
    this.events = records + events.length
  }

  /** The plugin that feeds it into a pipeline. */
  readonly source = definePlugin(import.meta, {
    name: 'recorded',
    setup: (ctx) => {
      this.#sensor.open('bench', connect(ctx as never, this.#sensor))
      this.#connectFiles(ctx as never)
    },
  })

  /** Plays it once. Before each time `moveOn` is called. */
  play(): void {
    let from = 0
    for (let i = 0; i < this.#files.length; i++) {
      const { after, kind } = this.#files[i] as FileEvent
      const end = after + (this.#memory.u32[after >>> 2] as number)
      this.#sensor.consume(this.#memory, from, end)
      ;((kind ? this.#change : this.#open) as BatchFeed).emit(i)
      from = end
    }
    this.#sensor.consume(this.#memory, from, this.#length)
  }

  /** From now on it is about another set of processes: the times move on. */
  moveOn(): void {
    const { u64 } = this.#memory
    for (const at of this.#times) u64[at] = (u64[at] as bigint) + AN_HOUR
    for (const end of this.#ends) this.#makeUp(end)
    this.#sensor.table.sweep(performance.now() + 60_000)
  }

  close(): void {
    this.#sensor.close()
  }

  /** Those of the records, and of parents that are in the batch themselves. */
  #findTimes(): number[] {
    const { u64 } = this.#memory
    const starts = new Set<bigint>()
    this.#each((at, type) => type === TYPE.FORK && starts.add(u64[(at + HEADER.start) >>> 3] as bigint))
    const times: number[] = []
    this.#each((at, type) => {
      if (type !== TYPE.EXEC && type !== TYPE.FORK && type !== TYPE.EXIT) return
      times.push((at + HEADER.time) >>> 3)
      const parent = type === TYPE.EXEC ? EXEC.parent_start : type === TYPE.FORK ? FORK.parent_start : undefined
      for (const offset of [HEADER.start, ...(parent === undefined ? [] : [parent])])
        if (starts.has(u64[(at + offset) >>> 3] as bigint)) times.push((at + offset) >>> 3)
    })
    return times
  }

  /** Of each exec one: of its arguments, but for the name, or its environment, whichever ends with a text that is long enough. */
  #findEnds(): number[] {
    const { u32, u8 } = this.#memory
    const ends: number[] = []
    this.#each((at, type) => {
      if (type !== TYPE.EXEC) return
      for (const list of [EXEC.argv, EXEC.envp]) {
        const start = at + (u32[(at + list) >>> 2] as number)
        const end = start + (u32[((at + list) >>> 2) + 1] as number) - 1
        if (end - MADE_UP <= u8.indexOf(0, start) || u8.subarray(end - MADE_UP, end).includes(0)) continue
        ends.push(end)
        break
      }
    })
    return ends
  }

  #makeUp(end: number): void {
    const text = (++this.#made).toString(36).padStart(MADE_UP, '0')
    for (let i = 0; i < MADE_UP; i++) this.#memory.u8[end - MADE_UP + i] = text.charCodeAt(i)
  }

  /** Whoever started it all, and what else ran meanwhile, was there before: known to the root of the tree, as on a host. */
  #plantParents(): void {
    const { u32, u64 } = this.#memory
    const parents = new Map<bigint, number>()
    const made = new Set<bigint>()
    this.#each((at, type) => {
      if (type !== TYPE.FORK) return
      const start = u64[(at + FORK.parent_start) >>> 3] as bigint
      if (!made.has(start)) parents.set(start, u32[(at + FORK.ppid) >>> 2] as number)
      made.add(u64[(at + HEADER.start) >>> 3] as bigint)
    })
    for (const [start, pid] of parents) this.#plant(pid, start)
  }

  #plant(pid: number, start: bigint): void {
    const writer = new RecordWriter(4096)
    const text = (value: string) => Buffer.from(value)
    writer.exec({
      pid,
      start,
      time: start,
      comm: text('systemd'),
      file_path: text('/usr/lib/systemd/systemd'),
      file_fstype: text('ext4'),
      filename: text('/sbin/init'),
      cwd: text('/'),
      cgroup: text('/init.scope'),
      argv: text('/sbin/init\0'),
      envp: text('PATH\0'),
    })
    this.#sensor.consume(writer.memory, 0, writer.end)
  }

  #each(see: (at: number, type: number) => void): void {
    const { u32 } = this.#memory
    for (let at = 0; at < this.#length; at += u32[at >>> 2] as number) see(at, (u32[(at + HEADER.type) >>> 2] as number) & 0xffff)
  }

  #connectFiles(ctx: PluginContext): void {
    const of = (i: number) => this.#files[i] as FileEvent
    const common: Record<string, Reader> = {
      'event.timestamp': (i) => this.#sensor.clock.toWall(this.#memory.u64[(of(i).after + HEADER.time) >>> 3] as bigint),
      'event.origin': () => 'bench',
      'process.pid': (i) => of(i).pid,
    }
    const file = (block: string): Record<string, Reader> => ({
      [`${block}.path`]: (i) => of(i).path,
      [`${block}.name`]: (i) => of(i).path.slice(of(i).path.lastIndexOf('/') + 1),
      [`${block}.mode`]: () => 0o100644,
      [`${block}.uid`]: () => 0,
      [`${block}.size`]: () => 100n,
    })
    this.#open = ctx.feed('open', { ...common, ...file('open.file') }) as BatchFeed
    this.#change = ctx.feed('change', {
      ...common,
      ...file('change.file'),
      'change.path': (i) => of(i).path,
      'change.kind': (i) => of(i).kind,
    }) as BatchFeed
  }
}
