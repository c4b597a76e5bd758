import { definePlugin } from '@cws/core'
import { z } from 'zod'

/** Finds processes that run one program after another from temporary folders, as installers of malware do. */
export default definePlugin(import.meta, {
  options: z.object({ limit: z.int().positive().default(5).describe('Distinct files that make a finding') }),
  setup(ctx) {
    const started = ctx.per('process', () => new Set<string>()) // freed with the process, bounded
    // the second argument is the interest: what it excludes never gets here, and sources can leave it in the kernel
    ctx.detect('exec', { 'exec.file.path': ['/tmp/**', '/dev/shm/**'] }, (event) => {
      const files = started(event).add(event.exec.file.path)
      if (files.size > ctx.options.limit)
        return { rule: 'temp-hopper', severity: 'high', title: `${files.size} programs from temporary files` }
    })
  },
})
