/** What the agent costs while nothing happens. */
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuSeconds, RunningAgent, rssMb } from '../../tests/support/agent.ts'
import { figure } from '../statistics.ts'

const seconds = Number(process.env['CWS_BENCH_IDLE_S'] ?? 60)

await using agent = await RunningAgent.start()
await sleep(3_000)
const before = cpuSeconds(agent.agentPid)
await sleep(seconds * 1000)
figure(`idle: share of one core over ${seconds} s`, ((cpuSeconds(agent.agentPid) - before) / seconds) * 100, '%', '0.2')
figure('idle: RSS', rssMb(agent.agentPid), 'MB')
