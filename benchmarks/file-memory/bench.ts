/**
 * What the agent's memory depends on while it watches files by marks of their file system: a thousand of them, then a million, a hundred in each
 * folder; then after ten thousand changes.
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
const CHANGES = 10_000
const A_ROUND = 1_000
/** The agent gives memory back every ten seconds. */
const TRIMMED_AFTER_MS = 12_000

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

/** MB after the start, and after as many changes of files, in as many folders as there are. */
async function memory(files: number): Promise<[number, number]> {
  const folder = join(base.path, `of-${files}`)
  make(folder, files)
  await using agent = await RunningAgent.start({
    args: ['--config', join(import.meta.dirname, 'cws.config.ts')],
    env: { CWS_BENCH_FOLDER: folder },
  })
  const seen = async () => ((await ask(join(agent.folder, 'run'), 'status', {})) as AgentStatus).events['change']?.seen ?? 0
  const started = rssMb(agent.agentPid)
  const folders = files / IN_FOLDER
  // As many events of few files as of many: changes of one file that nobody has read yet are told as one.
  for (let round = 0; round < CHANGES / A_ROUND; round++) {
    const before = await seen()
    for (let i = round * A_ROUND; i < (round + 1) * A_ROUND; i++) {
      const inner = i % folders
      appendFileSync(join(folder, String(inner % 100), String(inner), String(Math.floor(i / folders) % IN_FOLDER)), 'x')
    }
    for (const end = Date.now() + 20_000; (await seen()) - before < A_ROUND && Date.now() < end; ) await setTimeout(50)
  }
  await setTimeout(TRIMMED_AFTER_MS)
  return [started, rssMb(agent.agentPid)]
}

const [fewAtStart, few] = await memory(1_000)
const [manyAtStart, most] = await memory(many)
figure('1,000 files watched, file system marks: RSS at the start', fewAtStart, 'MB')
figure('1,000 files watched: RSS after 10,000 changes', few, 'MB')
figure(`${many.toLocaleString('en')} files watched, file system marks: RSS at the start`, manyAtStart, 'MB')
figure(`${many.toLocaleString('en')} files watched: RSS after 10,000 changes`, most, 'MB')
figure('of a million files and of a thousand: RSS', most / few, 'x', '1')
