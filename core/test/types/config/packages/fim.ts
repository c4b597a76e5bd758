import { definePlugin } from '@cws/core'
import { z } from 'zod'

export default definePlugin(import.meta, { options: z.object({ watch: z.array(z.string()).optional() }), setup() {} })
