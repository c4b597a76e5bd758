import { describe, expect, it } from 'vitest'
import { extentOf, recorderSchema } from '../../src/config/recorder.ts'
import { DEFAULT_EXTENT } from '../../src/recorder/extent.ts'

describe('the flight recorder in the configuration', () => {
  it('is as it comes where nothing is said', () => {
    expect(extentOf(undefined)).toEqual(DEFAULT_EXTENT)
    expect(extentOf(recorderSchema.parse({}))).toEqual(DEFAULT_EXTENT)
  })

  it('takes memory in MiB, and times', () => {
    const settings = recorderSchema.parse({ memory: 32, before: '5m', after: '0s' })
    expect(extentOf(settings)).toEqual({ bytes: 32 * 1024 * 1024, beforeMs: 300_000, afterMs: 0 })
    expect(recorderSchema.safeParse({ memory: 1, before: '1s', after: '10m' }).success).toBe(true)
    expect(recorderSchema.safeParse({ memory: 256, before: '600s' }).success).toBe(true)
  })

  it.each([
    { memory: 0 },
    { memory: 257 },
    { memory: 1.5 },
    { memory: '8' },
    { before: '0s' },
    { before: '11m' },
    { after: '1h' },
    { after: 60 },
    { before: 'x' },
    { size: 1 },
  ])('refuses %j', (given) => {
    const { success, error } = recorderSchema.safeParse(given)
    expect([success, error?.issues.length]).toEqual([false, 1])
  })
})
