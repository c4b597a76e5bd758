import { z } from 'zod'
import { durationOf } from '../notifications/duration.ts'
import { DEFAULT_EXTENT, type Extent } from '../recorder/extent.ts'

const MIB = 1024 * 1024
/** Below this a busy session pushes out all others; above it a glance over all pages costs the engine milliseconds. MiB. */
const MEMORY = { least: 1, most: 256 } as const
/** What is asked for is read at one go, and its times are kept to a tenth of a millisecond. */
const LONGEST_MS = 600_000

const duration = (description: string, least: number, by: string) =>
  z
    .string()
    .regex(/^\d{1,6}[smhd]$/, 'a number with s, m, h or d, for example 60s')
    .refine(
      (text) => {
        const ms = durationOf(text)
        return ms === undefined || (ms >= least && ms <= LONGEST_MS)
      },
      `from ${least / 1000}s to 10m`,
    )
    .default(by)
    .describe(description)

/** Key `recorder` of the configuration: how much of the past the flight recorder remembers, and how much of it goes into evidence. */
export const recorderSchema = z.strictObject({
  memory: z
    .int()
    .min(MEMORY.least)
    .max(MEMORY.most)
    .default(DEFAULT_EXTENT.bytes / MIB)
    .describe('Memory for what happened lately, in MiB: 1 to 256'),
  before: duration('How long before a signal its evidence begins: `60s`; from 1s to 10m', 1000, '60s'),
  after: duration('How long after the signal it ends: `60s`; to 10m, `0s` for none', 0, '60s'),
})

export type RecorderInput = z.input<typeof recorderSchema>
export type RecorderSettings = z.output<typeof recorderSchema>

/** In bytes and ms. */
export function extentOf(settings: RecorderSettings | undefined): Extent {
  if (!settings) return DEFAULT_EXTENT
  const { memory, before, after } = settings
  return { bytes: memory * MIB, beforeMs: durationOf(before) as number, afterMs: durationOf(after) as number }
}
