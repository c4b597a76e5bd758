import { CwsError } from '../errors/cws-error.ts'
import { placeNames, runningWords } from '../hooks/running.ts'
import { isRecord } from '../plugin/schema-walk.ts'

/** How long one call of a plugin's code may hold the engine up, ms. */
export const LIMIT_MS = 5_000
/** A process that was restarted so often is watched no more: something else is wrong. */
const MAX_RESTARTS = 16
/** The variable by which the process that was ended tells its successor. */
const VARIABLE = 'CWS_BLOCKED'

/** A plugin that did not return, and where. */
export interface Blocked {
  readonly plugin: string
  readonly hook: string
}

/** What a watchdog needs: see `openWatchdog` of @cws/native. */
export interface Watched {
  readonly words: Int32Array
  readonly names: Uint8Array
  readonly limitMs: number
  readonly tell: { readonly variable: string; readonly begins: string }
}

/** Who held up the processes that this one was restarted from, oldest first; taken out of the environment, so that no child has it. */
export function takeBlocked(env: NodeJS.ProcessEnv = process.env): readonly Blocked[] {
  const text = env[VARIABLE]
  delete env[VARIABLE]
  if (text === undefined) return []
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) ? list.filter(isBlocked) : []
  } catch {
    return []
  }
}

const isBlocked = (value: unknown): value is Blocked =>
  isRecord(value) && typeof value['plugin'] === 'string' && typeof value['hook'] === 'string'

/** What is to be watched in this process; undefined when it was restarted too often. */
export function watchedAfter(blocked: readonly Blocked[]): Watched | undefined {
  if (blocked.length >= MAX_RESTARTS) return undefined
  const begins = `[${blocked.map(({ plugin, hook }) => `${JSON.stringify({ plugin, hook })},`).join('')}`
  return { words: runningWords, names: placeNames, limitMs: LIMIT_MS, tell: { variable: VARIABLE, begins } }
}

/** Why a plugin is left out. */
export function blockedError({ plugin, hook }: Blocked): CwsError {
  return new CwsError(
    'CWS_ERR_PLUGIN_BLOCKED',
    `held the engine up for ${LIMIT_MS / 1000} s in ${hook || 'a hook'}: the agent was restarted, and the plugin is left out until it is started anew`,
    { plugin },
  )
}
