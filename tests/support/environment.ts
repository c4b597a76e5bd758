import { delimiter } from 'node:path'

/** The environment of somebody who has nothing to do with this repository: no variables of npm's, no options of Node's, none of its programs. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_|^VITEST|^CWS_|^TEST$|^INIT_CWD$/i.test(name))
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) }
}
