import { host } from '@cws/agent'
import { defineConfig, definePlugin } from '@cws/core'

const folder = process.env['CWS_BENCH_FOLDER'] as string
const flavour = process.env['CWS_BENCH_FLAVOUR'] === 'fanotify-filesystem' ? 'fanotify-filesystem' : 'fanotify'

/** What file_storm makes; the host's own files are watched too. */
const STORM = /^[fr]\d+$/

/** What became of the storm's names is told when `cws-report` is created; each marker is a signal of its own, as in exec-latency. */
const changes = definePlugin(import.meta, {
  name: 'changes',
  setup(ctx) {
    const named = new Set<string>()
    const deleted = new Set<string>()
    let markers = 0
    ctx.detect('change', null, (event) => {
      const { kind, file } = event.change
      for (const { name } of [file, file.destination]) if (typeof name === 'string' && STORM.test(name)) named.add(name)
      if (kind === 'deleted' && typeof file.name === 'string' && STORM.test(file.name)) deleted.add(file.name)
      if (kind !== 'created') return
      if (file.name === 'cws-report') {
        ctx.log.info(`names ${named.size} deleted ${deleted.size} end`)
        named.clear()
        deleted.clear()
      }
      if (!String(file.name).startsWith('cws-at-')) return
      return {
        rule: `marker-${Math.floor(markers++ / 20)}`,
        severity: 'medium',
        groupBy: ['change.file.path'],
        message: '{{@change.file.path}}',
      }
    })
  },
})

export default defineConfig({ plugins: [host({ files: { flavour, watch: [folder] } }), changes()] })
