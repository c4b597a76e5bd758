import { ask } from '../delivery/control-client.ts'
import { CwsError } from '../errors/cws-error.ts'

/** Asks the agent that runs; undefined where none does. */
export async function askIfRunning(runDir: string, what: string, timeoutMs?: number): Promise<unknown> {
  try {
    return await ask(runDir, what, {}, timeoutMs)
  } catch (error) {
    if (error instanceof CwsError && error.code === 'CWS_ERR_NOT_RUNNING') return undefined
    throw error
  }
}
