/**
 * What the agent's memory depends on while it watches files by marks of their file system: a thousand of them, then a million, a hundred in each
 * folder; then with a change in each folder.
 */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { AgentStatus } from '../../core/src/agent/status.ts'
import { ask } from '../../core/src/delivery/control/control-client.ts'
import { RunningAgent, rssMb } from '../../tests/support/agent.ts'
import { figure } from '../statistics.ts'

const many = Number(process.env['CWS_BENCH_FILES'] ?? 1_000_000)
const IN_FOLDER = 100

using base = {
  // A file system in memory: a million files elsewhere would measure the disk.
  path: mkdtempSync('/dev/shm/cws-bench-'),
  [Symbol.dispose]: () => rmSync(base.path, { recursive: true }),
}

function make(folder: string, files: number): void {
  for (let i = 0; i < files / IN_FOLDER; i++) {
    const inner = join(folder, String(i % 100), String(i))
    mkdirSync(inner, { recursive: true })
    for (let j = 0; j < IN_FOLDER; j++) writeFileSync(join(inner, String(j)), '')
  }
}

/** MB after the start, and after a file in each of the folders was changed. */
async function memory(files: number): Promise<[number, number]> {
  const folder = join(base.path, `of-${files}`)
  make(folder, files)
  await using agent = await RunningAgent.start({
    args: ['--config', join(import.meta.dirname, 'cws.config.ts')],
    env: { CWS_BENCH_FOLDER: folder },
  })
  const seen = async () => ((await ask(join(agent.folder, 'run'), 'status', {})) as AgentStatus).events['change']?.seen ?? 0
  const started = rssMb(agent.agentPid)
  const before = await seen()
  const changed = 10_000
  for (let i = 0; i < changed; i++) {
    const inner = i % (files / IN_FOLDER)
    appendFileSync(join(folder, String(inner % 100), String(inner), String(i % IN_FOLDER)), 'x')
  }
  for (const end = Date.now() + 20_000; (await seen()) - before < files / IN_FOLDER && Date.now() < end; ) await setTimeout(50)
  return [started, rssMb(agent.agentPid)]
}

const [fewAtStart, few] = await memory(1_000)
const [manyAtStart, most] = await memory(many)
figure('1,000 files watched, file system marks: RSS at the start', fewAtStart, 'MB')
figure('1,000 files watched: RSS after 10,000 changes', few, 'MB')
figure(`${many.toLocaleString('en')} files watched, file system marks: RSS at the start`, manyAtStart, 'MB')
figure(`${many.toLocaleString('en')} files watched: RSS after 10,000 changes`, most, 'MB')
figure('of a million files and of a thousand: RSS', most / few, 'x', '1')
