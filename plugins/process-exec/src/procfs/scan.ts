import { readdirSync } from 'node:fs'

/** Processes read in one go before events have their turn again. */
const CHUNK = 64

/** The pids that /proc shows, in rising order: parents mostly come before their children. */
export function listPids(root = '/proc'): number[] {
  const pids: number[] = []
  for (const name of readdirSync(root)) if (/^[1-9]\d{0,9}$/.test(name)) pids.push(Number(name))
  return pids.sort((a, b) => a - b)
}

/** Calls `visit` for every process of the host, letting other work in between. Ends early when `signal` aborts. */
export async function scan(visit: (pid: number) => void, signal: AbortSignal, root = '/proc'): Promise<void> {
  const pids = listPids(root)
  for (let at = 0; at < pids.length && !signal.aborted; at += CHUNK) {
    for (const pid of pids.slice(at, at + CHUNK)) visit(pid)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
