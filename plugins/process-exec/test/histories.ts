import fc from 'fast-check'
import { expect } from 'vitest'
import { actorProviders } from '../src/fields/providers.ts'
import { optionsSchema } from '../src/options.ts'
import { EXEC, FLAG, HEADER } from '../src/record/layout.ts'
import { ProcessSensor } from '../src/sensor.ts'
import { COMMAND_FIELDS } from '../src/table/commands.ts'
import { KIND_FIELDS } from '../src/table/kinds.ts'
import { trackerOf } from '../src/tracker.ts'
import { Records, startOf } from './records.ts'

const PIDS = 8
export const pid = fc.integer({ min: 1, max: PIDS })
export const image = fc.record({
  path: fc.constantFrom('/bin/sh', '/usr/bin/make', '/tmp/x'),
  filename: fc.constantFrom('/bin/sh', 'run.sh', '/srv/run.sh'),
  cwd: fc.constantFrom('/srv', '/tmp'),
  cgroup: fc.constantFrom('/', '/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'),
  cred_uid: fc.constantFrom(0, 1000),
  flags: fc.constantFrom(0, 0, 0, FLAG.SCRIPT, FLAG.CGROUP_TRUNCATED, FLAG.ARGV_TRUNCATED, FLAG.ARGV_UNKNOWN, FLAG.ENVP_UNKNOWN),
  argv: fc.constantFrom(['sh'], ['sh', '-c', 'id'], ['make', ''], ['sh', 'x'.repeat(2100)]),
  envp: fc.constantFrom([], ['PATH=/bin', 'HOME'], ['LD_PRELOAD=/tmp/x']),
})
export const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('fork' as const), parent: pid, child: pid }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('exec' as const), pid, image }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('exit' as const), pid }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('snapshot' as const), pid, ppid: pid, image }) },
)

type Actor = number
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

const BLOCKS = ['process', 'process.parent', 'process.ancestors']
const ofLineage = [...KIND_FIELDS].flatMap((name) => BLOCKS.map((block) => `${block}.${name}`))
const ofCommand = [...ofLineage, ...[...COMMAND_FIELDS].map((name) => `process.${name}`)]

/** What fields say of an image. */
function saying(sensor: ProcessSensor, names: readonly string[]): (actor: Actor) => string {
  const providers = actorProviders(sensor.images, sensor.fields, sensor.lineage)
  return (actor) => names.map((name) => `${name} ${[providers[name]?.({ actor } as never)].flat().map(String)}`).join('\n')
}

/** Notes what is said of the first image with a number, and sees that it is said of each other one. */
class Asked {
  readonly #said = new Map<number, string>()
  readonly #numberOf: (actor: Actor) => number
  readonly #say: (actor: Actor) => string
  /** How often a number came again. */
  again = 0

  constructor(numberOf: (actor: Actor) => number, say: (actor: Actor) => string) {
    this.#numberOf = numberOf
    this.#say = say
  }

  ask(actor: Actor): void {
    const number = this.#numberOf(actor)
    if (actor === 0 || number === 0) return
    const said = this.#say(actor)
    if (this.#said.has(number)) this.again++
    else this.#said.set(number, said)
    expect(said).toBe(this.#said.get(number))
  }
}

/** Plays steps; every image that is known after each is asked for the numbers of its lineage and its command. */
export function play(steps: readonly Step[], maxTableBytes: number) {
  const sensor = new ProcessSensor(optionsSchema.parse({ maxTableBytes }), () => 2_000_000_000_000n)
  const { table } = sensor
  table.loader = undefined
  const { lineages } = trackerOf(sensor, () => {})
  const byLineage = new Asked((actor) => lineages?.of(actor) ?? 0, saying(sensor, ofLineage))
  const byCommand = new Asked((actor) => lineages?.commands?.of(actor) ?? 0, saying(sensor, ofCommand))
  const ask = (actor: Actor) => {
    byLineage.ask(actor)
    byCommand.ask(actor)
  }
  /** Of the images of a process that are kept: a late event is of one of them. */
  const oldest = (image: number) => {
    let at = image
    while (table.nodes.earlier[at] !== 0) at = table.nodes.earlier[at] as number
    return at
  }
  const feed = { emit: () => ask(sensor.images.live.node) }
  sensor.open('test', { exec: feed, fork: feed, exit: feed, lost: { emit: () => {} }, released: () => {} })
  const records = new Records()
  const { memory, writer } = records
  for (const one of steps) {
    writer.clear()
    if (one.do === 'fork') records.fork(one.child, one.parent)
    else if (one.do === 'exit') records.exit(one.pid)
    else {
      const { flags, ...parts } = one.image
      const ppid = one.do === 'snapshot' ? one.ppid : 1
      const at = records.exec(one.pid, parts.path, { ...parts, ppid })
      memory.u16[(at + HEADER.flags) >>> 1] = flags | (one.do === 'snapshot' ? FLAG.PROCFS : 0)
      memory.u64[(at + EXEC.parent_start) >>> 3] = one.do === 'snapshot' ? 0n : startOf(ppid)
      if (one.do === 'snapshot') table.snapshot(memory, at)
    }
    if (one.do !== 'snapshot') sensor.consume(memory, 0, writer.end)
    for (let pid = 1; pid <= PIDS; pid++) {
      if (table.find(pid) === 0) continue
      ask(table.find(pid))
      ask(oldest(table.find(pid)))
    }
  }
  sensor.close()
  return { sensor, lineages: byLineage.again, commands: byCommand.again }
}
