/** From just before execve to the signal's line being readable: on a quiet host, on an idle one, beside 1,000 fork+exec a second. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { RunningAgent, root } from '../../tests/support/agent.ts'
import { figure, percentile } from '../statistics.ts'

const generator = (name: string) => join(root, 'tests/generators/.output', name)
const samples = Number(process.env['CWS_BENCH_SAMPLES'] ?? 200)

interface Case {
  readonly name: string
  readonly gapUs: number
  readonly count: number
  readonly besidePerSecond?: number
}
const cases: readonly Case[] = [
  { name: 'quiet host (one every 400 ms)', gapUs: 400_000, count: samples },
  { name: 'idle (one every 10 ms)', gapUs: 10_000, count: samples },
  { name: 'beside 1,000 execs a second', gapUs: 10_000, count: samples, besidePerSecond: 1000 },
]

for (const { name, gapUs, count, besidePerSecond } of cases) {
  const clock = spawn(generator('line_clock'), { stdio: ['pipe', 'pipe', 'pipe'] })
  let ready = ''
  let text = ''
  clock.stderr.setEncoding('utf8').on('data', (chunk: string) => (ready += chunk))
  clock.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  const pipe = (clock.stdin as unknown as { _handle: { fd: number } })._handle.fd
  await using agent = await RunningAgent.start({ args: ['--config', join(import.meta.dirname, 'cws.config.ts')], stdout: pipe })
  await agent.until(() => ready.includes('"ready"'), 60_000)
  clock.stdin.destroy()
  // What a start leaves to be done is over.
  await setTimeout(2_000)

  const seconds = (count * (gapUs + 1500)) / 1e6
  const storm = besidePerSecond
    ? spawn(generator('exec_storm'), [String(Math.ceil(besidePerSecond * (seconds + 1))), String(besidePerSecond)], { stdio: 'ignore' })
    : undefined
  const [code] = (await once(spawn(generator('exec_latency'), [String(count), String(gapUs)], { stdio: 'inherit' }), 'exit')) as [number]
  if (code !== 0) throw new Error(`exec_latency ended with ${code}`)
  const lines = () => text.split('\n').filter(Boolean)
  await agent.until(() => lines().length >= count, 10_000).catch(() => {})
  if (storm && storm.exitCode === null) await once(storm, 'exit')

  const ms = lines().map((line) => Number(line) / 1e6)
  figure(`exec to line, ${name}: seen`, ms.length, `of ${count}`)
  figure(`exec to line, ${name}: p50`, percentile(ms, 0.5), 'ms', '1')
  figure(`exec to line, ${name}: p99`, percentile(ms, 0.99), 'ms', '3')
}
