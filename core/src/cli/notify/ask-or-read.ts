import { ask } from '../../delivery/control/control-client.ts'
import type { StoreTables } from '../../delivery/store/store-tables.ts'
import { CwsError } from '../../errors/cws-error.ts'
import { foldersOf } from '../compose.ts'
import type { FolderOptions } from '../options.ts'

/** Asks the agent; where none answers, reads its files, by what `load` brings; undefined if there are none. */
export async function askOrRead<T>(
  options: FolderOptions,
  what: string,
  load: () => Promise<(tables: StoreTables) => T>,
): Promise<{ readonly from: 'agent' | 'files'; readonly body: T } | undefined> {
  const { run, state } = foldersOf(options)
  try {
    return { from: 'agent', body: (await ask(run, what)) as T }
  } catch (error) {
    if (!(error instanceof CwsError && error.code === 'CWS_ERR_NOT_RUNNING')) throw error
    const [{ withStoredSignals }, read] = await Promise.all([import('../../delivery/store/stored-signals.ts'), load()])
    const body = withStoredSignals(state, read, true)
    return body === undefined ? undefined : { from: 'files', body }
  }
}
