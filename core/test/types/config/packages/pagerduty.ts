import { defineNotifier, secret } from '@cws/core'
import { z } from 'zod'

export default defineNotifier(import.meta, {
  name: 'pagerduty',
  options: z.object({ routingKey: secret('Integration key') }),
  setup: () => ({ deliver: async () => ({ result: 'delivered' }) }),
})
