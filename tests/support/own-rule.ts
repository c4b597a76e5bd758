import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentStatus } from '../../core/src/agent/status.ts'
import { ask } from '../../core/src/delivery/control/control-client.ts'
import type { Line, RunningAgent } from './agent.ts'
import { run } from './triggers.ts'

/** A configuration with one rule of its own: executions of programs of this name. */
export const watching = (program: string, options = '') => `
import { host } from '@cws/agent'
import { defineRule } from '@cws/core'
const own = defineRule({ id: 'own-${program}', severity: 'high', on: 'exec', name: 'Own program', message: '{{@process.file.path}} was executed.', where: { 'exec.file.name': '${program}' } })
export default { plugins: [host({ rules: { packs: [[own]] }${options} })] }
`

/** Runs a copy of /bin/true under a name of its own. */
export function runNamed(folder: string, name: string): string {
  const path = join(folder, name)
  copyFileSync('/bin/true', path)
  run(path)
  return path
}

/** Lines of signals of this program. */
export const isOf = (path: string) => (line: Line) => JSON.stringify(line['event']).includes(path)

export const statusOf = async (agent: RunningAgent) => (await ask(join(agent.folder, 'run'), 'status', {})) as AgentStatus
