/**
 * What the process table costs, with records made in memory: no kernel, no root. A figure a line, as JSON: ns of CPU for one process' life (fork,
 * exec, exit), bytes that JavaScript allocated for it, and the same when rules read what they usually read.
 */
import { optionsSchema } from '../../plugins/process-exec/src/options.ts'
import { HEADER } from '../../plugins/process-exec/src/record/layout.ts'
import { RecordWriter } from '../../plugins/process-exec/src/record/writer.ts'
import { ProcessSensor } from '../../plugins/process-exec/src/sensor.ts'
import { threadCpu } from '../thread-cpu.ts'

const LIVES = 1000
const ROUNDS = 400
const WARM_UP = 20

const bytes = (...list: string[]) => Buffer.from(list.map((entry) => `${entry}\0`).join(''))
const environment = bytes(
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin',
  ...Array.from({ length: 25 }, (_, i) => `VARIABLE_${i}`),
)

function makeLives(argumentCount: number) {
  const writer = new RecordWriter(4 * 1024 * 1024)
  const start = (pid: number) => 1_000_000_000_001n + BigInt(pid) * 10_000n
  writer.exec({ pid: 1, start: start(1), time: start(1), file_path: Buffer.from('/sbin/init'), argv: bytes('init') })
  for (let i = 0; i < LIVES; i++) {
    const pid = 100 + i
    writer.fork({ pid, start: start(pid), time: start(pid), ppid: 1, parent_start: start(1) })
    writer.exec({
      pid,
      start: start(pid),
      time: start(pid),
      ppid: 1,
      parent_start: start(1),
      comm: Buffer.from('ls'),
      file_path: Buffer.from('/usr/bin/ls'),
      file_fstype: Buffer.from('ext4'),
      filename: Buffer.from('/usr/bin/ls'),
      cwd: Buffer.from('/srv/shop'),
      cgroup: Buffer.from('/system.slice/shop.service'),
      argv: bytes('ls', `-l${i}`, ...Array.from({ length: argumentCount }, (_, k) => `argument-${k}`)),
      envp: environment,
    })
    writer.exit({ pid, start: start(pid), time: start(pid) })
  }
  return writer
}

/** Every round is another set of processes: the starts move on. */
function nextRound(writer: RecordWriter): void {
  const { u32, u64 } = writer.memory
  for (let at = u32[0] as number; at < writer.end; at += u32[at >>> 2] as number) {
    u64[(at + HEADER.start) >>> 3] = (u64[(at + HEADER.start) >>> 3] as bigint) + 1_000_000_000n
    u64[(at + HEADER.time) >>> 3] = (u64[(at + HEADER.time) >>> 3] as bigint) + 1_000_000_000n
  }
}

function measure(name: string, argumentCount: number, fields: readonly string[]): void {
  const sensor = new ProcessSensor(optionsSchema.parse({}), () => 2_000_000_000_000n)
  sensor.table.loader = undefined
  const readers = fields.map((field) => sensor.readers.exec[field] as (cursor: number) => unknown)
  let sum = 0
  const nothing = { emit: () => {} }
  sensor.open('bench', {
    exec: {
      emit: (at) => {
        for (const read of readers) if (read(at) !== undefined) sum++
      },
    },
    fork: nothing,
    exit: nothing,
    lost: nothing,
    released: () => {},
  })
  const writer = makeLives(argumentCount)
  const first = writer.memory.u32[0] as number
  sensor.consume(writer.memory, 0, first)
  let cpu = 0
  const heap: number[] = []
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    nextRound(writer)
    const before = process.memoryUsage().heapUsed
    const started = threadCpu()
    sensor.consume(writer.memory, first, writer.end)
    sensor.table.sweep(performance.now() + 60_000)
    const used = threadCpu() - started
    const grown = process.memoryUsage().heapUsed - before
    if (round < WARM_UP) continue
    cpu += used
    if (grown > 0) heap.push(grown / LIVES)
  }
  sensor.close()
  // The lower quartile: other work on the machine only ever adds.
  const quartile = (values: number[]) => Math.round(values.toSorted((a, b) => a - b)[values.length >>> 2] ?? 0)
  console.log(
    JSON.stringify({
      name,
      cpuNsPerProcess: Math.round((cpu * 1000) / ROUNDS / LIVES),
      heapBytesPerProcess: quartile(heap),
      tableBytes: sensor.table.counts().bytes,
      read: sum > 0,
    }),
  )
}

const usual = ['exec.file.path', 'exec.file.name', 'exec.args', 'exec.argv', 'exec.uid', 'exec.envs', 'exec.tty_name', 'event.timestamp']
measure('process-table: fork + exec + exit', 0, [])
measure('process-table: and what rules read', 0, usual)
measure('process-table: with 100 arguments', 100, usual)
