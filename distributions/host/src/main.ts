import { createRequire } from 'node:module'
import { main } from '@cws/core/cli'
import { starter } from './starter.ts'

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

await main({
  version,
  installation: import.meta.url,
  preset: async () => ({ plugins: (await import('./index.ts')).host() }),
  starter,
  commands: { rules: { summary: 'write, check, test and explain rules', load: () => import('@cws/plugin-rules/commands') } },
  harden: async () => {
    const { NativeUnavailableError, setDumpable } = await import('@cws/native')
    try {
      setDumpable(false)
    } catch (error) {
      // Where the addon cannot load the sensors that need it say so; a core dump is the lesser worry.
      if (!(error instanceof NativeUnavailableError)) throw error
    }
  },
  watch: async (watched) => (await import('@cws/native')).openWatchdog(watched),
  notify: async (state) => {
    // Most starts have no service manager.
    if (process.env['NOTIFY_SOCKET']) (await import('@cws/native')).notifyServiceManager(state)
  },
})
