import { z } from 'zod'
import type { Rate } from './manner.ts'

/** The option of a notifier by which it is said how many messages its channel takes; `usual`: what it takes as a rule, else as many as there are. */
export function rateOption(usual?: Rate) {
  const schema = z
    .strictObject({
      burst: z.int().min(1).max(10_000).describe('Messages at once'),
      perMinute: z.int().min(1).max(60_000).describe('Messages a minute from then on'),
    })
    .describe('How many messages are sent at most, each try counted: what is beyond that waits, what is critical first')
  return usual ? schema.default(usual) : schema.optional()
}
