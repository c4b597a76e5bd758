import { defineNotifier, secret } from '@cws/core'
import { z } from 'zod'

export default defineNotifier(import.meta, {
  name: 'slack',
  options: z.object({
    webhook: secret('Incoming webhook').optional(),
    token: secret('Bot token').optional(),
    channel: z.string().optional(),
  }),
  setup: () => ({ deliver: async () => ({ result: 'delivered' }) }),
})
