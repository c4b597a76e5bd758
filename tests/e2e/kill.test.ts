import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { RunningAgent } from '../support/agent.ts'
import { FlappingReceiver, MOODS, type Mood } from '../support/flapping-receiver.ts'
import { project } from '../support/project.ts'
import { Random, seed } from '../support/seed.ts'
import { temporaryFolder } from '../support/triggers.ts'

const rounds = process.env['CWS_TEST_LONG'] ? 300 : 10

/** Milliseconds from the launch within which one round in four is killed: the agent may not be ready by then. */
const EARLY_MS = 2_000
/** Milliseconds from ready on within which the others are. */
const LATE_MS = 700
/** How long the receiver keeps a mood at most, ms. */
const MOOD_MS = 400
/** Wait between two programs that are run, at most, ms. */
const TRIGGER_MS = 40

/** Three rules of different severity: what is stored, synced and told in which order depends on it. Each program is a signal of its own. */
const configuration = (name: string, url: string, timeout: number) => `
import { defineRule } from '@cws/core'
import { rules } from '@cws/plugin-rules'
import processExec from '@cws/plugin-process-exec'
import webhook from '@cws/plugin-notify-webhook'
const rule = (severity) => defineRule({
  id: 'ran-' + severity, name: 'A marked program ran', message: '{{@exec.args}} ran.', severity, on: 'exec',
  where: { 'exec.file.name': ${JSON.stringify(name)}, 'exec.argv': [severity] }, groupBy: ['exec.args'],
})
export default {
  plugins: [
    processExec(),
    rules({ packs: [['low', 'high', 'critical'].map(rule)] }),
    webhook({ name: 'siem', url: ${JSON.stringify(url)}, secret: { env: 'SIEM_SECRET' }, timeout: ${timeout} }),
  ],
}`

interface Stored {
  readonly id: string
  readonly revision: number
}

interface Contents {
  readonly signals: readonly Stored[]
  readonly owed: readonly string[]
  readonly dead: readonly string[]
}

/** What the store holds, looked at in a copy: nobody but the agent opens its files. Throws an Error if one of its databases is damaged. */
function stored(stateDir: string): Contents {
  const empty = { signals: [], owed: [], dead: [] }
  if (!existsSync(stateDir)) return empty
  using copy = temporaryFolder()
  cpSync(stateDir, copy.path, { recursive: true, filter: (path) => !path.endsWith('-shm') })
  for (const file of readdirSync(copy.path).filter((name) => name.endsWith('.db'))) {
    using database = new DatabaseSync(join(copy.path, file))
    expect(database.prepare('PRAGMA integrity_check').all(), file).toEqual([{ integrity_check: 'ok' }])
  }
  if (!existsSync(join(copy.path, 'signals.db'))) return empty
  using database = new DatabaseSync(join(copy.path, 'signals.db'))
  // Killed before its first migration.
  if (database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'outbox'").get() === undefined) return empty
  const keys = (table: string) =>
    database
      .prepare(`SELECT key FROM ${table}`)
      .all()
      .map(({ key }) => String(key))
  const due = database.prepare('SELECT signal FROM conversations WHERE due IS NOT NULL').all()
  return {
    signals: database.prepare('SELECT id, revision FROM signals').all() as unknown as Stored[],
    owed: [...keys('outbox'), ...due.map(({ signal }) => String(signal))],
    dead: keys('dead'),
  }
}

/** The newest revision of each signal that was seen so far. */
class Newest extends Map<string, number> {
  see(id: string, revision: number): void {
    this.set(id, Math.max(this.get(id) ?? 0, revision))
  }
}

/** Runs marked programs until it is told to end: most are new, some are repeated and grow, some come in a flood. */
async function flow(program: string, random: Random, ended: AbortSignal): Promise<number> {
  let count = 0
  const recent: string[] = []
  while (!ended.aborted) {
    const again = recent.length > 0 && random.below(4) === 0
    const mark = again ? random.one(recent) : `mark-${count}`
    const child = spawn(program, [random.one(['low', 'high', 'critical']), mark], { stdio: 'ignore' })
    await once(child, 'exit')
    count++
    recent.push(mark)
    if (recent.length > 30) recent.shift()
    if (random.below(20) > 0) await sleep(random.below(TRIGGER_MS))
  }
  return count
}

/** In these a body comes whole and is not taken: it comes again. */
const UNTAKEN = ['refuses', 'busy', 'slow', 'dies'] as const

const metMoods = (receiver: FlappingReceiver): number => new Set(receiver.arrivals.map(({ mood }) => mood)).size

async function flap(receiver: FlappingReceiver, random: Random, ended: AbortSignal): Promise<void> {
  // Two of them are met, however short the run.
  const first = random.below(UNTAKEN.length)
  for (const at of [first, first + 1]) {
    const before = metMoods(receiver)
    await receiver.become(UNTAKEN[at % UNTAKEN.length] as Mood)
    while (!ended.aborted && metMoods(receiver) === before) await sleep(20)
  }
  while (!ended.aborted) {
    const mood: Mood = random.below(3) === 0 ? 'takes' : random.one(MOODS)
    await receiver.become(mood)
    await sleep(random.below(MOOD_MS))
  }
}

it(
  `an agent that is killed at any moment, ${rounds} times, while its receiver flaps: every signal arrives, a repeated one is the same [case 12]`,
  async () => {
    console.info(`kill -9: ${rounds} rounds, CWS_TEST_SEED=${seed}`)
    const random = new Random(seed)
    await using receiver = await FlappingReceiver.start()
    using programs = temporaryFolder()
    const name = `marked-${process.pid}`
    const program = join(programs.path, name)
    copyFileSync('/bin/true', program)
    using folder = project(configuration(name, receiver.url, 400))
    const setup = { args: ['--config', folder.config], folder: folder.path, env: { SIEM_SECRET: receiver.secret } }
    const newest = new Newest()
    const end = new AbortController()
    const running = flow(program, new Random(seed + 1), end.signal)
    const flapping = flap(receiver, new Random(seed + 2), end.signal)
    let unready = 0
    // Of a breaker that is open a probe comes now and then: it may take some rounds more until two moods were met.
    for (let round = 0; round < rounds || (metMoods(receiver) < 2 && round < rounds + 20); round++) {
      const agent = RunningAgent.launch(setup)
      try {
        if (random.below(4) > 0) await agent.find(({ kind, state }) => kind === 'status' && state === 'ready', 60_000)
        await sleep(random.below(agent.lines.length > 0 ? LATE_MS : EARLY_MS))
        if (agent.lines.length === 0) unready++
      } finally {
        await agent.kill()
      }
      expect(agent.stderr).not.toContain('CWS_ERR_STORE')
      const { signals } = stored(join(folder.path, 'state'))
      for (const { id, revision } of signals) newest.see(id, revision)
      // What is shown is stored.
      for (const line of agent.lines)
        if (line.kind === 'signal')
          expect(newest.get(line['id'] as string), agent.stderr).toBeGreaterThanOrEqual(line['revision'] as number)
    }
    end.abort()
    const executed = await running
    await flapping
    await receiver.become('takes')

    await using last = await RunningAgent.start(setup)
    // Another timeout is another notifier: what waited for its next try is tried at once.
    writeFileSync(folder.config, configuration(name, receiver.url, 5_000))
    await last.find(({ kind, state }) => kind === 'status' && state === 'reloaded')
    const arrived = () => {
      const keys = new Set(receiver.arrivals.map(({ key }) => key))
      return [...newest].every(([id, revision]) => keys.has(`${id}:${revision}:siem`))
    }
    await expect.poll(arrived, { timeout: 90_000, interval: 200 }).toBe(true)
    expect(await last.stop()).toBe(0)

    const bodies = new Map<string, string>()
    let repeated = 0
    for (const { key, body } of receiver.arrivals) {
      const before = bodies.get(key)
      if (before !== undefined) repeated++
      expect(before ?? body, key).toBe(body)
      bodies.set(key, body)
      const { id, revision } = JSON.parse(body) as Stored
      expect(key).toBe(`${id}:${revision}:siem`)
    }
    expect(receiver.forged).toBe(0)
    expect([...newest].filter(([id, revision]) => !bodies.has(`${id}:${revision}:siem`))).toEqual([])
    expect(stored(join(folder.path, 'state'))).toMatchObject({ owed: [], dead: [] })
    console.info(
      `kill -9: ${unready} of ${rounds} before it was ready; ${executed} programs, ${newest.size} signals, ${receiver.arrivals.length} deliveries, ${repeated} repeated`,
    )
    // The test has tested something.
    expect(metMoods(receiver)).toBeGreaterThan(2)
    expect(newest.size).toBeGreaterThan(rounds)
    expect(repeated).toBeGreaterThan(0)
  },
  300_000 + rounds * 15_000,
)
