import type { PluginInput } from '@cws/core'
import processExec from '@cws/plugin-process-exec'
import { rules } from '@cws/plugin-rules'
import defaults from '@cws/rules-default'

export { defineConfig, env, secretFile } from '@cws/core'

export interface HostOptions {
  /** Options of the process sensor. */
  readonly process?: Parameters<typeof processExec>[0]
  /** Changes to rules by their id; `packs` add to the ones that come with CWS. */
  readonly rules?: Parameters<typeof rules>[0]
}

/** What an agent on a host runs: process activity and the rules that come with CWS. Spread or list it in a configuration. */
export function host(options: HostOptions = {}): readonly PluginInput[] {
  const { packs = [], ...others } = options.rules ?? {}
  return [processExec(options.process), rules({ ...others, packs: [defaults, ...packs] })]
}
