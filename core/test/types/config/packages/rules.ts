import { definePlugin, type RulePack, severities } from '@cws/core'
import { z } from 'zod'

const tuning = z.union([z.literal('off'), z.object({ unless: z.string().optional(), severity: z.enum(severities).optional() })])

export default definePlugin(import.meta, {
  options: z.object({
    packs: z.array(z.union([z.string(), z.custom<RulePack>()])).default([]),
    tune: z.record(z.string(), tuning).default({}),
  }),
  setup() {},
})
