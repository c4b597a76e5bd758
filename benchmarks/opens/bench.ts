/**
 * A million opens of files that no rule names, on two threads, with rules on the opens of others: what it costs the workload and the agent. Then,
 * under that flood, whether each open of a file that a rule names is found, and of files that were replaced a millisecond before.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cpuSeconds, RunningAgent, root } from '../../tests/support/agent.ts'
import { figure, median } from '../statistics.ts'

const opens = Number(process.env['CWS_BENCH_OPENS'] ?? 1_000_000)
const pairs = Number(process.env['CWS_BENCH_ROUNDS'] ?? 5)
const READS = 200

const generator = join(root, 'tests/generators/.output/open_storm')
using base = { path: mkdtempSync(join(tmpdir(), 'cws-bench-')), [Symbol.dispose]: () => rmSync(base.path, { recursive: true }) }
const at = (name: string) => join(base.path, name)
for (const name of ['secret', 'replaced', 'report', 'a', 'b']) writeFileSync(at(name), 'x')
const setup = { args: ['--config', join(import.meta.dirname, 'cws.config.ts')], env: { CWS_BENCH_FOLDER: base.path } }

/** Seconds for all opens. */
function storm(): number {
  const { status, stdout, stderr } = spawnSync(generator, [String(opens), '2', at('a'), at('b')], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`open_storm failed: ${stderr}`)
  return Number(stdout)
}

const ratios: number[] = []
const cpu: number[] = []
storm()
for (let pair = 0; pair < pairs; pair++) {
  const bare = storm()
  await using agent = await RunningAgent.start(setup)
  const before = cpuSeconds(agent.agentPid)
  ratios.push(storm() / bare)
  cpu.push(cpuSeconds(agent.agentPid) - before)
}
figure(`${opens} opens of other files: workload with agent / without`, median(ratios), 'x', '1.02')
figure('opens: lowest and highest ratio', Math.min(...ratios), `x … ${Math.max(...ratios).toFixed(3)}x`)
figure('opens: agent CPU for all of them', median(cpu), 's', '0')

await using agent = await RunningAgent.start(setup)
const flood = spawn(generator, ['1000000000', '2', at('a'), at('b')], { stdio: 'ignore' })
try {
  for (let i = 0; i < READS; i++) spawnSync('/bin/cat', [at('secret')])
  for (let i = 0; i < READS; i++) {
    writeFileSync(at('new'), 'x')
    renameSync(at('new'), at('replaced'))
    for (const end = performance.now() + 1; performance.now() < end; );
    closeSync(openSync(at('replaced'), 'r'))
  }
  spawnSync('/bin/cat', [at('report')])
  await agent.until(() => / end/.test(agent.stderr), 30_000)
} finally {
  flood.kill('SIGKILL')
  await once(flood, 'exit')
}
const [, secret, replaced] = /secret (\d+) replaced (\d+) end/.exec(agent.stderr) as RegExpExecArray
figure(`under that flood: of ${READS} opens of a file that a rule names`, Number(secret), 'found', String(READS))
figure(`under that flood: of ${READS} opens 1 ms after a replacement`, Number(replaced), 'found', String(READS))
