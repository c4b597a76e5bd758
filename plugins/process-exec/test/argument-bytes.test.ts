import { textOf, UNKNOWN } from '@cws/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { optionsSchema } from '../src/options.ts'
import { EXEC, FLAG, HEADER } from '../src/record/layout.ts'
import { ProcessSensor } from '../src/sensor.ts'
import { Records } from './records.ts'

const FIELDS = ['exec.argv0', 'exec.args', 'exec.argv'] as const

/** What the bytes of each field are decoded to, and what is read of it. */
function read(argv: readonly string[], tamper: (at: number, records: Records) => void = () => {}) {
  const sensor = new ProcessSensor(optionsSchema.parse({}), () => 2_000_000_000_000n)
  sensor.table.loader = undefined
  const seen: [string, unknown, unknown][] = []
  const emit = (at: number) => {
    for (const field of FIELDS) {
      const reader = sensor.readers.exec[field]
      const found = reader?.bytes?.(at)
      const part = found && Buffer.from(found.bytes.subarray(found.start, found.end).map((byte) => (byte === 0 ? found.nul : byte)))
      const text = part && textOf(part, 0, part.length)
      seen.push([field, field === 'exec.argv' ? text?.split('\0') : text, reader?.(at)])
    }
  }
  const none = { emit: () => {} }
  sensor.open('test', { exec: { emit }, fork: none, exit: none, lost: none, released: () => {} })
  const records = new Records(65_536)
  tamper(records.exec(7, '/bin/x', { argv }), records)
  sensor.consume(records.memory, 0, records.writer.end)
  sensor.close()
  return seen
}

test('the bytes of arguments are those that the fields are decoded from', () => {
  const text = fc
    .oneof(fc.constantFrom('', 'sh', '-c', 'a b'), fc.string({ unit: 'grapheme', maxLength: 8 }))
    .filter((one) => !one.includes('\0'))
  fc.assert(
    fc.property(fc.array(text, { maxLength: 5 }), (argv) => {
      for (const [field, ofBytes, value] of read(argv)) {
        // A list of one empty text has no bytes, as one of none has.
        if (field === 'exec.argv' && (value as string[]).join('') === '' && (value as string[]).length < 2) continue
        expect([field, ofBytes]).toEqual([field, value])
      }
    }),
    { numRuns: 80 },
  )
})

test('none are told where the arguments are not known, or lie outside of the record', () => {
  const unknown = read(['a', 'b'], (at, { memory }) => {
    memory.u16[(at + HEADER.flags) >>> 1] = FLAG.ARGV_UNKNOWN
  })
  const outside = read(['a', 'b'], (at, { memory }) => {
    memory.u32[((at + EXEC.argv) >>> 2) + 1] = 0xffff
  })
  for (const [field, ofBytes, value] of [...unknown, ...outside]) expect([field, ofBytes, value]).toEqual([field, undefined, UNKNOWN])
})
