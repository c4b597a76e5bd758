import { definePlugin } from '@cws/core'
import { z } from 'zod'

export default definePlugin(import.meta, { options: z.object({ flavour: z.enum(['auto', 'procfs']).default('auto') }), setup() {} })
