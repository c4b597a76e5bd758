import { type Memory, memoryOf } from '../src/record/memory.ts'

/** Memory that holds these bytes from an offset on, and something else around them. */
export function inMemory(bytes: Uint8Array | string, offset = 0): Memory {
  const text = Buffer.from(bytes)
  const memory = memoryOf(new Uint8Array((offset + text.length + 15) & ~7).fill(0xaa))
  memory.u8.set(text, offset)
  return memory
}
