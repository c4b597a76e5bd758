import { expect, test } from 'vitest'
import { nameBits } from '../src/flavours/bpf.ts'

test('each allowed name has its bit, as the programs compute it', () => {
  expect(nameBits([])).toBe(0n)
  expect(nameBits(['PATH'])).toBe(1n << BigInt((4 + 5 * 0x50) & 63))
  expect(nameBits(['LD_PRELOAD', 'PATH', 'HOME'])).toBe((1n << BigInt((10 + 5 * 0x4c) & 63)) | nameBits(['PATH']) | nameBits(['HOME']))
  expect(nameBits(['É'])).toBe(1n << BigInt((2 + 5 * 0xc3) & 63))
})
