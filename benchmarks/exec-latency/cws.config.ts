import { host } from '@cws/agent'
import { defineConfig, definePlugin } from '@cws/core'

/** Each marker is a signal of its own; a rule may have 20 open, so the rule's id changes with every 20. */
const markers = definePlugin(import.meta, {
  name: 'markers',
  setup(ctx) {
    let seen = 0
    ctx.detect('exec', { 'exec.args': 'cws-at-*' }, () => ({
      rule: `marker-${Math.floor(seen++ / 20)}`,
      severity: 'medium',
      groupBy: ['exec.args'],
      message: '{{@exec.args}}',
    }))
  },
})

export default defineConfig({ plugins: [...host(), markers()] })
