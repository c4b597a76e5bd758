/**
 * What rules cost on one core: events a second through decode, process tree and rules, from batches recorded from the kernel. CPU time of the
 * engine's thread counts, not the clock. Variants take turns within one run, so that what else the machine does touches all alike.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { AnyInstance, RulePack } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import { rules } from '@cws/plugin-rules'
import defaults from '@cws/rules-default'
import { FlightRecorder } from '../../core/src/recorder/flight-recorder.ts'
import { figure, percentile } from '../statistics.ts'
import { generatedRules } from './generated-rules.ts'
import { naive } from './naive.ts'
import { recordStorm, recordWork } from './record.ts'
import { type Playing, Stream } from './stream.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const rounds = Number(process.env['CWS_BENCH_ROUNDS'] ?? 40)

/** One composition that the stream is played to, and what it took. */
interface Variant {
  readonly name: string
  readonly stream: Stream
  readonly pipeline: TestPipeline
  readonly setupMs: number
  readonly memory: number
  readonly cpu: number[]
  readonly allocated: number[]
}

async function variant(
  name: string,
  batch: Buffer,
  playing: Playing,
  detector: () => AnyInstance,
  recorder?: FlightRecorder,
): Promise<Variant> {
  const stream = new Stream(Buffer.from(batch), playing)
  const before = memory()
  const start = performance.now()
  const pipeline = await TestPipeline.of([stream.source(), detector()])
  const setupMs = performance.now() - start
  pipeline.runtime.engine.recorder = recorder
  const made = { name, stream, pipeline, setupMs, cpu: [], allocated: [] }
  // Some of it is made when events come.
  await play([made], 3)
  return { ...made, memory: memory() - before }
}

function memory(): number {
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

async function play(variants: readonly Omit<Variant, 'memory'>[], times = rounds): Promise<void> {
  for (let round = 0; round < times; round++)
    for (const { stream, cpu, allocated, pipeline } of variants) {
      stream.moveOn()
      const heap = process.memoryUsage().heapUsed
      const before = process.threadCpuUsage()
      stream.play()
      const used = process.threadCpuUsage(before)
      const grown = process.memoryUsage().heapUsed - heap
      cpu.push(used.user + used.system)
      if (grown > 0) allocated.push(grown / stream.events)
      pipeline.findings.length = pipeline.signals.length = 0
      await new Promise((resolve) => setImmediate(resolve))
    }
}

/** Half of the rounds warm up. The mean of the others: some kernels count CPU time by the tick, so that the time of one round is a multiple of 4 ms. */
const warm = ({ cpu }: Variant) => mean(cpu.slice(cpu.length >>> 1))
const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length
const matches = ({ pipeline, cpu, stream }: Variant) => pipeline.runtime.engine.counters.findings / cpu.length / stream.events

async function end(variants: readonly Variant[]): Promise<void> {
  for (const { pipeline, stream } of variants) {
    await pipeline.stop()
    stream.close()
  }
}

const speed = (one: Variant, target?: string) =>
  figure(`${one.name}: events a second on one core`, (one.stream.events * 1e6) / warm(one), 'events/s', target)

/** The same small program again and again, and the work of a host, with opens and changes of files. */
const storm = await recordStorm(3000)
const work = await recordWork(8)
const withRules = (pack: RulePack) => () => rules({ packs: [pack] })
const withDefaults = `engine with ${defaults.rules.length} rules`

async function defaultsOn(name: string, batch: Buffer, playing: Playing): Promise<void> {
  const variants = [
    await variant(`engine without rules, ${name}`, batch, playing, () => rules({ packs: [] })),
    await variant(`${withDefaults}, ${name}`, batch, playing, withRules(defaults)),
    await variant(`${withDefaults}, ${name}, nothing twice`, batch, { ...playing, fresh: true }, withRules(defaults)),
    await variant(`${withDefaults} and the flight recorder, ${name}`, batch, playing, withRules(defaults), new FlightRecorder()),
  ]
  await play(variants)
  for (const one of variants) {
    speed(one, one.name.startsWith(withDefaults) ? '2000000' : undefined)
    figure(`${one.name}: CPU an exec and what comes with it`, warm(one) / one.stream.execs, 'µs')
    figure(`${one.name}: the same in the first round (cold)`, (one.cpu[0] as number) / one.stream.execs, 'µs')
    figure(`${one.name}: allocated an event`, percentile(one.allocated, 0.25), 'bytes')
  }
  await end(variants)
}

async function generatedOn(batch: Buffer): Promise<void> {
  const counts = [100, 1_000, 10_000]
  const variants: Variant[] = []
  for (const count of counts)
    variants.push(
      await variant(`engine with ${count} generated rules`, batch, { files: true, fresh: true }, withRules(generatedRules(count))),
    )
  await play(variants)
  const [few, more, most] = variants as [Variant, Variant, Variant]
  for (const one of variants) {
    speed(one)
    figure(`${one.name}: the same in the first round (cold)`, (one.stream.events * 1e6) / (one.cpu[0] as number), 'events/s')
    figure(`${one.name}: allocated an event`, percentile(one.allocated, 0.25), 'bytes')
    figure(`${one.name}: events that fulfil one`, matches(one) * 100, '%')
    figure(`${one.name}: loaded in`, one.setupMs, 'ms', one === more ? '1000' : undefined)
  }
  figure('engine: time with 1000 rules / with 100', warm(more) / warm(few), 'x', '1.5')
  figure('engine: time with 10000 rules / with 100', warm(most) / warm(few), 'x', '3')
  figure('engine: memory a rule', (most.memory - more.memory) / (10_000 - 1_000), 'bytes')
  await end(variants)

  const plain: Variant[] = []
  for (const count of counts)
    plain.push(
      await variant(`a list of closures, ${count} generated rules`, batch, { files: true, fresh: true }, () =>
        naive(generatedRules(count)),
      ),
    )
  for (const one of plain.slice(0, 2)) await play([one], 6)
  for (const one of plain) speed(one)
  await end(plain)
}

await defaultsOn('a storm', storm, {})
await defaultsOn('work', work, { files: true })
await generatedOn(work)
