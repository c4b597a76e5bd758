/** Walking the queue and reading records in place. Offsets of fields come from layout.generated.ts. */
import type { Queue } from './drain.ts'
import { HEADER, LOST, STR } from './layout.generated.ts'

const TWO_32 = 2 ** 32

/** Bytes of the record at `at`: the next one begins behind it. */
export const recordSize = (queue: Queue, at: number): number => queue.u32[(at + HEADER.size) >> 2]!

/** A record's TYPE. */
export const recordType = (queue: Queue, at: number): number => queue.u32[(at + HEADER.type) >> 2]! & 0xffff

/** A record's RECORD_FLAG bits. */
export const recordFlags = (queue: Queue, at: number): number => queue.u32[(at + HEADER.type) >> 2]! >>> 16

export const readU32 = (queue: Queue, at: number): number => queue.u32[at >> 2]!

/** A 64-bit field as a number: exact below 2^53 (104 days of ns; times and inodes beyond lose their last bits). */
export const readNumber = (queue: Queue, at: number): number => queue.u32[at >> 2]! + queue.u32[(at >> 2) + 1]! * TWO_32

export const readBigInt = (queue: Queue, at: number): bigint => queue.u64[at >> 3]!

/** The bytes that the `struct cws_str` at `field` of the record at `at` names, as a view valid only during the turn; undefined when absent. */
export function readBytes<B extends Uint8Array>(
  { bytes, u32 }: { readonly bytes: B; readonly u32: Uint32Array },
  at: number,
  field: number,
): B | undefined {
  const off = u32[(at + field + STR.off) >> 2]!
  const len = u32[(at + field + STR.len) >> 2]!
  if (off === 0 || off + len > u32[(at + HEADER.size) >> 2]!) return undefined
  return bytes.subarray(at + off, at + off + len) as B
}

/** What a record of loss tells. */
export interface Loss {
  /** Type of the records that were lost; 0 if that is not known. */
  readonly type: number
  readonly count: number
  readonly stage: 'kernel' | 'queue'
  /** When the first may have been lost, CLOCK_BOOTTIME in ns. */
  readonly since: bigint
}

/** Reads a record of TYPE.LOST. */
export function readLoss({ u32, u64 }: Pick<Queue, 'u32' | 'u64'>, at: number): Loss {
  return {
    type: u32[(at + LOST.lost_type) >> 2]!,
    count: Number(u64[(at + LOST.count) >> 3]!),
    stage: u32[(at + LOST.stage) >> 2] === 1 ? 'kernel' : 'queue',
    since: u64[(at + HEADER.start) >> 3]!,
  }
}

/** The same decoded: bytes that are no UTF-8 become U+FFFD. */
export function readText(queue: Queue, at: number, field: number): string | undefined {
  const off = queue.u32[(at + field + STR.off) >> 2]!
  const len = queue.u32[(at + field + STR.len) >> 2]!
  if (off === 0 || off + len > recordSize(queue, at)) return undefined
  return queue.bytes.toString('utf8', at + off, at + off + len)
}

/** Calls `each(offset)` for every record from `start` up to `end`; ends at bytes that are no whole record, for nothing behind them is. */
export function walkRecords(queue: Queue, start: number, end: number, each: (at: number) => void): void {
  for (let at = start; at < end; ) {
    const size = recordSize(queue, at)
    if (size < 8 || size % 8 !== 0 || at + size > end) return
    each(at)
    at += size
  }
}
