import { openSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { AgentStatus } from '../../core/src/agent/status.ts'
import { ask } from '../../core/src/delivery/control/control-client.ts'
import { type Line, RunningAgent } from '../support/agent.ts'
import { generator, run, runBeside } from '../support/triggers.ts'
import { nested, pidNamespace } from '../support/vantage.ts'

const execs = 20_000

it(`${execs} execs as fast as they go: each an event with its own argument and parent, none lost`, async () => {
  await using agent = await RunningAgent.start({ args: ['--events=exec'], keep: isOfStorm })
  // Its output is read meanwhile.
  await runBeside(generator('exec_storm'), [String(execs)])
  const seen = new Map<string, number>()
  const parents = new Set<unknown>()
  let taken = 0
  await agent.until(() => {
    for (; taken < agent.lines.length; taken++) {
      const line = agent.lines[taken] as Line & ExecLine
      if (line.kind !== 'event') continue
      const args = line.exec?.args ?? ''
      seen.set(args, (seen.get(args) ?? 0) + 1)
      parents.add(`${line.process?.ppid} ${line.process?.parent?.file?.name}`)
    }
    return seen.size >= execs
  }, 60_000)
  expect(seen.size).toBe(execs)
  expect([...seen.values()].every((count) => count === 1)).toBe(true)
  expect(parents.size).toBe(1)
  expect([...parents][0]).toMatch(/exec_storm$/)
  const status = (await ask(join(agent.folder, 'run'), 'status', {})) as AgentStatus
  expect(status.events['exec']?.lost).toBe(0)
  expect(status.delivery?.eventsDropped).toBe(0)
}, 180_000)

interface ExecLine {
  readonly exec?: { readonly args?: string }
  readonly process?: {
    readonly ppid?: number
    readonly ns?: { readonly pidns?: number }
    readonly parent?: { readonly file?: { readonly name?: string }; readonly ppid?: number }
  }
}

/** Execs of the storm that this process lets loose, and what is no event. */
function isOfStorm(line: Line): boolean {
  if (line.kind !== 'event') return true
  const { exec, process: subject } = line as Line & ExecLine
  // In a pid namespace of its own this process has another pid in records, but whoever shares the namespace is ours.
  const ours = nested() ? subject?.ns?.pidns === pidNamespace : subject?.parent?.ppid === process.pid
  return ours && subject?.parent?.file?.name === 'exec_storm' && exec?.args !== undefined
}

it('goes on judging while nobody reads its output, bounded and counted', async () => {
  // A pipe that is never read: events pile up and are dropped, signals are kept, the engine does not wait.
  using pipe = unreadPipe()
  await using agent = await RunningAgent.start({ args: ['--events=exec'], stdout: pipe.write })
  const status = async () => (await ask(join(agent.folder, 'run'), 'status', {})) as AgentStatus
  await expect.poll(async () => (await status().catch(() => undefined))?.state, { timeout: 60_000 }).toBe('ready')
  const before = (await status()).events['exec']?.seen ?? 0
  run(generator('exec_storm'), [String(execs)])
  await expect.poll(async () => ((await status()).events['exec']?.seen ?? 0) - before, { timeout: 30_000 }).toBeGreaterThanOrEqual(execs)
  const after = await status()
  expect(after.events['exec']?.lost).toBe(0)
  expect(after.delivery?.outputBytes).toBeLessThanOrEqual(64 * 1024 * 1024)
  // What nobody reads is waited for, within bounds.
  expect(await agent.stop(60_000)).toBe(0)
}, 180_000)

/** A pipe whose reading end is open and never read: a FIFO, opened for both so that neither open waits. */
function unreadPipe(): Disposable & { readonly write: number } {
  const folder = run('/bin/mktemp', ['-d']).trim()
  const fifo = join(folder, 'fifo')
  run('/usr/bin/mkfifo', [fifo])
  const write = openSync(fifo, 'r+')
  return { write, [Symbol.dispose]: () => run('/bin/rm', ['-rf', folder]) }
}
