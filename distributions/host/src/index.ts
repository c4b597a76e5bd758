import { CwsError, nearest, type PluginInput } from '@cws/core'
import processExec from '@cws/plugin-process-exec'
import { rules } from '@cws/plugin-rules'
import defaults from '@cws/rules-default'

export { defineConfig, defineRule, env, secretFile } from '@cws/core'

export interface HostOptions {
  /** Options of the process sensor. */
  readonly process?: Parameters<typeof processExec>[0]
  /** Changes to rules by their id; `packs` add to the ones that come with CWS. */
  readonly rules?: Parameters<typeof rules>[0]
}

const KEYS = ['process', 'rules'] as const satisfies readonly (keyof HostOptions)[]

/**
 * What an agent on a host runs: process activity and the rules that come with CWS. Spread or list it in a configuration.
 * @throws CwsError CWS_ERR_PLUGIN_OPTIONS if there is no such option
 */
export function host(options: HostOptions = {}): readonly PluginInput[] {
  for (const key of Object.keys(options)) if (!KEYS.includes(key as keyof HostOptions)) throw unknownOption(key)
  const { packs = [], ...others } = options.rules ?? {}
  return [processExec(options.process), rules({ ...others, packs: [defaults, ...packs] })]
}

function unknownOption(key: string): CwsError {
  const guess = nearest(key, KEYS)
  return new CwsError(
    'CWS_ERR_PLUGIN_OPTIONS',
    `host(): unknown option "${key}"; ${guess ? `did you mean "${guess}"?` : `there is ${KEYS.join(', ')}`}`,
  )
}
