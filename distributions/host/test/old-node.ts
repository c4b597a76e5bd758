import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

/** A Node of this machine that is too old for the agent; undefined if there is none. */
export const oldNode: string | undefined = ['/usr/bin/node', '/usr/local/bin/node', ...globSync('/opt/node*/bin/node')].find((path) => {
  const { stdout, status } = spawnSync(path, ['--version'], { encoding: 'utf8', env: {} })
  return status === 0 && Number.parseInt(stdout.slice(1), 10) < 24
})
