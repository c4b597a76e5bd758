/**
 * 20,000 fork+exec as fast as a C program can: what it costs the workload, with and without the agent in turn; then 100,000 of them for one agent:
 * what it costs the agent, what is lost.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { AgentStatus } from '../../core/src/agent/status.ts'
import { ask } from '../../core/src/delivery/control/control-client.ts'
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

/** Whether all execs of a storm have come, which takes a rest of the native thread longer than the storm. */
async function seenSince(before: number, count: () => Promise<number>): Promise<number> {
  let seen = 0
  for (const end = Date.now() + 2_000; seen < execs && Date.now() < end; await setTimeout(20)) seen = (await count()) - before
  return seen
}

const ratios: number[] = []
const cpu: number[] = []
let rss = 0
let lost = 0
let missing = 0

/** Storms of one agent, after each of which `told` gets the nanoseconds that it took. */
async function withAgent(storms: number, told: (ns: number) => void): Promise<void> {
  await using agent = await RunningAgent.start()
  const statusNow = async () => (await ask(join(agent.folder, 'run'), 'status', {})) as AgentStatus
  const count = async () => (await statusNow()).events['exec']?.seen ?? 0
  for (let i = 0; i < storms; i++) {
    const before = await count()
    const cpuBefore = cpuSeconds(agent.agentPid)
    told(storm())
    const seen = await seenSince(before, count)
    // What else the host executes meanwhile is judged too, and costs.
    cpu.push(((cpuSeconds(agent.agentPid) - cpuBefore) * 100_000) / Math.max(seen, execs))
    missing += Math.max(0, execs - seen)
  }
  rss = Math.max(rss, rssMb(agent.agentPid))
  lost += (await statusNow()).events['exec']?.lost ?? 0
}

storm()
for (let round = 0; round < rounds; round++) {
  const bare = storm()
  await withAgent(1, (ns) => ratios.push(ns / bare))
}
const first = median(cpu.splice(0))
await withAgent(100_000 / execs, () => {})
figure(`storm of ${execs} execs: workload with agent / without`, median(ratios), 'x', '1.05')
figure('storm: lowest and highest ratio', Math.min(...ratios), `x … ${Math.max(...ratios).toFixed(3)}x`)
figure('storm: agent CPU for 100,000 execs of one agent', cpu.reduce((sum, s) => sum + s, 0) / cpu.length, 's', '2.5')
figure('storm: the same rate in the first 20,000 (V8 compiles)', first, 's')
figure('storm: RSS of the agent after 100,000', rss, 'MB', '150')
figure('storm: execs lost (counted)', lost, 'events', '0')
figure('storm: execs not seen', missing, 'events', '0')
