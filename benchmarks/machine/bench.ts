/**
 * What the kernel's own steps cost on this machine, without the agent. The absolute figures of the other benchmarks are made of these: two machines
 * with the same processor differ tenfold where one of them is virtualised without the processor's help. Compare these before anything else.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../../tests/support/agent.ts'
import { figure, median } from '../statistics.ts'

const names = [
  'machine: a system call',
  'machine: a page of memory touched first',
  'machine: to another process and back',
  'machine: to another thread and back',
  'machine: fork, exec, exit and wait',
]

const rounds = Array.from({ length: 5 }, () => {
  const { status, stdout, stderr } = spawnSync(join(root, 'tests/generators/.output/machine_costs'), { encoding: 'utf8' })
  if (status !== 0) throw new Error(`machine_costs failed: ${stderr}`)
  return stdout.trim().split('\n').map(Number)
})
for (const [i, name] of names.entries()) figure(name, median(rounds.map((round) => round[i] as number)) / 1000, 'µs')
