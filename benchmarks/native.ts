/**
 * node benchmarks/native.ts [PAIRS]: what the path from the kernel to JavaScript costs, with a callback that only walks the records. Needs root,
 * and a build (native/scripts/build). A figure a line, as JSON. Ratios compare runs with and without, taken in turns.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { clockBoottime, EXEC, openDrain, openObject, type Queue, readBytes, recordType, TYPE, walkRecords } from '@cws/native'

const generator = (name: string) => fileURLToPath(new URL(`../tests/generators/.output/${name}`, import.meta.url))
const run = promisify(execFile)
const pairs = Number(process.argv[2] ?? 10)
const STORM = 4000

const report = (name: string, figures: Record<string, number | string>) => console.log(JSON.stringify({ name, ...figures }))
const round = (value: number, digits = 3) => Number(value.toFixed(digits))
const share = (values: number[], part: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))]!
const median = (values: number[]) => share(values, 0.5)
const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

let execs = 0
let latencies: number[] | undefined

function onRecords(queue: Queue, start: number, end: number): void {
  walkRecords(queue, start, end, (at) => {
    if (recordType(queue, at) !== TYPE.EXEC) return
    execs++
    if (!latencies) return
    const mark = readBytes(queue, at, EXEC.argv)
      ?.toString('latin1')
      .match(/\0cws-at-(\d+)\0/)
    if (mark) latencies.push(Number(clockBoottime() - BigInt(mark[1]!)) / 1e6)
  })
}

/** Watches the host until the returned function is called; that gives the drain's figures. */
function watch() {
  const drain = openDrain({ onRecords })
  const object = openObject('process.bpf.o')
  object.load()
  drain.addRing(object)
  object.attach()
  return () => {
    object.detach()
    const stats = drain.stats()
    drain.close()
    object.close()
    return stats
  }
}

/** Seconds that a storm took. */
const storm = async (...args: (string | number)[]) => Number((await run(generator('exec_storm'), args.map(String))).stdout) / 1e9

/** CPU seconds of this process' threads, by name; the thread list is short-lived only at its ends. */
function cpu(): Map<string, number> {
  const result = new Map<string, number>()
  for (const tid of readdirSync('/proc/self/task')) {
    const name = readFileSync(`/proc/self/task/${tid}/comm`, 'latin1').trim()
    const ns = Number(readFileSync(`/proc/self/task/${tid}/schedstat`, 'latin1').split(' ')[0])
    result.set(name, (result.get(name) ?? 0) + ns / 1e9)
  }
  return result
}
const since = (before: Map<string, number>) =>
  [...cpu()].map(([name, s]) => [name, s - (before.get(name) ?? 0)] as const).filter(([, s]) => s > 0)
const total = (spent: (readonly [string, number])[]) => spent.reduce((sum, [, s]) => sum + s, 0)

await storm(1000)
const ratios: number[] = []
const seconds: number[] = []
const drainSeconds: number[] = []
const speed: number[] = []
let drains = 0
let lost = 0
for (let i = 0; i < pairs; i++) {
  const bare = await storm(STORM)
  const stop = watch()
  await rest(20)
  const before = cpu()
  const watched = await storm(STORM)
  await rest(100)
  const spent = since(before)
  const stats = stop()
  ratios.push(watched / bare)
  speed.push(STORM / bare)
  seconds.push((total(spent) * 100_000) / STORM)
  drainSeconds.push(((spent.find(([name]) => name === 'cws-drain')?.[1] ?? 0) * 100_000) / STORM)
  drains += stats.drains
  lost += stats.lostInRing + stats.lostInQueue
}
report('storm', {
  workload_ratio: round(median(ratios)),
  ratio_p25: round(share(ratios, 0.25)),
  ratio_p75: round(share(ratios, 0.75)),
  cpu_s_per_100k: round(median(seconds)),
  of_it_native_thread: round(median(drainSeconds)),
  execs_per_s: round(median(speed), 0),
  drains_per_storm: round(drains / pairs, 0),
  execs,
  lost,
})

async function latency(name: string, gapUs: number, count: number, beside?: () => Promise<unknown>): Promise<void> {
  const stop = watch()
  latencies = []
  const other = beside?.()
  await run(generator('exec_latency'), [String(count), String(gapUs)])
  await rest(200)
  const found = latencies
  latencies = undefined
  await other
  stop()
  const at = (part: number) => round(share(found, part))
  report(name, { unit: 'ms from before execve to the callback', n: found.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) })
}
await latency('latency, quiet', 100_000, 100)
await latency('latency, idle', 10_000, 500)
await latency('latency beside 1,000 execs a second', 10_000, 500, () => storm(7000, 1000))

const stop = watch()
await rest(500)
const before = cpu()
await rest(10_000)
const spent = since(before)
report('idle', {
  percent_of_a_core: round(total(spent) * 10),
  native_thread: round((spent.find(([name]) => name === 'cws-drain')?.[1] ?? 0) * 10),
})
stop()
