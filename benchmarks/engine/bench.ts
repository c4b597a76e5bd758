/**
 * Events a second through decode, process tree and the default rules on one core, from a batch recorded from the kernel; and what an event
 * allocates. CPU time of the engine's thread counts, not the clock.
 */
import { definePlugin } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import { rules } from '@cws/plugin-rules'
import defaults from '@cws/rules-default'
import { connect } from '../../plugins/process-exec/src/connect.ts'
import { optionsSchema } from '../../plugins/process-exec/src/options.ts'
import { HEADER, TYPE } from '../../plugins/process-exec/src/record/layout.ts'
import { type Memory, memoryOf } from '../../plugins/process-exec/src/record/memory.ts'
import { ProcessSensor } from '../../plugins/process-exec/src/sensor.ts'
import { figure, percentile } from '../statistics.ts'
import { recordStorm } from './record.ts'

const rounds = Number(process.env['CWS_BENCH_ROUNDS'] ?? 60)
const batch = await recordStorm(3000)
const memory = memoryOf(batch)

/** Every round is another set of processes: the times move on. */
function moveOn({ u32, u64 }: Memory, length: number, by: bigint): { execs: number; records: number } {
  let execs = 0
  let records = 0
  for (let at = 0; at < length; at += u32[at >>> 2] as number) {
    records++
    if (((u32[(at + HEADER.type) >>> 2] as number) & 0xffff) === TYPE.EXEC) execs++
    for (const offset of [HEADER.start, HEADER.time]) u64[(at + offset) >>> 3] = (u64[(at + offset) >>> 3] as bigint) + by
  }
  return { execs, records }
}

async function measure(name: string, packs: readonly (typeof defaults)[]): Promise<void> {
  const sensor = new ProcessSensor(optionsSchema.parse({}), () => 2_000_000_000_000n)
  sensor.table.loader = undefined
  const source = definePlugin(import.meta, {
    name: 'recorded',
    setup(ctx) {
      sensor.open('bench', connect(ctx, sensor))
    },
  })
  await using _pipeline = await TestPipeline.of([source(), rules({ packs: [...packs] })])
  const cpu: number[] = []
  const heap: number[] = []
  let counts = { execs: 0, records: 0 }
  for (let round = 0; round < rounds; round++) {
    counts = moveOn(memory, batch.length, 3_600_000_000_000n)
    const heapBefore = process.memoryUsage().heapUsed
    const before = process.threadCpuUsage()
    sensor.consume(memory, 0, batch.length)
    const used = process.threadCpuUsage(before)
    const grown = process.memoryUsage().heapUsed - heapBefore
    cpu.push(used.user + used.system)
    if (grown > 0) heap.push(grown / counts.records)
    sensor.table.sweep(performance.now() + 60_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const warm = cpu.slice(rounds >>> 1)
  figure(`${name}: events a second on one core`, (counts.records * 1e6) / percentile(warm, 0.5), 'events/s')
  figure(`${name}: CPU an exec with its fork and exit`, percentile(warm, 0.5) / counts.execs, 'µs')
  figure(`${name}: CPU an exec, first round (cold)`, (cpu[0] as number) / counts.execs, 'µs')
  figure(`${name}: allocated an event`, percentile(heap, 0.25), 'bytes')
  sensor.close()
}

await measure('engine without rules', [])
await measure(`engine with ${defaults.rules.length} rules`, [defaults])
