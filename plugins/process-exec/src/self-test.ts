import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { CwsError, type SelfTest } from '@cws/core'

/** Seconds that the marker lives where processes are only seen by polling. */
const LONG = '2'

/**
 * Runs a harmless program with the nonce as the name of a variable in its environment. Arguments anybody can read in /proc; what bears the
 * nonce is shown to nobody, so only who may look into the agent's own processes may know it. `polled`: it must live long enough to be seen.
 */
export function selfTest(polled: () => boolean): SelfTest {
  return {
    on: 'exec',
    trigger: (nonce) => (polled() ? run('sleep', [LONG], nonce) : run('true', [], nonce)),
    recognise: (event, nonce) => includes(event.get('process.envs'), nonce),
  }
}

function includes(list: unknown, text: string): boolean {
  return Array.isArray(list) && list.includes(text)
}

function run(program: string, args: readonly string[], nonce: string): Promise<void> {
  const file = [`/bin/${program}`, `/usr/bin/${program}`].find((path) => existsSync(path))
  if (!file) throw new CwsError('CWS_ERR_PLUGIN_SETUP', `the self-test needs /bin/${program}, which this host does not have`)
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'ignore', env: { [nonce]: '' } })
    child.once('error', reject)
    child.once('spawn', () => {
      child.unref()
      resolve()
    })
  })
}
