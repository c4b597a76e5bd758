import fc from 'fast-check'
import { expect, test } from 'vitest'
import { actorProviders } from '../src/fields/providers.ts'
import { optionsSchema } from '../src/options.ts'
import { EXEC, FLAG, HEADER } from '../src/record/layout.ts'
import { ProcessSensor } from '../src/sensor.ts'
import { KIND_FIELDS } from '../src/table/kinds.ts'
import { trackerOf } from '../src/tracker.ts'
import { Records, startOf } from './records.ts'

const pid = fc.integer({ min: 1, max: 8 })
const image = fc.record({
  path: fc.constantFrom('/bin/sh', '/usr/bin/make', '/tmp/x'),
  filename: fc.constantFrom('/bin/sh', 'run.sh', '/srv/run.sh'),
  cwd: fc.constantFrom('/srv', '/tmp'),
  cgroup: fc.constantFrom('/', '/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'),
  cred_uid: fc.constantFrom(0, 1000),
  flags: fc.constantFrom(0, 0, FLAG.SCRIPT, FLAG.CGROUP_TRUNCATED),
})
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('fork' as const), parent: pid, child: pid }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('exec' as const), pid, image }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('exit' as const), pid }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('snapshot' as const), pid, ppid: pid, image }) },
)

/** What the fields say that follow from a lineage, of the image itself and of all that stands above it. */
function saying(sensor: ProcessSensor): (actor: number) => string {
  const providers = actorProviders(sensor.images, sensor.fields, sensor.lineage)
  const names = [...KIND_FIELDS].flatMap((name) => [`process.${name}`, `process.parent.${name}`, `process.ancestors.${name}`])
  return (actor) => names.map((name) => `${name} ${[providers[name]?.({ actor } as never)].flat().map(String)}`).join('\n')
}

/** Plays steps; every image that is known after each is asked for its number. */
function play(steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[], maxTableBytes: number) {
  const sensor = new ProcessSensor(optionsSchema.parse({ maxTableBytes }), () => 2_000_000_000_000n)
  const { table } = sensor
  table.loader = undefined
  const { lineages } = trackerOf(sensor, () => {})
  const said = new Map<number, string>()
  const say = saying(sensor)
  let again = 0
  const ask = (actor: number) => {
    const number = lineages?.of(actor) ?? 0
    if (actor === 0 || number === 0) return
    if (said.has(number)) again++
    else said.set(number, say(actor))
    expect(say(actor)).toBe(said.get(number))
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
    for (const pid of table.pids()) {
      ask(table.find(pid))
      ask(oldest(table.find(pid)))
    }
  }
  sensor.close()
  return { sensor, again }
}

test('images of one lineage say the same, and so does all that stands above them', () => {
  let recurred = 0
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      recurred += play(steps, 8 * 1024 * 1024).again
    }),
    { numRuns: 60 },
  )
  expect(recurred).toBeGreaterThan(300)
})

test('also where processes become other programs again and again, with descendants of each', () => {
  const few = fc.integer({ min: 2, max: 4 })
  const busy = fc.oneof(
    { weight: 1, arbitrary: fc.record({ do: fc.constant('fork' as const), parent: fc.constant(1), child: few }) },
    { weight: 12, arbitrary: fc.record({ do: fc.constant('exec' as const), pid: fc.constant(1), image }) },
  )
  fc.assert(
    fc.property(fc.array(busy, { minLength: 24, maxLength: 36 }), (steps) => {
      play(steps, 8 * 1024 * 1024)
    }),
    { numRuns: 12 },
  )
})

test('a process that becomes other programs without end does not make the lineages of others unknown', () => {
  const { table } = new ProcessSensor(optionsSchema.parse({}), () => 2_000_000_000_000n)
  table.loader = undefined
  const records = new Records()
  const become = (pid: number, path: string) => {
    records.writer.clear()
    return table.lineages.of(table.exec(records.memory, records.exec(pid, path)))
  }
  const other = become(1, '/bin/sh')
  const numbers = new Set<number>()
  for (let i = 0; i < 100; i++) {
    numbers.add(become(2, `/tmp/${i}`))
    expect(table.nodes.lineage[table.find(1)]).toBe(other)
  }
  expect(numbers.size).toBe(100)
})

test('nothing is held that nobody has, once the table wants room', () => {
  const { sensor } = play(
    [{ do: 'exec', pid: 1, image: { path: '/bin/sh', filename: '/bin/sh', cwd: '/srv', cgroup: '/', cred_uid: 0, flags: 0 } }],
    8 * 1024 * 1024,
  )
  const { table } = sensor
  const records = new Records()
  table.exit(records.memory, records.exit(1), 0)
  table.sweep(1e9)
  expect(table.strings.count).toBeGreaterThan(0)
  table.lineages.clear()
  expect(table.strings.count).toBe(0)
})

test('numbers of what was forgotten are not given to others', () => {
  const sensor = new ProcessSensor(optionsSchema.parse({}), () => 2_000_000_000_000n)
  const { table } = sensor
  table.loader = undefined
  const records = new Records()
  const numbers = new Set<number>()
  for (let i = 0; i < 6000; i++) {
    records.writer.clear()
    const node = table.exec(records.memory, records.exec(1, `/tmp/${i}`))
    numbers.add(table.lineages.of(node))
  }
  expect(numbers.size).toBe(6000)
  expect(numbers).not.toContain(0)
})
