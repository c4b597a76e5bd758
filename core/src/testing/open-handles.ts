import { AsyncLocalStorage, createHook } from 'node:async_hooks'
import { readdirSync, readlinkSync } from 'node:fs'

/** Kinds of asynchronous resource that live until somebody ends them. Node says when they end; of others it only knows when they are collected. */
const LASTING = new Set([
  'Timeout',
  'TCPSERVERWRAP',
  'TCPWRAP',
  'PIPESERVERWRAP',
  'PIPEWRAP',
  'UDPWRAP',
  'FSEVENTWRAP',
  'STATWATCHER',
  'PROCESSWRAP',
  'SIGNALWRAP',
  'WORKER',
])
/** Closing takes a few turns of the loop. */
const PATIENCE_MS = 1_000
/** Node's own frames stand before those of whoever asked for a server. */
const FRAMES = 30

/**
 * What work leaves behind: timers (also those that do not hold the process), sockets, watchers, child processes, workers, files, each with the place
 * where it was made. Of other code that runs meanwhile only open files are seen.
 */
export async function leftOpen(work: () => Promise<void>): Promise<readonly string[]> {
  const scope = new AsyncLocalStorage<true>()
  const open = new Map<number, string>()
  const hook = createHook({
    init: (id, type) => {
      if (LASTING.has(type) && scope.getStore()) open.set(id, `${type}${caller()}`)
    },
    destroy: (id) => open.delete(id),
  }).enable()
  try {
    const files = openFiles()
    await scope.run(true, work)
    const left = () => [...open.values(), ...[...openFiles()].filter((file) => !files.has(file))]
    const end = Date.now() + PATIENCE_MS
    while (left().length > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10))
    return left()
  } finally {
    hook.disable()
  }
}

/** ` made at …`: the first place outside Node and this testing kit; nothing if Node made it later, as it does for servers with a host name. */
function caller(): string {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = FRAMES
  const frames = (new Error().stack ?? '').split('\n').slice(1)
  Error.stackTraceLimit = before
  const place = frames.find((frame) => !/\(?node:|[/\\]testing[/\\]open-handles\./.test(frame))
  return place ? place.trim().replace(/^at /, ' made at ') : ''
}

/** Regular files and folders that this process has open, where the system tells. */
function openFiles(): ReadonlySet<string> {
  const files = new Set<string>()
  let names: string[] = []
  try {
    names = readdirSync('/proc/self/fd')
  } catch {}
  for (const fd of names) {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`)
      if (target.startsWith('/') && !/^\/(?:dev|proc)\//.test(target)) files.add(`file descriptor ${fd} of ${target}`)
    } catch {}
  }
  return files
}
