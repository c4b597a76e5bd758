import { CwsError, definePreset, nearest, type PluginInput } from '@cws/core'
import fim from '@cws/plugin-fim'
import processExec from '@cws/plugin-process-exec'
import { rules } from '@cws/plugin-rules'
import defaults, { watched } from '@cws/rules-default'

type FileOptions = NonNullable<Parameters<typeof fim>[0]>

export interface HostOptions {
  /** Options of the process sensor. */
  readonly process?: Parameters<typeof processExec>[0]
  /** Options of the file sensor; `watch` adds to what the rules need. `false`: files are not watched. */
  readonly files?: Partial<FileOptions> | false
  /** Changes to rules by their id; `packs` add to the ones that come with CWS. */
  readonly rules?: Parameters<typeof rules>[0]
}

const KEYS = ['process', 'files', 'rules'] as const satisfies readonly (keyof HostOptions)[]

/**
 * What an agent on a host runs: process activity, changes of the files that matter, and the rules that come with CWS. Spread or list it in a configuration; in YAML it is `@cws/agent/host`.
 * @throws CwsError CWS_ERR_PLUGIN_OPTIONS if there is no such option
 */
export function host(options: HostOptions = {}): readonly PluginInput[] {
  for (const key of Object.keys(options)) if (!KEYS.includes(key as keyof HostOptions)) throw unknownOption(key)
  const { packs = [], ...others } = options.rules ?? {}
  // Behind the process sensor: the two share one native thread, so that a process is known before what it changed.
  const files = options.files === false ? [] : [fim({ ...options.files, watch: [...watched, ...(options.files?.watch ?? [])] })]
  return [processExec(options.process), ...files, rules({ ...others, packs: [defaults, ...packs] })]
}

function unknownOption(key: string): CwsError {
  const guess = nearest(key, KEYS)
  return new CwsError(
    'CWS_ERR_PLUGIN_OPTIONS',
    `host(): unknown option "${key}"; ${guess ? `did you mean "${guess}"?` : `there is ${KEYS.join(', ')}`}`,
  )
}

export default definePreset(host)
