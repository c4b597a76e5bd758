import { definePlugin, UNKNOWN } from '@cws/core'
import { z } from 'zod'
import { type Digest, Hasher } from './hasher.ts'

const MiB = 1024 * 1024

/** Provides `exec.file.hashes`. It runs only when a rule, a template or an output reads the field. */
export default definePlugin(import.meta, {
  options: z.object({
    maxBytes: z
      .int()
      .positive()
      .max(4096 * MiB)
      .default(64 * MiB)
      .describe('Larger files are not hashed: their hashes stay unknown'),
    cacheEntries: z.int().positive().max(100_000).default(4_096).describe('How many digests are remembered'),
  }),
  setup(ctx) {
    const hasher = new Hasher({ ...ctx.options, signal: ctx.signal })
    ctx.fields('exec', {
      'exec.file.hashes': (event) => {
        const path = event.get('exec.file.path')
        const inode = event.get('exec.file.inode')
        // Without the inode nobody can tell whether the file that is there now is the one that was executed.
        if (typeof path !== 'string' || typeof inode !== 'bigint') return UNKNOWN
        const pid = event.get('process.pid')
        const device = event.get('exec.file.device')
        const modified = event.get('exec.file.modification_time')
        const changed = event.get('exec.file.change_time')
        const found = hasher.digest({
          // The link finds a program that was deleted or never had a name; a script is found by its path only.
          ...(typeof pid === 'number' && { running: `/proc/${pid}/exe` }),
          paths: typeof pid === 'number' ? [`/proc/${pid}/root${path}`, path] : [path],
          inode,
          ...(typeof device === 'number' && { device }),
          ...(typeof modified === 'bigint' && { modified }),
          ...(typeof changed === 'bigint' && { changed }),
        })
        return found instanceof Promise ? found.then(fieldOf) : fieldOf(found)
      },
    })
    ctx.onStop(() => hasher.idle())
  },
})

const fieldOf = (digest: Digest) => (digest === undefined ? UNKNOWN : [digest])
