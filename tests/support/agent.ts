import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** Root of the repository. */
export const root = resolve(import.meta.dirname, '../..')

/** A JSON line of the agent's stdout. */
export type Line = { readonly kind: string } & Record<string, unknown>

export interface AgentSetup {
  /** Arguments after `cws run --format json`. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Where stdout goes: collected as lines, or a descriptor of the caller's. */
  readonly stdout?: 'lines' | number
  /** State and run folder to use again after a restart; a new one, removed at the end, if absent. */
  readonly folder?: string
  /** Working directory, the repository's root if absent. */
  readonly cwd?: string
  /** Which lines of stdout are kept; all if absent. Events of others on this machine may be many. */
  readonly keep?: (line: Line) => boolean
  /** Program and first arguments that stand for `cws`: this repository's launcher if absent. */
  readonly command?: readonly [string, ...string[]]
  /** The environment that `env` is added to: this process's own if absent. */
  readonly environment?: NodeJS.ProcessEnv
}

/** The real agent in a process of its own, through its launcher, with folders of its own. `await using agent = await RunningAgent.start()`. */
export class RunningAgent implements AsyncDisposable {
  readonly lines: Line[] = []
  readonly folder: string
  readonly #child: ChildProcess
  readonly #ownsFolder: boolean
  readonly #waiting = new Set<() => void>()
  #stderr = ''
  exitCode: number | null | undefined

  private constructor(setup: AgentSetup) {
    this.#ownsFolder = setup.folder === undefined
    this.folder = setup.folder ?? mkdtempSync(join(tmpdir(), 'cws-agent-'))
    const [program, ...first] = setup.command ?? [process.execPath, join(root, 'distributions/host/bin/cws.js')]
    this.#child = spawn(program, [...first, 'run', '--format', 'json', ...(setup.args ?? [])], {
      cwd: setup.cwd ?? root,
      env: {
        ...(setup.environment ?? process.env),
        CWS_STATE_DIR: join(this.folder, 'state'),
        CWS_RUN_DIR: join(this.folder, 'run'),
        ...setup.env,
      },
      stdio: ['ignore', typeof setup.stdout === 'number' ? setup.stdout : 'pipe', 'pipe'],
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-200_000)
    })
    let rest = ''
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n')
      rest = parts.pop() ?? ''
      for (const part of parts) {
        const line = JSON.parse(part) as Line
        if (setup.keep?.(line) ?? true) this.lines.push(line)
      }
      for (const wake of this.#waiting) wake()
    })
    this.#child.on('exit', (code) => {
      this.exitCode = code
      for (const wake of this.#waiting) wake()
    })
  }

  /** Starts without waiting for readiness. */
  static launch(setup: AgentSetup = {}): RunningAgent {
    return new RunningAgent(setup)
  }

  /** Starts and waits until it is ready. With stdout elsewhere, until the control socket answers is the caller's matter. */
  static async start(setup: AgentSetup = {}): Promise<RunningAgent> {
    const agent = new RunningAgent(setup)
    try {
      if (typeof setup.stdout !== 'number') await agent.find((line) => line.kind === 'status' && line['state'] === 'ready', 60_000)
      return agent
    } catch (error) {
      // Nobody else knows of it yet.
      await agent[Symbol.asyncDispose]()
      throw error
    }
  }

  get pid(): number {
    return this.#child.pid as number
  }

  get stderr(): string {
    return this.#stderr
  }

  /** The first line that fits, now or within the deadline. */
  async find(fits: (line: Line) => boolean, deadlineMs = 20_000): Promise<Line> {
    let found: Line | undefined
    let at = 0
    await this.until(() => {
      // Each line is looked at once: others on this machine may make many.
      for (; found === undefined && at < this.lines.length; at++) {
        const line = this.lines[at] as Line
        if (fits(line)) found = line
      }
      return found !== undefined
    }, deadlineMs)
    return found as Line
  }

  /** The signal of a rule (one that `fits`, if given), now or within the deadline. */
  async signal(rule: string, fits: (line: Line) => boolean = () => true, deadlineMs = 20_000): Promise<Line> {
    return await this.find((line) => line.kind === 'signal' && (line['rule'] as { id: string }).id === rule && fits(line), deadlineMs)
  }

  /** Waits for a condition that lines or the exit make true. */
  async until(condition: () => boolean, deadlineMs = 20_000): Promise<void> {
    const end = Date.now() + deadlineMs
    while (!condition()) {
      if (this.exitCode !== undefined) throw new Error(`the agent ended with code ${this.exitCode}\n${this.#stderr}`)
      const left = end - Date.now()
      if (left <= 0)
        throw new Error(`not within ${deadlineMs} ms\n${this.#stderr}\nlast lines: ${JSON.stringify(this.lines.slice(-3)).slice(0, 3000)}`)
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer)
          this.#waiting.delete(wake)
          resolve()
        }
        const timer = setTimeout(wake, Math.min(left, 200))
        this.#waiting.add(wake)
      })
    }
  }

  /** The process that watches: where the launcher could not replace itself, its child. From the ready line. */
  get agentPid(): number {
    const ready = this.lines.find((line) => line.kind === 'status' && line['state'] === 'ready')
    return typeof ready?.['pid'] === 'number' ? ready['pid'] : this.pid
  }

  signalProcess(signal: NodeJS.Signals): void {
    process.kill(this.agentPid, signal)
  }

  async exited(deadlineMs = 20_000): Promise<number | null> {
    if (this.exitCode === undefined)
      await Promise.race([
        new Promise((resolve) => this.#child.once('exit', resolve)),
        new Promise((_, reject) =>
          setTimeout(() => reject(new Error(`the agent did not end within ${deadlineMs} ms\n${this.#stderr}`)), deadlineMs).unref(),
        ),
      ])
    return this.exitCode as number | null
  }

  /** SIGTERM, and what it exited with. */
  async stop(deadlineMs?: number): Promise<number | null> {
    if (this.exitCode === undefined) this.#child.kill('SIGTERM')
    return await this.exited(deadlineMs)
  }

  /** SIGKILL. All that it had written has been read when this settles. */
  async kill(): Promise<void> {
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stop()
    } catch {
      this.#child.kill('SIGKILL')
      await this.exited()
    }
    if (this.#ownsFolder) rmSync(this.folder, { recursive: true, force: true })
  }
}

/** CPU seconds that a process has used, all threads, user and system. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Resident memory of a process now, MB. */
export function rssMb(pid: number): number {
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kb) / 1024
}
