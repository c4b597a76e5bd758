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
  harden: () => withNative(({ setDumpable }) => setDumpable(false)),
  trim: () => withNative(({ trimHeap }) => void trimHeap()),
  watch: async (watched) => (await import('@cws/native')).openWatchdog(watched),
  notify: async (state) => {
    // Most starts have no service manager.
    if (process.env['NOTIFY_SOCKET']) (await import('@cws/native')).notifyServiceManager(state)
  },
})

/** What an agent does without where the addon cannot load: the sensors that need it say so. */
async function withNative(use: (native: typeof import('@cws/native')) => void): Promise<void> {
  const native = await import('@cws/native')
  try {
    use(native)
  } catch (error) {
    if (!(error instanceof native.NativeUnavailableError)) throw error
  }
}
