/** One stretch of memory with records in it, seen as words of all sizes. Records start on 8-byte boundaries, so every field is aligned. */
export interface Memory {
  readonly u8: Uint8Array
  readonly u16: Uint16Array
  readonly u32: Uint32Array
  readonly u64: BigUint64Array
}

/** Views over a buffer whose start is 8-byte aligned; bytes behind the last whole 8 are not seen. */
export function memoryOf(bytes: Uint8Array): Memory {
  const { buffer, byteOffset } = bytes
  const words = bytes.byteLength >>> 3
  return {
    u8: bytes,
    u16: new Uint16Array(buffer, byteOffset, words * 4),
    u32: new Uint32Array(buffer, byteOffset, words * 2),
    u64: new BigUint64Array(buffer, byteOffset, words),
  }
}
