import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { Identity } from '../../tests/support/certificates.ts'
import { Arrivals, readers } from './arrivals.ts'

/** A receiver in a thread of its own: what it has to do delays none that is measured. Connections are kept. */
export async function startAside(identity: Identity): Promise<AsyncDisposable & { at(host: string): string }> {
  const worker = new Worker(new URL(import.meta.url), { workerData: identity })
  const [port] = (await once(worker, 'message')) as [string]
  return { at: (host) => `https://${host}:${port}`, [Symbol.asyncDispose]: async () => void (await worker.terminate()) }
}

if (!isMainThread) {
  const arrivals = await Arrivals.start(readers.cws, workerData as Identity)
  parentPort?.postMessage(new URL(arrivals.url('')).port)
}
