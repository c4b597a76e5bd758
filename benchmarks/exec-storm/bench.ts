/** 20,000 fork+exec as fast as a C program can: what it costs the workload, what it costs the agent, what is lost. With and without the agent in turn. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { AgentStatus } from '../../core/src/agent/status.ts'
import { ask } from '../../core/src/delivery/control-client.ts'
import { cpuSeconds, RunningAgent, root, rssMb } from '../../tests/support/agent.ts'
import { figure, median } from '../statistics.ts'

const execs = Number(process.env['CWS_BENCH_EXECS'] ?? 20_000)
const rounds = Number(process.env['CWS_BENCH_ROUNDS'] ?? 5)

/** Nanoseconds for one storm. */
function storm(): number {
  const { status, stdout, stderr } = spawnSync(join(root, 'tests/generators/.output/exec_storm'), [String(execs)], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`exec_storm failed: ${stderr}`)
  return Number(stdout)
}

const ratios: number[] = []
const cpu: number[] = []
let rss = 0
let lost = 0
let missing = 0
storm()
for (let round = 0; round < rounds; round++) {
  const before = storm()
  {
    await using agent = await RunningAgent.start()
    const statusNow = async () => (await ask(join(agent.folder, 'run'), 'status', {})) as AgentStatus
    const seenBefore = (await statusNow()).events['exec']?.seen ?? 0
    const cpuBefore = cpuSeconds(agent.agentPid)
    const during = storm()
    const used = cpuSeconds(agent.agentPid) - cpuBefore
    const after = await statusNow()
    const seen = (after.events['exec']?.seen ?? 0) - seenBefore
    // What else the host executes meanwhile is judged too, and costs.
    cpu.push((used * 100_000) / Math.max(seen, execs))
    ratios.push(during / before)
    rss = Math.max(rss, rssMb(agent.agentPid))
    lost += after.events['exec']?.lost ?? 0
    missing += Math.max(0, execs - seen)
  }
}
figure(`storm of ${execs} execs: workload with agent / without`, median(ratios), 'x', '1.05')
figure('storm: lowest and highest ratio', Math.min(...ratios), `x … ${Math.max(...ratios).toFixed(3)}x`)
figure('storm: agent CPU per 100,000 execs', median(cpu), 's', '2.5')
figure('storm: RSS of the agent after it', rss, 'MB', '150')
figure('storm: execs lost (counted)', lost, 'events', '0')
figure('storm: execs not seen', missing, 'events', '0')
