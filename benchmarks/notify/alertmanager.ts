import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Arrivals } from './arrivals.ts'
import { type Contender, DESTINATIONS } from './contender.ts'
import type { Finding } from './paced-agent.ts'

const PROGRAM = 'prometheus-alertmanager'
const START_MS = 10_000
/** How often a flood is posted, ms: what happened meanwhile in one request, as its clients do. */
const TICK_MS = 10

export interface Setting {
  readonly name: string
  /** `group_wait`, and `group_interval`. */
  readonly wait: string
  readonly interval: string
  /** Each finding is an alert by a label of its own, else all of one conversation are one alert. */
  readonly isEach: boolean
}

/** Debian's, or undefined where it is not installed. */
export function alertmanagerVersion(): string | undefined {
  const { status, stdout, stderr } = spawnSync(PROGRAM, ['--version'], { encoding: 'utf8' })
  return status === 0 ? /version (\S+?),? /.exec(stdout + stderr)?.[1] : undefined
}

/** Prometheus' Alertmanager, alone, with a webhook for each destination. Groups are by rule and by what tells conversations apart. */
export class Alertmanager implements Contender {
  readonly name: string
  readonly #setting: Setting
  readonly #folder: string
  #child: ChildProcess | undefined
  #port = 0
  #made = 0

  private constructor(setting: Setting, folder: string) {
    this.name = setting.name
    this.#setting = setting
    this.#folder = folder
  }

  static async start(arrivals: Arrivals, setting: Setting): Promise<Alertmanager> {
    const folder = mkdtempSync(join(tmpdir(), 'cws-bench-am-'))
    const webhooks = DESTINATIONS.map((name) => `      - {url: '${arrivals.url(name)}', send_resolved: false, max_alerts: 20}\n`)
    writeFileSync(
      join(folder, 'alertmanager.yml'),
      `route: {receiver: bench, group_by: [alertname, mark], group_wait: ${setting.wait}, group_interval: ${setting.interval}}\n` +
        `receivers:\n  - name: bench\n    webhook_configs:\n${webhooks.join('')}`,
    )
    const made = new Alertmanager(setting, folder)
    await made.restart()
    return made
  }

  async find({ rule, severity, mark }: Finding, count = 1, ms = 0): Promise<void> {
    const alerts = (times: number) =>
      Array.from({ length: times }, () => ({
        labels: { alertname: rule, severity, mark, ...(this.#setting.isEach ? { number: String(this.#made++) } : {}) },
        annotations: { at: String(process.hrtime.bigint()), summary: `${mark} was found` },
      }))
    if (ms === 0) return await this.#post(alerts(count))
    const start = performance.now()
    for (let made = 0; made < count; ) {
      const due = Math.min(count, Math.ceil(((performance.now() - start) / ms) * count))
      await this.#post(alerts(due - made))
      made = due
      await setTimeout(TICK_MS)
    }
  }

  async #post(alerts: readonly object[]): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
      signal: AbortSignal.timeout(START_MS),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`Alertmanager answered ${answer.status}: ${text}`)
  }

  async restart(): Promise<void> {
    this.#port = await freePort()
    this.#child = spawn(
      PROGRAM,
      [
        `--config.file=${join(this.#folder, 'alertmanager.yml')}`,
        `--storage.path=${join(this.#folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${this.#port}`,
        '--cluster.listen-address=',
        '--log.level=error',
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    )
    const isReady = async () => (await fetch(`http://127.0.0.1:${this.#port}/-/ready`).catch(() => undefined))?.ok
    for (const end = Date.now() + START_MS; !(await isReady()); await setTimeout(20))
      if (Date.now() > end) throw new Error(`${PROGRAM} is not ready within ${START_MS} ms`)
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
