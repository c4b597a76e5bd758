import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A change as mount-space-main.ts tells it; `known`: its inode is. */
export interface ToldChange {
  readonly kind: string
  readonly path: string | null
  readonly to: string | null
  readonly known: boolean
}

/**
 * The file sensor in a process with a mount namespace of its own, and a shell in there: what is mounted is gone with it. Processes whose numbers a
 * command wrote to $B/pids are ended with it.
 */
export class MountSpace implements AsyncDisposable {
  /** A new folder, seen by both. */
  readonly base: string
  readonly changes: ToldChange[] = []
  /** What could not be watched, as of the last command. */
  problems: readonly string[] = []
  readonly #child: ChildProcess
  readonly #done: string[] = []
  #errors = ''

  private constructor(base: string, options: object) {
    this.base = base
    const main = join(import.meta.dirname, 'mount-space-main.ts')
    const node = [process.execPath, '--conditions=cws-source', main, JSON.stringify(options)]
    this.#child = spawn('unshare', ['-m', '--propagation', 'private', ...node], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#errors += text))
    createInterface(this.#child.stdout as NonNullable<ChildProcess['stdout']>).on('line', (line) => this.#take(JSON.parse(line)))
  }

  #take(line: Partial<ToldChange> & { readonly done?: string; readonly failed?: string; readonly problems?: readonly string[] }): void {
    if (line.kind) this.changes.push(line as ToldChange)
    if (line.problems) this.problems = line.problems
    if (line.done ?? line.failed) this.#done.push(line.failed ?? '')
  }

  /** Watches these patterns, below `base`, after `prepare` (a command for the shell, $B being base) was run outside. */
  static async watch(globs: readonly string[], options: object = {}, prepare = ''): Promise<MountSpace> {
    const base = mkdtempSync(join(tmpdir(), 'cws-mounts-'))
    if (prepare) await once(spawn('/bin/sh', ['-ec', prepare], { env: { ...process.env, B: base }, stdio: 'inherit' }), 'exit')
    const space = new MountSpace(base, { ...options, watch: globs.map((glob) => join(base, glob)) })
    await space.until('it watches', () => space.#done.length === 1)
    return space
  }

  at(...names: string[]): string {
    return join(this.base, ...names)
  }

  /** Runs a command in the namespace; $B is `base`. */
  async run(command: string): Promise<void> {
    const before = this.#done.length
    this.#child.stdin?.write(`B='${this.base}'; ${command}\n`)
    await this.until(command, () => this.#done.length > before)
    const failed = this.#done.at(-1)
    if (failed) throw new Error(`${failed}\n${this.#errors}`)
  }

  async seen(kind: string, path: string): Promise<ToldChange> {
    const found = () => this.changes.find((one) => one.kind === kind && (one.path === this.at(path) || one.to === this.at(path)))
    await this.until(`${kind} ${path}`, () => found() !== undefined)
    return found() as ToldChange
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    for (const deadline = Date.now() + 20_000; !condition(); ) {
      if (this.#child.exitCode !== null || Date.now() > deadline)
        throw new Error(`never happened: ${what}; seen: ${JSON.stringify(this.changes)}\n${this.#errors}`)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const pids = existsSync(this.at('pids')) ? readFileSync(this.at('pids'), 'utf8').split('\n').filter(Boolean) : []
    for (const pid of pids) process.kill(Number(pid), 'SIGKILL')
    const exit = this.#child.exitCode === null && once(this.#child, 'exit')
    this.#child.stdin?.end()
    await exit
    rmSync(this.base, { recursive: true, force: true })
  }
}
