import { describe, expect, it } from 'vitest'
import { optionsSchema } from '../src/options.ts'
import { ProcessSensor } from '../src/sensor.ts'
import { Records } from './records.ts'

function setUp(maxTableBytes = 8 * 1024 * 1024) {
  const { table } = new ProcessSensor(optionsSchema.parse({ maxTableBytes }), () => 2_000_000_000_000n)
  table.loader = undefined
  const records = new Records()
  return {
    table,
    /** The number of what a process comes to execute. */
    run(argv: readonly string[], envp: readonly string[] = ['PATH=/bin'], path = '/bin/sh', pid = 1): number {
      records.writer.clear()
      const node = table.exec(records.memory, records.exec(pid, path, { argv, envp }))
      const number = table.commands.of(node)
      // Some may ask for the same.
      expect(table.commands.of(node)).toBe(number)
      return number
    },
  }
}

describe('numbers of commands', () => {
  it('are given when a lineage is started the same way again', () => {
    const { run } = setUp()
    // Process 1 executes again and again, so that its lineage is another each time: 2 does once.
    expect(run(['sh', '-c', 'id'], undefined, undefined, 2)).toBe(0)
    const number = run(['sh', '-c', 'id'], undefined, undefined, 3)
    expect(number).toBeGreaterThan(0)
    expect(run(['sh', '-c', 'id'], undefined, undefined, 4)).toBe(number)
    for (const other of [
      () => run(['sh', '-c', 'ls'], undefined, undefined, 5),
      () => run(['sh', '-c id'], undefined, undefined, 6),
      () => run(['sh', '-c', 'id'], ['PATH=/tmp'], undefined, 7),
      () => run(['sh', '-c', 'id'], undefined, '/tmp/sh', 8),
    ])
      expect(other()).toBe(0)
  })

  it('are not given to arguments and environments that are long, and those are not held', () => {
    const { run, table } = setUp()
    const before = table.strings.count
    for (let pid = 2; pid < 8; pid++) {
      expect(run(['sh', 'x'.repeat(2100)], undefined, undefined, pid)).toBe(0)
      expect(run(['sh'], [`PATH=${'x'.repeat(2100)}`], '/bin/ls', pid + 10)).toBe(0)
    }
    table.commands.clear()
    expect(table.strings.count - before).toBeLessThan(20)
  })

  it('hold nothing of what came once, and little of what came twice', () => {
    const { run, table } = setUp(64 * 1024 * 1024)
    const seen = new Map<number, number>()
    const start = (times: number) => {
      for (let i = 0; i < 12_000; i++)
        for (let time = 0; time < times; time++) {
          const pid = 2 + ((i * times + time) % 20)
          const number = run(['sh', `${i} ${'y'.repeat(480)}`], undefined, undefined, pid)
          if (number === 0) continue
          expect(seen.get(number) ?? i).toBe(i)
          seen.set(number, i)
        }
      return table.strings.count
    }
    expect(start(1)).toBeLessThan(500)
    // Two of a hash are taken for one, hardly ever.
    expect(seen.size).toBeLessThan(3)
    expect(start(2)).toBeLessThan(9_000)
    expect(table.counts().stringsRefused).toBe(0)
    // Numbers of what was forgotten are not given to others.
    expect(seen.size).toBeGreaterThan(11_000)
  })

  it('take no more than a small part of a small table', () => {
    const { run, table } = setUp(2 * 1024 * 1024)
    for (let i = 0; i < 8_000; i++) run(['sh', `${i >> 1} ${'z'.repeat(200)}`], undefined, undefined, 2 + (i % 6))
    expect(table.strings.count).toBeLessThan(500)
    expect(table.counts()).toMatchObject({ stringsRefused: 0, evictedRunning: 0 })
  })

  it('are forgotten when the table wants room', () => {
    const { run, table } = setUp(2 * 1024 * 1024)
    for (let i = 0; i < 12; i++) run(['sh', `${i >> 1} ${'z'.repeat(490)}`], undefined, undefined, 2 + i)
    // Its room is full of what lives, and of what commands hold beyond that.
    let pid = 100
    for (; table.counts().evictedRunning === 0 && pid < 20_000; pid++) run(['sh', `${pid} ${'w'.repeat(3_000)}`], undefined, undefined, pid)
    expect(table.counts().evictedRunning).toBeGreaterThan(0)
    expect(run(['sh', `0 ${'z'.repeat(490)}`], undefined, undefined, pid)).toBe(0)
  })
})
