import { CHANGE, FAN, HEADER } from '@cws/native'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { Kind } from '../src/kinds.ts'
import { foundRecord, type Memory } from '../src/record.ts'
import { Saves } from '../src/saves.ts'

/** One change as a test makes it. `image` is what the process runs at the time; 0: nobody is sure. */
interface Made {
  readonly kind: Kind
  readonly path: string
  readonly to?: string | undefined
  readonly pid: number
  readonly image: number
  readonly size: number
  readonly mode: number
  readonly inode: number
}

const MASK: Readonly<Record<Kind, number>> = {
  created: FAN.CREATE,
  linked: FAN.CREATE,
  modified: FAN.MODIFY,
  attributes: FAN.ATTRIB,
  renamed: FAN.RENAME,
  deleted: FAN.DELETE,
}

/** Times of the records: by them the image is found, as the process table does. */
let time = 0n
const images = new Map<bigint, number>()

function recordOf(made: Made): Memory {
  const text = Buffer.from(`${made.path}${made.to ?? ''}`)
  const record = foundRecord(text, false, ++time, time)
  images.set(time, made.image)
  record.u32[HEADER.pid >>> 2] = made.pid
  record.u32[CHANGE.file_flags >>> 2] = 0
  record.u32[CHANGE.file_mode >>> 2] = made.mode
  record.u64[CHANGE.file_size >>> 3] = BigInt(made.size)
  record.u64[CHANGE.file_inode >>> 3] = BigInt(made.inode)
  const offset = record.u32[CHANGE.file_path >>> 2] as number
  const length = Buffer.byteLength(made.path)
  record.u32[(CHANGE.file_path >>> 2) + 1] = length
  if (made.to !== undefined) {
    record.u32[CHANGE.destination_path >>> 2] = offset + length
    record.u32[(CHANGE.destination_path >>> 2) + 1] = text.length - length
  }
  return record
}

const imageOf = (_: number, since: bigint) => images.get(since) as number

/** What was told, by the times of the records. */
class Scene {
  readonly told: { readonly time: bigint; readonly kind: Kind }[] = []
  readonly saves: Saves
  now = 0

  constructor() {
    this.saves = new Saves(
      (memory, at, kind) => this.told.push({ time: memory.u64[(at + HEADER.time) >>> 3] as bigint, kind }),
      imageOf,
      () => this.now,
    )
  }

  make(made: Made): bigint {
    const record = recordOf(made)
    this.saves.take(record, 0, MASK[made.kind], [made.kind])
    return time
  }
}

const file: Made = { kind: 'modified', path: '/w/f', pid: 7, image: 70, size: 10, mode: 0o100644, inode: 1 }

/** How many of these are told at once. */
function toldAtOnce(...made: readonly Partial<Made>[]): number {
  const scene = new Scene()
  for (const one of made) scene.make({ ...file, ...one })
  return scene.told.length
}

describe('followers of one save', () => {
  test('are held back, and the last is told when the time is over', () => {
    vi.useFakeTimers()
    try {
      const scene = new Scene()
      const first = scene.make(file)
      scene.make({ ...file, size: 20 })
      const last = scene.make({ ...file, size: 30 })
      expect(scene.told.map((one) => one.time)).toEqual([first])
      scene.now = 500
      vi.advanceTimersByTime(500)
      expect(scene.told.map((one) => one.time)).toEqual([first, last])
      expect(scene.saves.coalesced).toBe(1)
      const later = scene.make({ ...file, size: 40 })
      expect(scene.told.at(-1)?.time).toBe(later)
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  test('what is held back comes before what is told next of the file', () => {
    const scene = new Scene()
    scene.make(file)
    scene.make({ ...file, size: 20 })
    scene.make({ ...file, kind: 'renamed', to: '/w/g' })
    expect(scene.told.map((one) => one.kind)).toEqual(['modified', 'modified', 'renamed'])
  })

  test('before a folder gets another name all is told', () => {
    const scene = new Scene()
    scene.make(file)
    scene.make({ ...file, size: 20 })
    scene.saves.take(recordOf({ ...file, kind: 'renamed', path: '/w', to: '/v' }), 0, FAN.RENAME | FAN.ONDIR, ['renamed'])
    expect(scene.told.map((one) => one.kind)).toEqual(['modified', 'modified', 'renamed'])
  })

  test.each<[string, Partial<Made>, number]>([
    ['the same again', {}, 1],
    ['more of it', { size: 11 }, 1],
    ['a set-id bit', { mode: 0o104644 }, 2],
    ['another process', { pid: 8 }, 2],
    ['another program of the same process', { image: 71 }, 2],
    ['an author who is not sure', { image: 0 }, 2],
    ['nobody', { pid: 0 }, 2],
    ['less of it', { size: 9 }, 2],
    ['nothing left of it', { size: 0 }, 2],
    ['another file under the name', { inode: 2 }, 2],
    ['another name', { path: '/w/g' }, 2],
    ['other rights', { kind: 'attributes' }, 2],
    ['its end', { kind: 'deleted' }, 2],
  ])('after a change %s', (_, second, told) => {
    expect(toldAtOnce({}, second)).toBe(told)
  })

  test('that a file is not empty any more', () => expect(toldAtOnce({ size: 0 }, { size: 5 })).toBe(2))
  test('after the file was deleted and made again', () => expect(toldAtOnce({}, { kind: 'deleted' }, { kind: 'created' }, {})).toBe(4))
})

test('nothing but what repeats is ever held back, and its last state is told', () => {
  const makes = fc.record({
    kind: fc.constantFrom<Kind>('modified', 'modified', 'modified', 'attributes', 'attributes', 'created', 'renamed', 'deleted'),
    path: fc.constantFrom('/w/a', '/w/b'),
    pid: fc.constantFrom(7, 8),
    program: fc.constantFrom(0, 1, 1, 1, 2),
    size: fc.constantFrom(0, 10, 20, 30),
    mode: fc.constantFrom(0o100644, 0o100644, 0o104755),
    inode: fc.constantFrom(1, 1, 1, 2),
    wait: fc.constantFrom(0, 0, 0, 100, 300, 600),
  })
  fc.assert(
    fc.property(fc.array(makes, { maxLength: 60 }), (steps) => {
      const scene = new Scene()
      const given: (Made & { readonly time: bigint; readonly now: number })[] = []
      for (const { program, wait, ...step } of steps) {
        scene.now += wait
        const made = { ...step, image: program && step.pid * 10 + program, to: step.kind === 'renamed' ? '/w/c' : undefined }
        given.push({ ...made, time: scene.make(made), now: scene.now })
      }
      scene.saves.flush()
      const times = new Set(scene.told.map((one) => one.time))
      expect(times.size).toBe(scene.told.length)
      expect(scene.told.length + scene.saves.coalesced).toBe(given.length)
      for (const path of ['/w/a', '/w/b']) {
        const about = given.filter((one) => one.path === path)
        // Each file's changes are told in their order.
        const order = scene.told.map((one) => one.time).filter((one) => about.some((made) => made.time === one))
        expect(order).toEqual([...order].sort((a, b) => Number(a - b)))
        for (const [i, one] of about.entries()) {
          if (times.has(one.time)) continue
          const alike = (other: Made) =>
            other.kind === one.kind && other.image === one.image && other.mode === one.mode && other.inode === one.inode
          const plain = (other: Made) => ['modified', 'attributes'].includes(other.kind) && other.image === one.image
          expect(one.image).not.toBe(0)
          const before = about.slice(0, i).findLastIndex((other) => alike(other) && times.has(other.time))
          expect(before).toBeGreaterThanOrEqual(0)
          expect(one.now - (about[before] as { now: number }).now).toBeLessThan(500)
          const after = about.slice(i).findIndex((other) => alike(other) && other.size >= one.size && times.has(other.time))
          expect(after).toBeGreaterThan(0)
          expect(about.slice(before, i + after + 1).every(plain)).toBe(true)
        }
      }
    }),
    { numRuns: 2000 },
  )
})

test('so many files are remembered, whoever makes them, and what was held back of the oldest is told', () => {
  const scene = new Scene()
  for (let i = 0; i < 3000; i++) {
    scene.make({ ...file, path: `/w/${i}` })
    scene.make({ ...file, path: `/w/${i}`, size: 20 })
  }
  expect(scene.saves.size).toBe(1024)
  expect(scene.told.length).toBe(3000 + 3000 - 1024)
  scene.saves.flush()
  expect(scene.told.length).toBe(6000)
  expect(scene.saves.size).toBe(0)
})
