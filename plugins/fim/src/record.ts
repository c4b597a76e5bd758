import { CHANGE, CHANGE_SIZE, FAN, FILE_FLAG, HEADER, TYPE } from '@cws/native'

/** One stretch of memory with CHANGE records, seen as words of all sizes; records start on 8-byte boundaries. */
export interface Memory {
  readonly bytes: Uint8Array
  readonly u32: Uint32Array
  readonly u64: BigUint64Array
}

/** A record of a file that was found, not seen to be made. */
export function foundRecord(path: Uint8Array, isFolder: boolean, since: bigint, now: bigint): Memory {
  const size = (CHANGE_SIZE + path.length + 7) & ~7
  const buffer = new ArrayBuffer(size)
  const memory = { bytes: new Uint8Array(buffer), u32: new Uint32Array(buffer), u64: new BigUint64Array(buffer) }
  memory.u32[HEADER.size >>> 2] = size
  memory.u32[HEADER.type >>> 2] = TYPE.CHANGE
  memory.u64[HEADER.time >>> 3] = now
  memory.u64[CHANGE.since >>> 3] = since
  memory.u64[CHANGE.until >>> 3] = now
  memory.u64[CHANGE.mask >>> 3] = BigInt(FAN.CREATE | (isFolder ? FAN.ONDIR : 0))
  memory.u32[CHANGE.file_flags >>> 2] = FILE_FLAG.ABSENT
  memory.u32[CHANGE.destination_flags >>> 2] = FILE_FLAG.ABSENT
  memory.u32[CHANGE.file_path >>> 2] = CHANGE_SIZE
  memory.u32[(CHANGE.file_path >>> 2) + 1] = path.length
  memory.bytes.set(path, CHANGE_SIZE)
  return memory
}

/** A copy of the record, which its queue's memory does not outlive. */
export function copyOf(memory: Memory, at: number): Memory {
  const size = memory.u32[(at + HEADER.size) >>> 2] as number
  const buffer = new ArrayBuffer((size + 7) & ~7)
  const bytes = new Uint8Array(buffer)
  bytes.set(memory.bytes.subarray(at, at + size))
  return { bytes, u32: new Uint32Array(buffer), u64: new BigUint64Array(buffer) }
}
