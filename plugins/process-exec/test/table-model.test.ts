import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EXEC } from '../src/record/layout.ts'
import { ProcessTable } from '../src/table/process-table.ts'
import { Records, startOf } from './records.ts'

/** One image in the naive model: objects, never bounded. */
interface Image {
  readonly process: Process
  readonly path: string
  readonly execed: boolean
  readonly above: Image | undefined
}
interface Process {
  readonly pid: number
  readonly start: bigint
  image: Image | undefined
  exitedAt: number | undefined
}

const PIDS = 12
const GRACE_MS = 5_000

type Step =
  | { readonly do: 'fork'; readonly parent: number; readonly child: number }
  | { readonly do: 'exec'; readonly pid: number; readonly path: number }
  | { readonly do: 'exit'; readonly pid: number }
  | { readonly do: 'wait'; readonly ms: number }

const pid = fc.integer({ min: 1, max: PIDS })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('fork' as const), parent: pid, child: pid }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('exec' as const), pid, path: fc.integer({ min: 0, max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('exit' as const), pid }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 6_000 }) }) },
)

function run(steps: readonly Step[]) {
  const table = new ProcessTable(8 * 1024 * 1024)
  const records = new Records()
  const { memory } = records
  const live = new Map<number, Process>()
  const everyone: Process[] = []
  let now = 0
  let generation = 0n

  const born = (number: number): Process => {
    const process: Process = { pid: number, start: startOf(number) + ++generation * 1_000_000_007n, image: undefined, exitedAt: undefined }
    live.set(number, process)
    everyone.push(process)
    return process
  }
  const end = (process: Process) => {
    process.exitedAt = now
    live.delete(process.pid)
  }
  const root = born(1)
  root.image = { process: root, path: '/root', execed: true, above: undefined }
  table.exec(memory, records.exec(1, '/root', { start: root.start, ppid: 0 }))

  for (const action of steps) {
    records.writer.clear()
    if (action.do === 'wait') {
      now += action.ms
      table.sweep(now)
    } else if (action.do === 'fork') {
      const parent = live.get(action.parent)
      // A pid is free again once its process has ended: reuse comes by itself.
      if (!parent?.image || live.has(action.child)) continue
      const child = born(action.child)
      child.image = { process: child, path: parent.image.path, execed: false, above: parent.image }
      table.fork(memory, records.fork(child.pid, parent.pid, { start: child.start, parent_start: parent.start }))
    } else if (action.do === 'exec') {
      const process = live.get(action.pid)
      if (!process?.image) continue
      const path = `/bin/${action.path}`
      process.image = { process, path, execed: true, above: process.image.execed ? process.image : process.image.above }
      table.exec(memory, records.exec(process.pid, path, { start: process.start }))
    } else {
      const process = live.get(action.pid)
      if (!process || process === root) continue
      end(process)
      expect(table.exit(memory, records.exit(process.pid, { start: process.start }), now)).not.toBe(0)
    }
  }
  table.sweep(now)
  return { table, live, everyone, now }
}

const pathOf = (table: ProcessTable, node: number) => {
  const row = table.nodes.row[node] as number
  return table.strings.text(table.rows.textId(row, EXEC.file_path))
}

/** Runs of images of one process longer than this are cut by the table. */
const MAX_IMAGES = 16

test('agrees with a naive model: who runs what, below whom', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const { table, live } = run(steps)
      for (const process of live.values()) {
        let node = table.find(process.pid)
        expect(node).not.toBe(0)
        let sameProcess = 0
        let serial = 0
        for (let image: Image | undefined = process.image; image; image = image.above) {
          sameProcess = table.nodes.serial[node] === serial ? sameProcess + 1 : 0
          serial = table.nodes.serial[node] as number
          if (sameProcess >= MAX_IMAGES - 2) break
          expect([table.nodes.pid[node], pathOf(table, node)]).toEqual([image.process.pid, image.path])
          node = table.nodes.up[node] as number
          if (!image.above) expect(node).toBe(0)
        }
      }
    }),
    { numRuns: 300 },
  )
})

test('forgets what is gone, and holds nothing when all are', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const { table, live, everyone, now } = run(steps)
      const inGrace = new Set(everyone.filter(({ exitedAt }) => exitedAt !== undefined && exitedAt + GRACE_MS > now).map(({ pid }) => pid))
      expect(table.counts().processes).toBe(new Set([...inGrace, ...live.keys()]).size)
      const records = new Records()
      for (const process of live.values()) table.exit(records.memory, records.exit(process.pid, { start: process.start }), now)
      table.sweep(now + GRACE_MS)
      expect(table.counts()).toMatchObject({ processes: 0, images: 0, evictedExited: 0, evictedRunning: 0 })
      expect([table.nodes.count, table.strings.count]).toEqual([0, 0])
    }),
    { numRuns: 300 },
  )
})

test('tells of each process once when it is gone', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const { table, now, everyone, live } = run(steps)
      const gone: number[] = []
      table.onRelease((serial) => gone.push(serial))
      const waiting = table.counts().processes - live.size
      table.sweep(now + GRACE_MS)
      expect(new Set(gone).size).toBe(gone.length)
      expect(gone.length).toBeGreaterThanOrEqual(waiting)
      expect(gone.length).toBeLessThanOrEqual(everyone.length)
    }),
    { numRuns: 100 },
  )
})
