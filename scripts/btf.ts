/**
 * A reader of BTF, the type information of eBPF objects (kernel: Documentation/bpf/btf.rst), as far as layouts need it: the .BTF section of a
 * little-endian ELF64 file, its structures and enumerations.
 */

/** A member of a structure; `offset` in bytes. */
export type BtfMember = { name: string; type: number; offset: number }

export type BtfType =
  | { kind: 'int' | 'pointer' | 'float'; name: string; bytes: number }
  | { kind: 'array'; name: ''; element: number; count: number }
  | { kind: 'struct'; name: string; bytes: number; members: BtfMember[] }
  | { kind: 'union'; name: string; bytes: number; members: BtfMember[] }
  | { kind: 'enum'; name: string; bytes: number; values: { name: string; value: number }[] }
  | { kind: 'alias'; name: string; type: number }
  | { kind: 'other'; name: string }

const kinds = {
  int: 1,
  pointer: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  funcProto: 13,
  variable: 14,
  section: 15,
  float: 16,
  declTag: 17,
  typeTag: 18,
  enum64: 19,
} as const

/** Throws RangeError when the section is missing or cut. */
export function btfSection(elf: Buffer): Buffer {
  if (elf.length < 64 || elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2 || elf[5] !== 1)
    throw new RangeError('not a little-endian ELF64 file')
  const table = Number(elf.readBigUInt64LE(40))
  const size = elf.readUInt16LE(58)
  const header = (index: number) => {
    const at = table + index * size
    return { name: elf.readUInt32LE(at), offset: Number(elf.readBigUInt64LE(at + 24)), bytes: Number(elf.readBigUInt64LE(at + 32)) }
  }
  const names = header(elf.readUInt16LE(62))
  for (let index = 0; index < elf.readUInt16LE(60); index++) {
    const section = header(index)
    if (text(elf, names.offset + section.name) !== '.BTF') continue
    if (section.offset + section.bytes > elf.length) throw new RangeError('the .BTF section is cut')
    return elf.subarray(section.offset, section.offset + section.bytes)
  }
  throw new RangeError('no .BTF section')
}

/** The types of a .BTF section by their ids; 0 is void. Throws RangeError on anything malformed. */
export function parseBtf(btf: Buffer): BtfType[] {
  if (btf.length < 24 || btf.readUInt16LE(0) !== 0xeb9f || btf[2] !== 1) throw new RangeError('not BTF of version 1')
  const start = btf.readUInt32LE(4)
  const strings = start + btf.readUInt32LE(16)
  const end = start + btf.readUInt32LE(8) + btf.readUInt32LE(12)
  const types: BtfType[] = [{ kind: 'other', name: 'void' }]
  let at = end - btf.readUInt32LE(12)
  while (at < end) {
    const name = text(btf, strings + btf.readUInt32LE(at))
    const info = btf.readUInt32LE(at + 4)
    const word = btf.readUInt32LE(at + 8) // a size, or another type
    const count = info & 0xffff
    const kind = (info >>> 24) & 0x1f
    at += 12
    const each = <T>(bytes: number, read: (at: number) => T): T[] => {
      const all = Array.from({ length: count }, (_, index) => read(at + index * bytes))
      at += count * bytes
      return all
    }
    switch (kind) {
      case kinds.int:
        at += 4
        types.push({ kind: 'int', name, bytes: word })
        break
      case kinds.pointer:
        types.push({ kind: 'pointer', name, bytes: 8 })
        break
      case kinds.float:
        types.push({ kind: 'float', name, bytes: word })
        break
      case kinds.array:
        types.push({ kind: 'array', name: '', element: btf.readUInt32LE(at), count: btf.readUInt32LE(at + 8) })
        at += 12
        break
      case kinds.struct:
      case kinds.union: {
        const bitfields = info >>> 31 === 1
        const members = each(12, (from) => {
          const bits = btf.readUInt32LE(from + 8)
          if (bits % 8 !== 0 || (bitfields && bits >>> 24 !== 0)) throw new RangeError(`${name}: bit-fields are not laid out in bytes`)
          return { name: text(btf, strings + btf.readUInt32LE(from)), type: btf.readUInt32LE(from + 4), offset: bits / 8 }
        })
        types.push({ kind: kind === kinds.struct ? 'struct' : 'union', name, bytes: word, members })
        break
      }
      case kinds.enum:
        types.push({
          kind: 'enum',
          name,
          bytes: word,
          values: each(8, (from) => ({ name: text(btf, strings + btf.readUInt32LE(from)), value: btf.readInt32LE(from + 4) })),
        })
        break
      case kinds.typedef:
      case kinds.volatile:
      case kinds.const:
      case kinds.restrict:
      case kinds.typeTag:
        types.push({ kind: 'alias', name, type: word })
        break
      default: {
        const trailing = {
          [kinds.funcProto]: 8 * count,
          [kinds.variable]: 4,
          [kinds.section]: 12 * count,
          [kinds.declTag]: 4,
          [kinds.enum64]: 12 * count,
        }
        at += trailing[kind as keyof typeof trailing] ?? 0
        if (kind === 0 || kind > kinds.enum64) throw new RangeError(`unknown kind of type ${kind}`)
        types.push({ kind: 'other', name })
      }
    }
  }
  if (at !== end) throw new RangeError('the last type is cut')
  return types
}

/** The type behind typedefs and qualifiers. */
export function resolveType(types: readonly BtfType[], id: number): BtfType {
  for (let hops = 0; hops <= types.length; hops++) {
    const type = types[id]
    if (!type) throw new RangeError(`no type ${id}`)
    if (type.kind !== 'alias') return type
    id = type.type
  }
  throw new RangeError('typedefs in a circle')
}

/** Bytes that a value of the type takes. */
export function typeBytes(types: readonly BtfType[], id: number): number {
  const type = resolveType(types, id)
  if (type.kind === 'array') return type.count * typeBytes(types, type.element)
  if (!('bytes' in type)) throw new RangeError(`${type.name || 'a type'} has no size`)
  return type.bytes
}

function text(buffer: Buffer, at: number): string {
  const end = buffer.indexOf(0, at)
  if (at >= buffer.length || end < 0) throw new RangeError('a name is cut')
  return buffer.toString('latin1', at, end)
}
