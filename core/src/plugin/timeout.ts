import { CwsError } from '../errors/cws-error.ts'

/** Settles as `work` does, or rejects with CWS_ERR_PLUGIN_TIMEOUT. The work itself cannot be stopped: it is only no longer waited for. */
export async function within<V>(ms: number, plugin: string, phase: string, work: () => V | Promise<V>): Promise<V> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new CwsError('CWS_ERR_PLUGIN_TIMEOUT', `plugin "${plugin}" did not finish ${phase} within ${ms / 1000} s`, {
          plugin,
          hook: phase,
          hint: 'look for a promise that never settles',
        }),
      )
    }, ms)
  })
  try {
    return await Promise.race([(async () => work())(), late])
  } finally {
    clearTimeout(timer)
  }
}
