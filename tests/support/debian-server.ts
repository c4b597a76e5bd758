import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { debianRootWith } from './debian-root.ts'

const UP_MS = 30_000

/** One of Debian's servers: which packages it is, how it is set up and what is run. */
export interface Kind {
  readonly name: string
  /** Its packages, if they are more than the one of its name. */
  readonly packages?: readonly string[]
  /** Files by their path below a folder that is bound to /srv. */
  readonly files: (port: number) => Readonly<Record<string, string>>
  /** Shell commands run as root in its root, `$1`, with mounts of its own and `$2` bound to `$1/srv`. */
  readonly prepare: string
  readonly command: string
}

/** A server in a root, mount and pid namespace of its own, on a free port of loopback. Its packages' root is shared and stays as it is. */
export class DebianServer implements AsyncDisposable {
  readonly port: number
  /** What it sees as /srv. */
  readonly folder: string
  readonly #kind: Kind
  readonly #root: string
  readonly #answers: (port: number) => Promise<boolean>
  #process: ChildProcess | undefined

  private constructor(port: number, folder: string, kind: Kind, root: string, answers: (port: number) => Promise<boolean>) {
    this.port = port
    this.folder = folder
    this.#kind = kind
    this.#root = root
    this.#answers = answers
  }

  /** `answers`: whether it serves on its port. */
  static async start(kind: Kind, answers: (port: number) => Promise<boolean>, prepare?: (folder: string) => void): Promise<DebianServer> {
    const root = await debianRootWith('bookworm', ...(kind.packages ?? [kind.name]))
    const port = await freePort()
    const folder = mkdtempSync(join(tmpdir(), `cws-${kind.name}-`))
    chmodSync(folder, 0o755)
    prepare?.(folder)
    for (const [path, text] of Object.entries(kind.files(port))) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text, { mode: 0o644 })
    }
    const server = new DebianServer(port, folder, kind, root, answers)
    try {
      await server.run()
      return server
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Starts it, for the first time or after it was killed. */
  async run(): Promise<void> {
    const { prepare, command } = this.#kind
    const lines = [
      'mount -t proc proc "$1/proc"',
      'mount --rbind /dev "$1/dev"',
      'mount -t tmpfs tmpfs "$1/run"',
      'mount --bind "$2" "$1/srv"',
      prepare,
      // Servers give up root: they too must get into what is their root.
      'chmod 755 "$1"',
      // The shell stays the first process: the server changes its user, and would no longer be ended with who started it.
      `chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin ${command}`,
      'exit',
    ]
    const apart = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private']
    // A file: what it is told to write to by name cannot be one of Node's pipes, which are sockets.
    const log = openSync(join(this.folder, 'log'), 'a')
    this.#process = spawn('unshare', [...apart, 'sh', '-ec', lines.join('\n'), 'sh', this.#root, this.folder], {
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    for (const end = Date.now() + UP_MS; !(await this.#answers(this.port)); ) {
      if (this.#process.exitCode !== null || Date.now() > end)
        throw new Error(`${this.#kind.name} does not start: ${readFileSync(join(this.folder, 'log'), 'utf8')}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** Ends it as `kill -9` does, with all that it started. */
  async kill(): Promise<void> {
    const process = this.#process
    if (process === undefined || process.exitCode !== null || process.signalCode !== null) return
    const gone = new Promise((resolve) => process.once('exit', resolve))
    process.kill('SIGKILL')
    await gone
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
