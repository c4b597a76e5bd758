/** The third party's detector and the rule of the design, word for word: they must type-check. */
import { definePlugin, defineRule } from '@cws/core'
import { z } from 'zod'

export default definePlugin(import.meta, {
  options: z.object({ limit: z.int().positive().default(5).describe('Distinct files that make a finding') }),
  setup(ctx) {
    const started = ctx.per('process', () => new Set<string>())     // freed with the process, bounded
    // the second argument is the interest: what it excludes never leaves the kernel
    ctx.detect('exec', { 'exec.file.path': ['/tmp/**', '/dev/shm/**'] }, (event) => {
      const files = started(event).add(event.exec.file.path)
      if (files.size > ctx.options.limit)
        return { rule: 'temp-hopper', severity: 'high', title: `${files.size} programs from temporary files` }
    })
  },
})

export const rule = defineRule({
  id: 'shell-from-web-server', name: 'A web server started a shell', severity: 'high', tags: ['mitre:T1505.003'],
  on: 'exec',
  where: { 'exec.file.name': ['sh', 'bash', 'dash', 'zsh'], 'process.ancestors.file.name': ['nginx', 'apache2', 'php-fpm'] },
  groupBy: ['container.id', 'exec.file.path'],
  message: '`{{@exec.file.path}} {{@exec.args}}` was started by a web server.',
  tests: {
    fires:  [{ 'exec.file.name': 'bash', 'process.ancestors.file.name': ['php-fpm', 'systemd'] }],
    silent: [{ 'exec.file.name': 'bash', 'process.ancestors.file.name': ['sshd', 'systemd'] }],
  },
})
