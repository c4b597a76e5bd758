import { ask } from '../delivery/control/control-client.ts'
import { CwsError } from '../errors/cws-error.ts'

const NOBODY: readonly string[] = ['CWS_ERR_NOT_RUNNING', 'CWS_ERR_NOT_ALLOWED']

/** Asks the agent that runs; undefined where none does, or none that answers this user. For what can be said without it, too. */
export async function askIfRunning(runDir: string, what: string, timeoutMs?: number): Promise<unknown> {
  try {
    return await ask(runDir, what, {}, timeoutMs)
  } catch (error) {
    if (error instanceof CwsError && NOBODY.includes(error.code)) return undefined
    throw error
  }
}
