import { execFile, execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type BpfObject,
  type Drain,
  type DrainOptions,
  EXEC,
  HEADER,
  LOST,
  openDrain,
  openObject,
  type Queue,
  RECORD_FLAG,
  readBytes,
  readNumber,
  readU32,
  recordFlags,
  recordType,
  TYPE,
  walkRecords,
} from '../src/index.ts'

const generator = (name: string) => fileURLToPath(new URL(`../../tests/generators/.output/${name}`, import.meta.url))
const run = promisify(execFile)

type Exec = { argv: string[]; bytes: number; flags: number; time: number }

/** Collects what a drain delivers. */
class Collector {
  execs: Exec[] = []
  lost = new Map<number, number>()
  counts = new Map<number, number>()

  onRecords = (queue: Queue, start: number, end: number): void => {
    walkRecords(queue, start, end, (at) => {
      const type = recordType(queue, at)
      this.counts.set(type, (this.counts.get(type) ?? 0) + 1)
      if (type === TYPE.EXEC) {
        const argv = readBytes(queue, at, EXEC.argv)
        const time = readNumber(queue, at + HEADER.time)
        const text = argv?.toString('latin1') ?? ''
        this.execs.push({ argv: text.split('\0').slice(0, -1), bytes: text.length, flags: recordFlags(queue, at), time })
      } else if (type === TYPE.LOST) {
        const of = readU32(queue, at + LOST.lost_type)
        this.lost.set(of, (this.lost.get(of) ?? 0) + readNumber(queue, at + LOST.count))
      }
    })
  }

  /** The numbers of the storm's children, in the order of arrival. */
  numbers(): number[] {
    return this.execs.filter((exec) => /^cws-\d+/.test(exec.argv[1] ?? '')).map((exec) => Number.parseInt(exec.argv[1]!.slice(4), 10))
  }
}

const until = async (what: string, condition: () => boolean): Promise<void> => {
  for (const deadline = Date.now() + 20_000; !condition(); ) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const opened: Disposable[] = []
afterEach(() => {
  for (const one of opened.splice(0).reverse()) one[Symbol.dispose]()
})

function watch(collector: Collector, options: Partial<DrainOptions> & { ringBytes?: number } = {}): { drain: Drain; object: BpfObject } {
  const { ringBytes, ...rest } = options
  const drain = openDrain({ onRecords: collector.onRecords, ...rest })
  opened.push(drain)
  const object = openObject('process.bpf.o')
  opened.push(object)
  if (ringBytes) object.setMaxEntries('cws_ring', ringBytes)
  object.setConstant('cws_exit_has_group_dead', false)
  object.load()
  drain.addRing(object)
  object.attach()
  return { drain, object }
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i)

describe('the drain', () => {
  it('delivers each of 20,000 execs once, in order, with its own argument', async () => {
    const collector = new Collector()
    const { drain } = watch(collector)
    await run(generator('exec_storm'), ['20000'])
    await until('the last exec', () => collector.numbers().at(-1) === 19_999)
    expect(collector.numbers()).toEqual(range(20_000))
    expect(collector.lost.size).toBe(0)
    expect(drain.stats()).toMatchObject({ broken: 0, lostInRing: 0, lostInQueue: 0, chunksDropped: 0 })
  })

  it('loses nothing of a storm that finds this thread blocked from beginning to end', async () => {
    const collector = new Collector()
    watch(collector)
    execFileSync(generator('exec_storm'), ['4000'])
    expect(collector.execs).toEqual([])
    await until('the last exec', () => collector.numbers().at(-1) === 3999)
    expect(collector.numbers()).toEqual(range(4000))
  })

  it('counts exactly what a ring that is too small loses', async () => {
    const collector = new Collector()
    const { object, drain } = watch(collector, { ringBytes: 4096, queueBytes: 4096 * 1024 })
    // Two at once: the records of one are longer than the ring.
    await Promise.all(['0', '6000'].map((bytes) => run(generator('exec_storm'), ['2500', '0', '/bin/true', bytes])))
    const counters = () => object.counters()
    await until(
      'all is told',
      () => (collector.lost.get(TYPE.EXEC) ?? 0) > 0 && collector.lost.get(TYPE.EXEC) === counters().get(TYPE.EXEC)?.lost,
    )
    const arrived = collector.numbers().length
    expect(arrived).toBeLessThanOrEqual(2500)
    object.detach()
    drain.close()
    for (const type of [TYPE.EXEC, TYPE.FORK, TYPE.EXIT]) {
      const { seen, lost } = counters().get(type)!
      expect([type, collector.counts.get(type) ?? 0, collector.lost.get(type) ?? 0]).toEqual([type, seen, lost])
    }
    const execs = counters().get(TYPE.EXEC)!
    expect(execs.seen + execs.lost).toBeGreaterThanOrEqual(5000)
  })

  it('keeps in the ring what a full queue cannot take, and counts the rest', async () => {
    const collector = new Collector()
    const { object, drain } = watch(collector, { ringBytes: 64 * 1024, queueBytes: 64 * 1024 })
    execFileSync(generator('exec_storm'), ['3000'])
    object.detach()
    await until('all is told', () => {
      const { seen, lost } = object.counters().get(TYPE.EXEC)!
      return collector.counts.get(TYPE.EXEC) === seen && (collector.lost.get(TYPE.EXEC) ?? 0) === lost
    })
    expect(collector.lost.get(TYPE.EXEC)).toBeGreaterThan(0)
    expect(drain.stats().queuePeakBytes).toBeLessThanOrEqual(64 * 1024)
  })

  it('joins long argument lists with their exec', async () => {
    const collector = new Collector()
    watch(collector)
    for (const bytes of [8000, 9000, 16_384, 40_000, 65_500, 100_000])
      await run(generator('exec_storm'), ['3', '0', '/bin/true', String(bytes)])
    // Of a cut list the last argument lacks its end.
    const ours = () =>
      collector.execs.filter((exec) => exec.argv[0] === '/bin/true' && (exec.bytes === 65_536 || exec.argv[1]?.startsWith('cws-')))
    await until('all of them', () => ours().length === 18)
    const execs = ours()
    for (const exec of execs.filter((exec) => exec.bytes < 65_536)) {
      expect(exec.flags & (RECORD_FLAG.CHUNKED | RECORD_FLAG.CHUNK_LOST | RECORD_FLAG.ARGV_TRUNCATED)).toBe(0)
      expect(exec.argv[1]).toMatch(/^cws-[012]\.*$/)
    }
    expect(execs.map((exec) => exec.bytes)).toEqual(
      [8000, 9000, 16_384, 40_000, 65_500, 0].flatMap((n) => Array(3).fill(n ? n + 11 : 65_536)),
    )
    expect(execs.slice(-3).every((exec) => exec.flags & RECORD_FLAG.ARGV_TRUNCATED && !(exec.flags & RECORD_FLAG.CHUNK_LOST))).toBe(true)
  })

  it('opens, drains and closes again and again', async () => {
    for (let cycle = 0; cycle < 3; cycle++) {
      const collector = new Collector()
      const { drain, object } = watch(collector)
      await run(generator('exec_storm'), ['50'])
      object.detach()
      drain.close()
      object.close()
      expect(collector.numbers()).toEqual(range(50))
    }
  })
})
