import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as layout from '../native/src/layout.generated.ts'
import { btfSection, parseBtf, resolveType, typeBytes } from './btf.ts'
import { flatten } from './layout.ts'

/** A .BTF section by hand: `types` are the words after the header, `names` the string table without its leading NUL. */
function btf(types: number[], names: string): Buffer {
  const strings = Buffer.from(`\0${names}`, 'latin1')
  const header = Buffer.alloc(24)
  header.writeUInt16LE(0xeb9f, 0)
  header[2] = 1
  header.writeUInt32LE(24, 4)
  header.writeUInt32LE(types.length * 4, 12)
  header.writeUInt32LE(types.length * 4, 16)
  header.writeUInt32LE(strings.length, 20)
  const body = Buffer.alloc(types.length * 4)
  for (const [index, word] of types.entries()) body.writeUInt32LE(word >>> 0, index * 4)
  return Buffer.concat([header, body, strings])
}

const info = (kind: number, count = 0) => (kind << 24) | count
// names: 1 "u32", 5 "pair", 10 "a", 12 "b", 14 "e", 16 "X", 18 "outer", 24 "word"
const names = 'u32\0pair\0a\0b\0e\0X\0outer\0word\0'
const u32 = [1, info(1), 4, 32]
const word = [24, info(8), 1]
const array = [0, info(3), 0, 1, 1, 4]

describe('BTF', () => {
  test('structures, arrays, typedefs and enumerations', () => {
    const types = parseBtf(btf([...u32, ...word, ...array, 5, info(4, 2), 20, 10, 2, 0, 12, 3, 32, 14, info(6, 1), 4, 16, -1], names))
    expect(types).toEqual([
      { kind: 'other', name: 'void' },
      { kind: 'int', name: 'u32', bytes: 4 },
      { kind: 'alias', name: 'word', type: 1 },
      { kind: 'array', name: '', element: 1, count: 4 },
      {
        kind: 'struct',
        name: 'pair',
        bytes: 20,
        members: [
          { name: 'a', type: 2, offset: 0 },
          { name: 'b', type: 3, offset: 4 },
        ],
      },
      { kind: 'enum', name: 'e', bytes: 4, values: [{ name: 'X', value: -1 }] },
    ])
    expect(resolveType(types, 2).name).toBe('u32')
    expect(typeBytes(types, 3)).toBe(16)
  })

  test('typedefs in a circle end', () => {
    expect(() => resolveType(parseBtf(btf([24, info(8), 1], names)), 1)).toThrow(RangeError)
  })

  test('nothing malformed is taken for types, nothing but RangeError is thrown', () => {
    const whole = btf([...u32, 5, info(4, 1), 4, 10, 1, 0], names)
    const refuse = (bytes: Buffer) => {
      try {
        parseBtf(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    }
    for (let cut = 0; cut < 24; cut++) expect(() => parseBtf(whole.subarray(0, cut))).toThrow(RangeError)
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const bytes = Buffer.from(whole)
        bytes[at] = byte
        refuse(bytes)
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => btfSection(Buffer.from(bytes))).toThrow(RangeError)
      }),
    )
  })
})

describe('layout', () => {
  const outer = (members: number[], bytes: number) => {
    const types = parseBtf(btf([...u32, 5, info(4, 2), 8, 10, 1, 0, 12, 1, 32, 18, info(4, members.length / 3), bytes, ...members], names))
    const struct = types[3]
    if (struct?.kind !== 'struct') throw new Error('no structure')
    return flatten(types, struct)
  }

  test('nested structures are flattened', () => {
    expect(outer([10, 1, 0, 12, 2, 32], 12)).toEqual([
      { name: 'a', offset: 0, bytes: 4 },
      { name: 'b_a', offset: 4, bytes: 4 },
      { name: 'b_b', offset: 8, bytes: 4 },
    ])
  })

  test('implicit padding is refused, between fields and at the end', () => {
    expect(() => outer([10, 1, 0, 12, 2, 64], 16)).toThrow(/padding before/)
    expect(() => outer([10, 1, 0, 12, 2, 32], 16)).toThrow(/padding at its end/)
  })

  test('the committed one keeps the rules of the records', () => {
    const records = [
      [layout.HEADER_SIZE, layout.HEADER_SIZE, layout.HEADER, layout.HEADER_BYTES],
      [layout.EXEC_SIZE, 0, layout.EXEC, layout.EXEC_BYTES],
      [layout.FORK_SIZE, 0, layout.FORK, layout.FORK_BYTES],
      [layout.EXIT_SIZE, 0, layout.EXIT, layout.EXIT_BYTES],
      [layout.LOST_SIZE, 0, layout.LOST, layout.LOST_BYTES],
      [layout.ARGV_CHUNK_SIZE, 0, layout.ARGV_CHUNK, layout.ARGV_CHUNK_BYTES],
    ] as const
    for (const [size, own, offsets, widths] of records) {
      let end = own ? 0 : layout.HEADER_SIZE
      const bytes = new Map(Object.entries(widths))
      for (const [field, offset] of Object.entries(offsets)) {
        expect(offset, field).toBe(end)
        expect(offset % Math.min(bytes.get(field) ?? 0, 8), field).toBe(0)
        end += bytes.get(field) ?? 0
      }
      expect(end).toBe(size)
      expect(size % 8).toBe(0)
    }
  })
})
