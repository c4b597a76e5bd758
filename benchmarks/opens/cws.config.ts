import { basename } from 'node:path'
import { host } from '@cws/agent'
import { defineConfig, definePlugin } from '@cws/core'

const folder = process.env['CWS_BENCH_FOLDER'] as string

/** How often each file was found opened is told when `report` is. */
const opens = definePlugin(import.meta, {
  name: 'opens',
  setup(ctx) {
    const found: Record<string, number> = { secret: 0, replaced: 0 }
    ctx.detect('open', { 'open.file.path': ['secret', 'replaced', 'report'].map((name) => `${folder}/${name}`) }, (event) => {
      const name = basename(String(event.open.file.path))
      found[name] = (found[name] ?? 0) + 1
      if (name === 'report') ctx.log.info(`secret ${found['secret']} replaced ${found['replaced']} end`)
      return { rule: `${name}-opened`, severity: 'medium', message: '{{@open.file.path}}' }
    })
  },
})

export default defineConfig({ plugins: [...host(), opens()] })
