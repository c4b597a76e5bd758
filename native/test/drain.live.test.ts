import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
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

/** A storm in the background; its process id at once, and a promise of its end. */
function storm(...args: (string | number)[]): { pid: number; over: Promise<void> } {
  let settle: (error: Error | null) => void
  const over = new Promise<void>((resolve, reject) => {
    settle = (error) => (error ? reject(error) : resolve())
  })
  const child = execFile(generator('exec_storm'), args.map(String), (error) => settle(error))
  return { pid: child.pid!, over }
}

/** A storm during which this thread is blocked; its process id. */
function blockingStorm(...args: (string | number)[]): number {
  const { pid, status } = spawnSync(generator('exec_storm'), args.map(String))
  expect(status).toBe(0)
  return pid
}

type Exec = { ppid: number; argv: string[]; bytes: number; flags: number }

/** Collects what a drain delivers. */
class Collector {
  execs: Exec[] = []
  /** Storms by their pid here: records have that of the initial pid namespace. */
  storms = new Map<number, number>()
  lost = new Map<number, number>()
  counts = new Map<number, number>()

  onRecords = (queue: Queue, start: number, end: number): void => {
    walkRecords(queue, start, end, (at) => {
      const type = recordType(queue, at)
      this.counts.set(type, (this.counts.get(type) ?? 0) + 1)
      if (type === TYPE.EXEC) {
        const argv = readBytes(queue, at, EXEC.argv)
        const ppid = readU32(queue, at + EXEC.ppid)
        const text = argv?.toString('latin1') ?? ''
        if (text.split('\0')[0] === generator('exec_storm'))
          this.storms.set(readU32(queue, at + EXEC.ns_pid), readU32(queue, at + HEADER.pid))
        this.execs.push({ ppid, argv: text.split('\0').slice(0, -1), bytes: text.length, flags: recordFlags(queue, at) })
      } else if (type === TYPE.LOST) {
        const of = readU32(queue, at + LOST.lost_type)
        this.lost.set(of, (this.lost.get(of) ?? 0) + readNumber(queue, at + LOST.count))
      }
    })
  }

  /** The children of one storm; the host may have others. */
  of(storm: number): Exec[] {
    const pid = this.storms.get(storm)
    return this.execs.filter((exec) => exec.ppid === pid)
  }

  /** Their numbers, in the order of arrival. */
  numbers(storm: number): number[] {
    return this.of(storm).map((exec) => Number(exec.argv[1]?.match(/^cws-(\d+)/)?.[1]))
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
    const { pid, over } = storm(20_000)
    await over
    await until('the last exec', () => collector.of(pid).at(-1)?.argv[1] === 'cws-19999')
    expect(collector.numbers(pid)).toEqual(range(20_000))
    expect(collector.lost.size).toBe(0)
    expect(drain.stats()).toMatchObject({ broken: 0, lostInRing: 0, lostInQueue: 0, chunksDropped: 0 })
  })

  it('loses nothing of a storm that finds this thread blocked from beginning to end', async () => {
    const collector = new Collector()
    watch(collector)
    const pid = blockingStorm(4000)
    expect(collector.of(pid)).toEqual([])
    await until('the last exec', () => collector.of(pid).at(-1)?.argv[1] === 'cws-3999')
    expect(collector.numbers(pid)).toEqual(range(4000))
  })

  it('counts exactly what a ring that is too small loses', async () => {
    const collector = new Collector()
    const { object, drain } = watch(collector, { ringBytes: 4096, queueBytes: 4096 * 1024 })
    // Two at once: the records of one are longer than the ring.
    const [short, long] = [storm(2500), storm(2500, 0, '/bin/true', 6000)]
    await Promise.all([short.over, long.over])
    const counters = () => object.counters()
    await until(
      'all is told',
      () => (collector.lost.get(TYPE.EXEC) ?? 0) > 0 && collector.lost.get(TYPE.EXEC) === counters().get(TYPE.EXEC)?.lost,
    )
    expect(collector.of(long.pid)).toEqual([])
    expect(collector.of(short.pid).length).toBeGreaterThan(0)
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
    blockingStorm(3000)
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
    const execs: Exec[] = []
    for (const bytes of [8000, 9000, 16_384, 40_000, 65_500, 100_000]) {
      const { pid, over } = storm(3, 0, '/bin/true', bytes)
      await over
      await until('all three', () => collector.of(pid).length === 3)
      execs.push(...collector.of(pid))
    }
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
      const { pid, over } = storm(50)
      await over
      object.detach()
      drain.close()
      object.close()
      expect(collector.numbers(pid)).toEqual(range(50))
    }
  })
})
