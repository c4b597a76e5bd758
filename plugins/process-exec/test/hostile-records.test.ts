import { UNKNOWN } from '@cws/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { optionsSchema } from '../src/options.ts'
import { sizeAt, typeAt } from '../src/record/check.ts'
import { EXEC, TYPE } from '../src/record/layout.ts'
import { ProcessSensor } from '../src/sensor.ts'
import { Records } from './records.ts'

const SECRET = 'outside-of-the-record'

/** A sensor that reads every field of every event that it makes of these bytes. */
function readAll() {
  const sensor = new ProcessSensor(optionsSchema.parse({ maxTableBytes: 2 * 1024 * 1024 }), () => 2_000_000_000_000n)
  sensor.table.loader = undefined
  const values: unknown[] = []
  const emitAll = (readers: Readonly<Record<string, (cursor: number) => unknown>>) => ({
    emit: (at: number) => {
      for (const read of Object.values(readers)) values.push(read(at))
      const { node } = sensor.images.live
      if (node !== 0) for (const get of Object.values(sensor.fields)) values.push(get(node))
    },
  })
  const lost: unknown[] = []
  sensor.open('test', {
    exec: emitAll(sensor.readers.exec),
    fork: emitAll(sensor.readers.fork),
    exit: emitAll(sensor.readers.exit),
    lost: { emit: (fields) => void lost.push(fields) },
    released: () => {},
  })
  sensor.close = () => {}
  return { sensor, values, lost }
}

const TEXTS = [EXEC.file_path, EXEC.file_fstype, EXEC.filename, EXEC.cwd, EXEC.cgroup, EXEC.argv, EXEC.envp]
const word = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.constantFrom(0, 1, 4, 40, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_ffff),
  fc.integer({ min: 0, max: 2048 }),
)

describe('records with lies in them', () => {
  test('offsets and lengths never reach outside of the record', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TEXTS), word, word, (field, offset, length) => {
        const { sensor, values } = readAll()
        const records = new Records(16_384)
        const at = records.exec(10, '/bin/true', { argv: ['true', 'inside'] })
        const size = records.memory.u32[at >>> 2] as number
        records.memory.u8.fill(0, records.writer.end)
        records.memory.u8.set(Buffer.from(SECRET.repeat(50)), records.writer.end)
        records.memory.u32[(at + field) >>> 2] = offset
        records.memory.u32[((at + field) >>> 2) + 1] = length
        sensor.consume(records.memory, 0, size)
        expect(values.length).toBeGreaterThan(100)
        expect(JSON.stringify(values, (_, value) => (typeof value === 'bigint' ? String(value) : value))).not.toContain('outside')
      }),
      { numRuns: 500 },
    )
  })

  test('a part that points outside is unknown', () => {
    const { sensor } = readAll()
    const records = new Records(16_384)
    const at = records.exec(10, '/bin/true')
    for (const field of TEXTS) records.memory.u32[(at + field) >>> 2] = 0xffff_0000
    sensor.consume(records.memory, 0, records.writer.end)
    const node = sensor.table.find(10)
    for (const name of ['file.path', 'file.name', 'file.filesystem', 'cwd', 'cgroup.id', 'container.id', 'args', 'argv', 'envs'])
      expect([name, sensor.fields[name]?.(node)]).toEqual([name, UNKNOWN])
  })

  test('any bytes are survived, and no event is made of what is no record', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 8, maxLength: 2048 }),
        fc.array(fc.tuple(fc.nat(2047), word), { maxLength: 8 }),
        (noise, edits) => {
          const { sensor } = readAll()
          const records = new Records(8192)
          records.exec(10, '/bin/true')
          records.fork(20, 10)
          records.exit(20)
          const end = records.writer.end + (noise.length & ~7)
          records.memory.u8.set(noise.subarray(0, noise.length & ~7), records.writer.end)
          for (const [where, value] of edits) records.memory.u32[(where % (end >>> 2)) | 0] = value
          expect(() => sensor.consume(records.memory, 0, end)).not.toThrow()
        },
      ),
      { numRuns: 500 },
    )
  })

  test('a record must lie whole before the end, be as long as its type needs, and of whole words', () => {
    const records = new Records(8192)
    const at = records.fork(20, 10)
    const size = records.memory.u32[at >>> 2] as number
    const type = (end: number) => typeAt(records.memory, at, sizeAt(records.memory, at, end))
    expect(type(size)).toBe(TYPE.FORK)
    expect(type(size - 8)).toBe(0)
    for (const wrong of [0, 7, 8, size - 8, size + 4]) {
      records.memory.u32[at >>> 2] = wrong
      expect(type(8192)).toBe(0)
    }
    records.memory.u32[at >>> 2] = 0
    expect(sizeAt(records.memory, at, 8192)).toBe(0)
  })

  test('loss is told, with type, place and number', () => {
    const { sensor, lost } = readAll()
    const records = new Records(8192)
    const { u16, u32, u64 } = records.memory
    const lose = (at: number, type: number, stage: number) => {
      u32[at >>> 2] = 48
      u16[(at + 4) >>> 1] = TYPE.LOST
      u64[(at + 24) >>> 3] = 5n
      u64[(at + 32) >>> 3] = 17n
      u32[(at + 40) >>> 2] = type
      u32[(at + 44) >>> 2] = stage
    }
    lose(0, TYPE.FORK, 1)
    lose(48, TYPE.EXEC, 2)
    lose(96, TYPE.ARGV_CHUNK, 1)
    sensor.consume(records.memory, 0, 144)
    expect(lost).toMatchObject([
      { event: 'fork', stage: 'kernel', count: 17 },
      { event: 'exec', stage: 'queue', count: 17 },
    ])
    expect(sensor.counts()).toMatchObject({ exec: { lost: 17 }, fork: { lost: 17 }, exit: { lost: 0 } })
  })
})
