import { type ChildProcess, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { debianRootWith } from './debian-root.ts'

const UP_MS = 30_000
/** User and group `mail` of Debian. */
const MAIL = 8
const FOLDER = '/srv'

/** One of Debian's mail servers: which package it is, how it is set up and what is run. */
export interface Kind {
  readonly name: string
  /** Files by their path below a folder that is bound to /srv. */
  readonly files: (port: number) => Readonly<Record<string, string>>
  /** Shell commands run as root in its root, `$1`, with mounts of its own and `$2` bound to `$1/srv`. */
  readonly prepare: string
  readonly command: string
}

/** A mail server in a root, mount and pid namespace of its own, on a free port of loopback. Its package's root is shared and stays as it is. */
export class DebianMailServer implements AsyncDisposable {
  readonly port: number
  readonly #folder: string
  readonly #process: ChildProcess

  private constructor(port: number, folder: string, process: ChildProcess) {
    this.port = port
    this.#folder = folder
    this.#process = process
  }

  static async start({ name, files, prepare, command }: Kind): Promise<DebianMailServer> {
    const from = await debianRootWith('bookworm', name)
    const port = await freePort()
    const folder = mkdtempSync(join(tmpdir(), `cws-${name}-`))
    chmodSync(folder, 0o755)
    mkdirSync(join(folder, 'mail'))
    chownSync(join(folder, 'mail'), MAIL, MAIL)
    for (const [path, text] of Object.entries(files(port))) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text, { mode: 0o644 })
    }
    const lines = [
      'mount -t proc proc "$1/proc"',
      'mount --rbind /dev "$1/dev"',
      'mount -t tmpfs tmpfs "$1/run"',
      `mount --bind "$2" "$1${FOLDER}"`,
      prepare,
      // Servers give up root: they too must get into what is their root.
      'chmod 755 "$1"',
      // The shell stays the first process: the server changes its user, and would no longer be ended with who started it.
      `chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin ${command}`,
      'exit',
    ]
    const apart = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private']
    // A file: what it is told to write to by name cannot be one of Node's pipes, which are sockets.
    const log = openSync(join(folder, 'log'), 'w')
    const child = spawn('unshare', [...apart, 'sh', '-ec', lines.join('\n'), 'sh', from, folder], { stdio: ['ignore', log, log] })
    closeSync(log)
    const server = new DebianMailServer(port, folder, child)
    try {
      await server.#up(name)
      return server
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The mails in a box, as they lie there: LF at line ends. */
  box(name: string): readonly string[] {
    const folder = join(this.#folder, 'mail', name, 'new')
    try {
      return readdirSync(folder).map((file) => readFileSync(join(folder, file), 'latin1'))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const gone = new Promise((resolve) => this.#process.once('exit', resolve))
      this.#process.kill('SIGKILL')
      await gone
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #up(name: string): Promise<void> {
    for (const end = Date.now() + UP_MS; !(await answers(this.port)); ) {
      if (this.#process.exitCode !== null || Date.now() > end)
        throw new Error(`${name} does not start: ${readFileSync(join(this.#folder, 'log'), 'utf8')}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('data', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('close', () => resolve(false))
    })
  } finally {
    socket.destroy()
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
