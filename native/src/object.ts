import { objectPath } from '../load.js'
import { type Addon, addon, type Handle, type MapInfo, type ProgramInfo } from './addon.ts'
import { COUNTER, COUNTER_SIZE } from './layout.generated.ts'

/** What the programs count for one record type, summed over the CPUs. */
export interface RecordCounters {
  /** Records handed to the ring buffer. */
  seen: number
  /** Records that found it full. */
  lost: number
  /** Events that no interest asked for. */
  filtered: number
}

/**
 * A BPF object file: open → adjust → load → attach → close. Methods throw an Error with a `code` (`CWS_BPF_OPEN`, `CWS_BPF_LOAD`,
 * `CWS_BPF_ATTACH`, `CWS_BPF_MAP`, …), mostly with the `errno`, and with a `log`: libbpf's and the verifier's last words.
 */
export class BpfObject implements Disposable {
  readonly programs: readonly ProgramInfo[]
  /** @internal */
  readonly handle: Handle
  readonly #addon: Addon

  /** Use {@link openObject}. */
  constructor(path: string) {
    this.#addon = addon()
    this.handle = this.#addon.bpfOpen(path)
    this.programs = Object.freeze(this.#addon.bpfDescribe(this.handle).programs)
  }

  /** The maps, with the sizes they have now. */
  get maps(): MapInfo[] {
    return this.#addon.bpfDescribe(this.handle).maps
  }

  /** Sets a `const volatile` of the programs, before load. Integers must fit the variable's size; bytes must have it exactly. */
  setConstant(name: string, value: boolean | number | bigint | Uint8Array): void {
    const isInteger = !(value instanceof Uint8Array)
    this.#addon.bpfSetConstant(this.handle, name, isInteger ? integerBytes(BigInt(value)) : asBuffer(value), isInteger)
  }

  /** Sets how much a map holds (of a ring buffer: its bytes, a power of two and whole pages), before load. */
  setMaxEntries(map: string, entries: number): void {
    this.#addon.bpfSetMaxEntries(this.handle, map, entries)
  }

  /** Leaves a program out, or in again, before load. */
  setAutoload(program: string, whether: boolean): void {
    this.#addon.bpfSetAutoload(this.handle, program, whether)
  }

  load(): void {
    this.#addon.bpfLoad(this.handle)
  }

  /** Attaches the named programs, or all, where their sections say. What is attached stays so. */
  attach(...programs: string[]): void {
    for (const program of programs.length > 0 ? programs : this.programs.map((info) => info.name))
      this.#addon.bpfAttach(this.handle, program)
  }

  detach(...programs: string[]): void {
    for (const program of programs.length > 0 ? programs : this.programs.map((info) => info.name))
      this.#addon.bpfDetach(this.handle, program)
  }

  /** The value's bytes, of a per-CPU map one value a possible CPU, each on an 8-byte boundary; undefined when there is none. */
  lookup(map: string, key: Uint8Array): Buffer | undefined {
    return this.#addon.mapLookup(this.handle, map, asBuffer(key))
  }

  update(map: string, key: Uint8Array, value: Uint8Array): void {
    this.#addon.mapUpdate(this.handle, map, asBuffer(key), asBuffer(value))
  }

  /** Whether there was such a key. */
  delete(map: string, key: Uint8Array): boolean {
    return this.#addon.mapDelete(this.handle, map, asBuffer(key))
  }

  keys(map: string): Buffer[] {
    return this.#addon.mapKeys(this.handle, map)
  }

  /** Counters of the record types that occurred, by type (see TYPE), from a per-CPU array of `struct cws_counter`. */
  counters(map = 'cws_counters'): Map<number, RecordCounters> {
    const result = new Map<number, RecordCounters>()
    for (const key of this.keys(map)) {
      const values = this.lookup(map, key)
      if (!values) continue
      const sum: RecordCounters = { seen: 0, lost: 0, filtered: 0 }
      for (let at = 0; at + COUNTER_SIZE <= values.length; at += COUNTER_SIZE) {
        sum.seen += Number(values.readBigUInt64LE(at + COUNTER.seen))
        sum.lost += Number(values.readBigUInt64LE(at + COUNTER.lost))
        sum.filtered += Number(values.readBigUInt64LE(at + COUNTER.filtered))
      }
      if (sum.seen + sum.lost + sum.filtered > 0) result.set(key.readUInt32LE(), sum)
    }
    return result
  }

  /** Detaches and unloads everything. A drain that reads a ring of this object keeps that map alive until it removes it. */
  close(): void {
    this.#addon.bpfClose(this.handle)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

function integerBytes(integer: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  if (integer < 0) bytes.writeBigInt64LE(integer)
  else bytes.writeBigUInt64LE(integer)
  return bytes
}

const asBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Opens a BPF object: one that is shipped with the addon by its name (`process.bpf.o`), any other by its path. */
export function openObject(nameOrPath: string): BpfObject {
  return new BpfObject(nameOrPath.includes('/') ? nameOrPath : objectPath(nameOrPath))
}
