import { expect, test } from 'vitest'
import { hashOf, keyOf } from '../src/table/half-sip-hash.ts'

test('hashes as Linux does: its test vectors for hsiphash of 0, 1, 2 ... with that key', () => {
  const bytes = Uint8Array.from({ length: 64 }, (_, i) => i)
  const key = keyOf(Buffer.from(bytes.subarray(0, 8)))
  const words = new Uint32Array(bytes.buffer)
  const hashes = Array.from({ length: 8 }, (_, length) => hashOf(key, words, 0, length))
  expect(hashes).toEqual([0x5814c896, 0xe7e864ca, 0xbc4b0e30, 0x01539939, 0x7e059ea6, 0x88e3d89b, 0xa0080b65, 0x9d38d9d6])
})

test('wherever the bytes begin, and whatever stands behind them', () => {
  const key = keyOf(Buffer.from('01234567'))
  const words = new Uint32Array([0xffffffff, 0x64636261, 0xffffff65, 0x64636261, 0x00000065])
  expect(hashOf(key, words, 1, 5)).toBe(hashOf(key, words, 3, 5))
  expect(hashOf(key, words, 1, 6)).not.toBe(hashOf(key, words, 3, 6))
  expect(hashOf(keyOf(Buffer.from('01234568')), words, 1, 5)).not.toBe(hashOf(key, words, 1, 5))
})
