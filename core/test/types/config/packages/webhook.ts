import { defineNotifier, secret } from '@cws/core'
import { z } from 'zod'

export default defineNotifier(import.meta, {
  name: 'webhook',
  options: z.object({ url: z.url(), secret: secret('Signing secret') }),
  setup: () => ({ deliver: async () => ({ result: 'delivered' }) }),
})
