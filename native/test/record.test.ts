import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Queue } from '../src/drain.ts'
import { EXEC, EXEC_SIZE, HEADER, HEADER_SIZE, STR } from '../src/layout.generated.ts'
import { readBigInt, readBytes, readNumber, readText, recordFlags, recordSize, recordType, walkRecords } from '../src/record.ts'

function queueOf(size: number): Queue {
  const bytes = Buffer.allocUnsafeSlow(size).fill(0)
  const { buffer } = bytes
  return { bytes, u32: new Uint32Array(buffer), f64: new Float64Array(buffer), u64: new BigUint64Array(buffer) }
}

describe('records in the queue', () => {
  it('are walked and read where they lie', () => {
    const record = fc.record({
      words: fc.integer({ min: EXEC_SIZE / 8 + 2, max: 200 }),
      type: fc.integer({ min: 1, max: 255 }),
      flags: fc.integer({ min: 0, max: 65_535 }),
      time: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    })
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
        const queue = queueOf(8 + records.reduce((sum, { words }) => sum + words * 8, 0))
        let end = 8
        for (const { words, type, flags, time } of records) {
          queue.bytes.writeUInt32LE(words * 8, end + HEADER.size)
          queue.bytes.writeUInt16LE(type, end + HEADER.type)
          queue.bytes.writeUInt16LE(flags, end + HEADER.flags)
          queue.bytes.writeBigUInt64LE(time, end + HEADER.time)
          end += words * 8
        }
        const found: unknown[] = []
        walkRecords(queue, 8, end, (at) => {
          const time = readBigInt(queue, at + HEADER.time)
          expect(readNumber(queue, at + HEADER.time)).toBe(Number(time))
          found.push({ words: recordSize(queue, at) / 8, type: recordType(queue, at), flags: recordFlags(queue, at), time })
        })
        expect(found).toEqual(records)
      }),
    )
  })

  it('end where the bytes are no record: nobody walks for ever, or beyond the end', () => {
    for (const size of [0, 4, HEADER_SIZE + 4, HEADER_SIZE + 8, 2 ** 32 - 8]) {
      const queue = queueOf(2 * HEADER_SIZE)
      queue.u32[0] = HEADER_SIZE
      queue.u32[HEADER_SIZE / 4] = size
      const found: number[] = []
      walkRecords(queue, 0, 2 * HEADER_SIZE, (at) => found.push(at))
      expect(found).toEqual([0])
    }
  })

  it('give a string only from within themselves', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }), (off, len) => {
        const queue = queueOf(1024)
        queue.bytes.writeUInt32LE(512, HEADER.size)
        queue.bytes.writeUInt32LE(off, EXEC.argv + STR.off)
        queue.bytes.writeUInt32LE(len, EXEC.argv + STR.len)
        const bytes = readBytes(queue, 0, EXEC.argv)
        expect(bytes?.length).toBe(off > 0 && off + len <= 512 ? len : undefined)
        expect(readText(queue, 0, EXEC.argv)?.length).toBe(bytes?.toString().length)
      }),
    )
  })
})
