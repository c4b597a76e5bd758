import fc from 'fast-check'
import { expect, test } from 'vitest'
import { optionsSchema } from '../src/options.ts'
import { FLAG, HEADER } from '../src/record/layout.ts'
import { ProcessSensor } from '../src/sensor.ts'
import { image, play, step } from './histories.ts'
import { Records } from './records.ts'

test('images of one lineage say the same, and so does all that stands above them; those of one command also what they were told', () => {
  const recurred = { lineages: 0, commands: 0 }
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { lineages, commands } = play(steps, 8 * 1024 * 1024)
      recurred.lineages += lineages
      recurred.commands += commands
    }),
    { numRuns: 60 },
  )
  expect(recurred.lineages).toBeGreaterThan(300)
  expect(recurred.commands).toBeGreaterThan(50)
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

test('scripts of one interpreter are of different kinds, by their names and by where relative ones stand', () => {
  const { table } = new ProcessSensor(optionsSchema.parse({}), () => 2_000_000_000_000n)
  table.loader = undefined
  const records = new Records()
  let pid = 1
  const script = (filename: string, cwd: string) => {
    records.writer.clear()
    const at = records.exec(++pid, '/usr/bin/bash', { filename, cwd })
    records.memory.u16[(at + HEADER.flags) >>> 1] = FLAG.SCRIPT
    return table.lineages.of(table.exec(records.memory, at))
  }
  const all = () => [script('/srv/a.sh', '/'), script('/srv/b.sh', '/'), script('./a.sh', '/srv'), script('./a.sh', '/tmp')]
  const first = all()
  expect(new Set(first).size).toBe(4)
  expect(all()).toEqual(first)
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
    [
      {
        do: 'exec',
        pid: 1,
        image: { path: '/bin/sh', filename: '/bin/sh', cwd: '/srv', cgroup: '/', cred_uid: 0, flags: 0, argv: ['sh'], envp: [] },
      },
    ],
    8 * 1024 * 1024,
  )
  const { table } = sensor
  const records = new Records()
  table.exit(records.memory, records.exit(1), 0)
  table.sweep(1e9)
  expect(table.strings.count).toBeGreaterThan(0)
  table.lineages.clear()
  table.commands.clear()
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
