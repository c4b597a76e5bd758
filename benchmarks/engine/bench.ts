/**
 * What rules cost on one core: events a second through decode, process tree and rules, from batches recorded from the kernel. CPU time of the
 * engine's thread counts, not the clock. Variants take turns within one run, so that what else the machine does touches all alike.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import defaults from '@cws/rules-default'
import { figure, percentile } from '../statistics.ts'
import { recordStorm, recordWork } from './record.ts'
import type { Playing } from './stream.ts'
import { type Composition, Variant } from './variant.ts'

/** Each plays the stream six times. V8 compiles for some hundred of them; an agent runs for weeks. */
const rounds = Number(process.env['CWS_BENCH_ROUNDS'] ?? 120)
const folder = mkdtempSync(join(tmpdir(), 'cws-bench-engine-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

function keep(name: string, batch: Buffer): string {
  const file = join(folder, name)
  writeFileSync(file, batch, { mode: 0o600 })
  return file
}

async function startAll(compositions: readonly Composition[]): Promise<Variant[]> {
  const variants: Variant[] = []
  for (const one of compositions) variants.push(await Variant.start(one))
  return variants
}

async function play(variants: readonly Variant[], times = rounds): Promise<void> {
  for (let round = 0; round < times; round++) for (const one of variants) await one.play()
}

/** Half of the rounds warm up. The mean of the others. */
const warm = ({ rounds }: Variant) => mean(rounds.slice(rounds.length >>> 1).map(({ cpu }) => cpu))
const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length
const matches = ({ rounds, ready }: Variant) => mean(rounds.map(({ findings }) => findings)) / ready.events
const allocated = ({ rounds }: Variant) =>
  percentile(
    rounds.flatMap((one) => one.allocated),
    0.25,
  )
const perSecond = (one: Variant) => (one.ready.events * 1e6) / warm(one)

const withDefaults = `engine with ${defaults.rules.length} rules`

async function defaultsOn(name: string, batch: string, playing: Playing): Promise<void> {
  const variants = await startAll([
    { name: `engine without rules, ${name}`, batch, playing, rules: 'none' },
    { name: `${withDefaults}, ${name}`, batch, playing, rules: 'default' },
    { name: `${withDefaults}, ${name}, nothing twice`, batch, playing: { ...playing, fresh: true }, rules: 'default' },
    { name: `${withDefaults} and the flight recorder, ${name}`, batch, playing, rules: 'default', recorder: true },
  ])
  await play(variants)
  for (const one of variants) {
    figure(
      `${one.name}: events a second on one core`,
      perSecond(one),
      'events/s',
      one.name.startsWith(withDefaults) ? '2000000' : undefined,
    )
    figure(`${one.name}: CPU an exec and what comes with it`, warm(one) / one.ready.execs, 'µs')
    figure(`${one.name}: the same the first time (cold)`, one.ready.coldCpu / one.ready.execs, 'µs')
    figure(`${one.name}: allocated an event`, allocated(one), 'bytes')
    await one.end()
  }
}

async function generatedOn(batch: string): Promise<void> {
  const playing = { files: true, fresh: true }
  const counts = [100, 1_000, 10_000]
  const variants = await startAll(counts.map((count) => ({ name: `engine with ${count} generated rules`, batch, playing, rules: count })))
  await play(variants)
  const [few, more, most] = variants as [Variant, Variant, Variant]
  for (const one of variants) {
    figure(`${one.name}: events a second on one core`, perSecond(one), 'events/s')
    figure(`${one.name}: the same the first time (cold)`, (one.ready.events * 1e6) / one.ready.coldCpu, 'events/s')
    figure(`${one.name}: allocated an event`, allocated(one), 'bytes')
    figure(`${one.name}: events that fulfil one`, matches(one) * 100, '%')
    figure(`${one.name}: loaded in`, one.ready.setupMs, 'ms', one === more ? '1000' : undefined)
    await one.end()
  }
  figure('engine: time with 1000 rules / with 100', warm(more) / warm(few), 'x', '1.5')
  figure('engine: time with 10000 rules / with 100', warm(most) / warm(few), 'x', '3')
  figure('engine: memory a rule', (most.ready.memory - more.ready.memory) / (10_000 - 1_000), 'bytes')

  for (const count of counts) {
    const plain = await Variant.start({ name: `a list of closures, ${count} generated rules`, batch, playing, rules: count, naive: true })
    await play([plain], count < 10_000 ? 6 : 1)
    figure(`${plain.name}: events a second on one core`, perSecond(plain), 'events/s')
    await plain.end()
  }
}

/** The same small program again and again, and the work of a host, with opens and changes of files. */
const storm = keep('storm', await recordStorm(3000))
const work = keep('work', await recordWork(8))
await defaultsOn('a storm', storm, {})
await defaultsOn('work', work, { files: true })
await generatedOn(work)
