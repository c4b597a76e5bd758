import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { TYPE } from '../../native/src/layout.generated.ts'
import { Vantage } from '../../tests/support/vantage.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const out = path('../.output')

/** The generator of what the programs must see: see generate.c. Beside the tree, which may lie on an overlay and have its flags. */
export const generator = join(mkdtempSync(join(realpathSync(tmpdir()), 'cws-generate-')), 'generate')

/** Removes the generator. */
export const cleanUp = (): void => rmSync(dirname(generator), { recursive: true, force: true })

/** Builds objects, reader and generator from what is in the tree. */
export function build(): void {
  mkdirSync(out, { recursive: true })
  execFileSync(path('../build'), [out], { stdio: ['ignore', 'inherit', 'inherit'] })
  const deps = path('../../native/scripts/deps')
  const system = existsSync('/usr/include/bpf/libbpf.h') || !existsSync(deps)
  const prefix = system ? '/usr' : execFileSync(deps, { encoding: 'utf8' }).trim()
  const flags = ['-std=gnu11', '-O1', '-g', '-Wall', '-Wextra', '-Werror']
  const dump = [
    ...flags,
    `-I${path('../include')}`,
    `-I${prefix}/include`,
    path('dump.c'),
    '-o',
    `${out}/dump`,
    `-L${prefix}/lib`,
    '-lbpf',
    '-lelf',
    '-lz',
  ]
  execFileSync('gcc', dump, { stdio: 'inherit' })
  execFileSync('gcc', [...flags, '-static', '-pthread', path('generate.c'), '-o', generator], { stdio: 'inherit' })
  chmodSync(dirname(generator), 0o755)
}

/** A line of dump.c: a record with its fields by their names in cws_event.h, the file's own `size` as `bytes`, texts as latin1. */
export type Line = { [field: string]: unknown; type: number; pid: number; ppid: number; flags: number; argv: string; code: number }

/** What dump.c says last. */
export type Totals = {
  counters: ({ seen: number; lost: number; filtered: number } | null)[]
  programs: Record<string, { runs: number; ns: number; verified: number; missed: number }>
}

/** A loaded and attached object whose records arrive in `lines`. */
export class Dump {
  readonly lines: Line[] = []
  readonly #process: ChildProcess
  #wake = () => {}
  #last: unknown
  #vantage: Vantage | undefined

  private constructor(object: string, allowed: string[]) {
    this.#process = spawn(`${out}/dump`, [`${out}/${object}`, ...allowed], { stdio: ['pipe', 'pipe', 'inherit'] })
    createInterface({ input: this.#process.stdout! }).on('line', (line) => {
      this.#last = JSON.parse(line)
      this.lines.push(this.#last as Line)
      this.#wake()
    })
    this.#process.once('close', () => this.#wake())
  }

  /** Resolves once everything is attached. `allowed` are the variables that keep their values. */
  static async start(object: string, allowed: string[] = []): Promise<Dump> {
    const dump = new Dump(object, allowed)
    await dump.find((line) => line['ready'] === true)
    const mark = `vantage-${process.pid}`
    await generate(['exit', '0', mark])
    const { path, ppid } = await dump.exec(mark)
    dump.#vantage = new Vantage(generator, { path: String(path), ppid })
    return dump
  }

  /** From where the tests look. */
  get vantage(): Vantage {
    if (!this.#vantage) throw new Error('the reader is not ready')
    return this.#vantage
  }

  /** The pid in records of a child of this process. */
  async pidOf(child: number): Promise<number> {
    return (await this.find((line) => line.type === TYPE.FORK && line.ppid === this.vantage.pid && line['ns_pid'] === child)).pid
  }

  /** The first line that fits, waiting for it; throws after ten seconds or when the reader ended. */
  async find(fits: (line: Line) => boolean): Promise<Line> {
    const deadline = AbortSignal.timeout(10_000)
    for (let from = 0; ; ) {
      const found = this.lines.slice(from).find(fits)
      if (found) return found
      if (this.#process.exitCode !== null) throw new Error(`the reader ended with ${this.#process.exitCode}`)
      if (deadline.aborted) throw new Error(`no such record: ${fits}`)
      from = this.lines.length
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        deadline.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  /** The exec whose arguments hold `mark`: that of the generator itself only when it was told to exit, else the one it made. */
  exec(mark: string): Promise<Line> {
    const fits = ({ argv }: Line) =>
      argv.includes(`\0${mark}\0`) && (!argv.startsWith(`${generator}\0`) || argv.startsWith(`${generator}\0exit\0`))
    return this.find((line) => line.type === TYPE.EXEC && fits(line))
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name)
  }

  /** Detaches; resolves to the totals. */
  async stop(): Promise<Totals> {
    this.#process.stdin!.end()
    if (this.#process.exitCode === null) await once(this.#process, 'close')
    return this.#last as Totals
  }
}

/** Runs the generator to its end, as leader of a session; resolves to its pid as this process sees it and how it ended. */
export async function generate(
  args: string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<{ pid: number; code: number | null; signal: string | null }> {
  const child = spawn(generator, args, { ...options, detached: true, stdio: 'ignore' })
  const [code, signal] = await once(child, 'exit')
  return { pid: child.pid!, code, signal }
}
