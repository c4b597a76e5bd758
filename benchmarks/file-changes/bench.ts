/**
 * Rounds of create, write, rename, chmod and delete in a watched folder, as fast as a C program can: what it costs the workload, whether every
 * name is told; the same in a folder that is not watched, and as the floor with a listener that only reads. Then from just before a file is made to
 * the line being readable, on a quiet host and beside 1,000 changes a second, with a minimal reader of inotify as the floor.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { AgentStatus } from '../../core/src/agent/status.ts'
import { ask } from '../../core/src/delivery/control/control-client.ts'
import { cpuSeconds, RunningAgent, root } from '../../tests/support/agent.ts'
import { figure, median, percentile } from '../statistics.ts'

const rounds = Number(process.env['CWS_BENCH_FILES'] ?? 20_000)
const pairs = Number(process.env['CWS_BENCH_ROUNDS'] ?? 5)
const samples = Number(process.env['CWS_BENCH_SAMPLES'] ?? 200)

const generator = (name: string) => join(root, 'tests/generators/.output', name)
using base = { path: mkdtempSync(join(tmpdir(), 'cws-bench-')), [Symbol.dispose]: () => rmSync(base.path, { recursive: true }) }
const watched = join(base.path, 'watched')
const unwatched = join(base.path, 'unwatched')
for (const folder of [watched, unwatched]) mkdirSync(folder)
const setup = {
  args: ['--config', join(import.meta.dirname, 'cws.config.ts')],
  env: { CWS_BENCH_FOLDER: watched },
}

/** Nanoseconds for one storm. */
function storm(folder: string): number {
  const { status, stdout, stderr } = spawnSync(generator('file_storm'), [folder, String(rounds)], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`file_storm failed: ${stderr}`)
  return Number(stdout)
}

async function storms(flavour: 'fanotify' | 'fanotify-filesystem'): Promise<void> {
  const target = (text: string) => (flavour === 'fanotify' ? text : undefined)
  const ratios: number[] = []
  const aside: number[] = []
  const cpu: number[] = []
  let missing = 0
  let lost = 0
  storm(watched)
  for (let pair = 0; pair < pairs; pair++) {
    const bare = storm(watched)
    const bareAside = storm(unwatched)
    await using agent = await RunningAgent.start({ ...setup, env: { ...setup.env, CWS_BENCH_FLAVOUR: flavour } })
    const before = cpuSeconds(agent.agentPid)
    ratios.push(storm(watched) / bare)
    writeFileSync(join(watched, 'cws-report'), '')
    await agent.until(() => / end/.test(agent.stderr), 30_000)
    cpu.push(((cpuSeconds(agent.agentPid) - before) * 100_000) / (5 * rounds))
    rmSync(join(watched, 'cws-report'))
    const [, names, deleted] = /names (\d+) deleted (\d+) end/.exec(agent.stderr) as RegExpExecArray
    missing += 3 * rounds - Number(names) - Number(deleted)
    aside.push(storm(unwatched) / bareAside)
    const status = (await ask(join(agent.folder, 'run'), 'status', {})) as AgentStatus
    lost += status.events['change']?.lost ?? 0
  }
  figure(`${flavour}: ${rounds} files made and deleted: with agent / without`, median(ratios), 'x', target('1.25'))
  figure(`${flavour}: lowest and highest ratio`, Math.min(...ratios), `x … ${Math.max(...ratios).toFixed(3)}x`)
  figure(`${flavour}: the same in a folder that is not watched`, median(aside), 'x', target('1.02'))
  figure(`${flavour}: lowest and highest ratio there`, Math.min(...aside), `x … ${Math.max(...aside).toFixed(3)}x`)
  figure(`${flavour}: names and deletions not told`, missing, 'names', '0')
  figure(`${flavour}: changes lost (counted)`, lost, 'changes', '0')
  figure(`${flavour}: agent CPU for 100,000 changes`, median(cpu), 's')
}

/** What the kernel asks for the same marks, with a reader that drops all. */
async function floorOfStorms(): Promise<void> {
  const ratios: number[] = []
  for (let pair = 0; pair < pairs; pair++) {
    const bare = storm(watched)
    const reader = spawn(generator('fanotify_drop'), [watched], { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(reader.stdout, 'data')
    ratios.push(storm(watched) / bare)
    const exit = once(reader, 'exit')
    reader.stdin.end()
    await exit
  }
  figure('floor: the same with a reader that drops all', median(ratios), 'x')
  figure('floor: lowest and highest ratio', Math.min(...ratios), `x … ${Math.max(...ratios).toFixed(3)}x`)
}

/** Starts whatever tells of changes with its lines going to `stdout`, and waits until it does. */
type Teller = (stdout: number, told: () => string) => Promise<AsyncDisposable>

const agent: Teller = async (stdout, told) => {
  const running = await RunningAgent.start({ ...setup, stdout })
  await running.until(() => told().includes('"ready"'), 60_000)
  return running
}

const floor: Teller = async (stdout) => {
  const reader: ChildProcess = spawn(generator('inotify_lines'), [watched], { stdio: ['ignore', stdout, 'pipe'] })
  await once(reader.stderr as NonNullable<typeof reader.stderr>, 'data')
  return {
    [Symbol.asyncDispose]: async () => {
      const exit = once(reader, 'exit')
      reader.kill('SIGKILL')
      await exit
    },
  }
}

/** Milliseconds from the change to its line. */
async function latencies(teller: Teller, gapUs: number, changesPerSecond: number): Promise<number[]> {
  const clock = spawn(generator('line_clock'), { stdio: ['pipe', 'pipe', 'pipe'] })
  let told = ''
  let text = ''
  clock.stderr.setEncoding('utf8').on('data', (chunk: string) => (told += chunk))
  clock.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  await using _ = await teller((clock.stdin as unknown as { _handle: { fd: number } })._handle.fd, () => told)
  clock.stdin.destroy()
  // What a start leaves to be done is over.
  await setTimeout(2_000)
  const perSecond = changesPerSecond / 5
  const count = Math.ceil(perSecond * ((samples * (gapUs + 1000)) / 1e6 + 1))
  const beside = perSecond ? spawn(generator('file_storm'), [watched, String(count), String(perSecond)], { stdio: 'ignore' }) : undefined
  const [code] = (await once(
    spawn(generator('file_latency'), [watched, String(samples), String(gapUs)], { stdio: 'inherit' }),
    'exit',
  )) as [number]
  if (code !== 0) throw new Error(`file_latency ended with ${code}`)
  const lines = () => text.split('\n').filter(Boolean)
  for (const end = Date.now() + 10_000; lines().length < samples && Date.now() < end; ) await setTimeout(20)
  if (beside?.exitCode === null) await once(beside, 'exit')
  for (const name of readdirSync(watched)) rmSync(join(watched, name))
  return lines().map((line) => Number(line) / 1e6)
}

await floorOfStorms()
await storms('fanotify')
await storms('fanotify-filesystem')
for (const [host, gapUs, perSecond] of [
  ['quiet host (one every 100 ms)', 100_000, 0],
  ['beside 1,000 changes a second', 10_000, 1000],
] as const)
  for (const [name, teller] of [
    ['agent', agent],
    ['inotify', floor],
  ] as const) {
    const ms = await latencies(teller, gapUs, perSecond)
    const target = (text: string) => (teller === agent ? text : undefined)
    figure(`change to line, ${name}, ${host}: seen`, ms.length, `of ${samples}`)
    figure(`change to line, ${name}, ${host}: p50`, percentile(ms, 0.5), 'ms', target('1'))
    figure(`change to line, ${name}, ${host}: p99`, percentile(ms, 0.99), 'ms', target('3'))
  }
