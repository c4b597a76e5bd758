import { Worker } from 'node:worker_threads'
import { seed } from '../support/seed.ts'
import { temporaryFolder } from '../support/triggers.ts'

/** Seconds for one target: `CWS_FUZZ_SECONDS`, by default a slice. */
export const seconds = Number(process.env['CWS_FUZZ_SECONDS'] ?? (process.env['CWS_TEST_LONG'] ? 120 : 6))

/** An input that is not done by then is one that holds the agent up. The machine may be busy. */
const HANG_MS = 20_000
/** What one target may hold, MB: inputs are bounded, and so is what they are turned into. */
const HEAP_MB = 384

/**
 * Feeds a target with inputs made by chance until the time is over and there were more than `least`, in a thread of its own. Round n begins with the seed plus n: to have a
 * finding again run the test with `CWS_TEST_SEED` as the error says, it is the first input then. Returns how many there were.
 * @throws Error what was found: a throw, an input that takes too long, one that takes too much memory
 */
export async function fuzz(target: string, least: number): Promise<number> {
  using folder = temporaryFolder()
  const round = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: {
      target: new URL(`./targets/${target}.ts`, import.meta.url).href,
      seed,
      seconds,
      least,
      folder: folder.path,
      round: round.buffer,
    },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  })
  const outcome = Promise.withResolvers<void>()
  const found = (what: string, cause?: unknown) =>
    outcome.reject(new Error(`${target}: ${what}; have it again with CWS_TEST_SEED=${seed + Atomics.load(round, 0)}`, { cause }))
  worker.once('error', (error) => found((error as Error).stack ?? String(error), error))
  worker.once('exit', () => outcome.resolve())
  let last = -1
  let since = performance.now()
  const watch = setInterval(() => {
    const now = Atomics.load(round, 0)
    if (now !== last) since = performance.now()
    last = now
    if (performance.now() - since > HANG_MS) found(`an input took more than ${HANG_MS} ms`)
  }, 500)
  try {
    await outcome.promise
    return Atomics.load(round, 0)
  } finally {
    clearInterval(watch)
    await worker.terminate()
  }
}
