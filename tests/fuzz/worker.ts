import { workerData } from 'node:worker_threads'
import { Random } from '../support/seed.ts'

/** Entry of the thread that feeds a target. */
const { target, seed, seconds, least, folder, round } = workerData as {
  readonly target: string
  readonly seed: number
  readonly seconds: number
  /** A busy machine takes longer for as many. */
  readonly least: number
  /** For files of the target, its own. */
  readonly folder: string
  readonly round: SharedArrayBuffer
}
const { default: run } = (await import(target)) as { default: (random: Random, folder: string) => void | Promise<void> }
const count = new Int32Array(round)
const end = performance.now() + seconds * 1000
do {
  await run(new Random(seed + Atomics.load(count, 0)), folder)
  Atomics.add(count, 0, 1)
} while (performance.now() < end || Atomics.load(count, 0) <= least)
