import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './agent.ts'
import { addNode, addResolver, copyRoot, debianRoot, runIn } from './debian-root.ts'

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const COMMAND_MS = 300_000
/** Its root becomes that of the namespace, as on a host: records have no other paths. */
const ENTER = `
mount --rbind "$1" "$1" && cd "$1" && mount --make-rprivate . &&
for it in proc sys dev; do mount --rbind /$it $it; done &&
mount -t tmpfs -o mode=755 tmpfs run && mount -t tmpfs -o mode=1777 tmpfs dev/shm &&
mkdir -p mnt && pivot_root . mnt && umount -l /mnt && echo entered && exec sleep infinity`

/** A Debian with files and mounts of its own, but the processes and the network of this host: what an operator installs and starts there is done to it. */
export class DebianHost implements Disposable {
  readonly #folder: string
  readonly #holder: ReturnType<typeof spawn>

  private constructor(folder: string) {
    this.#folder = folder
    const enter = ['--mount', '--propagation', 'private', 'sh', '-c', ENTER, 'sh', folder]
    this.#holder = spawn('unshare', enter, { stdio: ['ignore', 'pipe', 'inherit'] })
  }

  /** `prepare` is run on its files before, as by an administrator. */
  static async of(suite: string, prepare: string, env: Readonly<Record<string, string>> = {}): Promise<DebianHost> {
    const folder = join(root, '.cache/container', `host-${process.pid}`)
    rmSync(folder, { recursive: true, force: true })
    copyRoot(debianRoot(suite), folder)
    addResolver(folder)
    addNode(folder)
    // Others than root are to get in.
    chmodSync(folder, 0o755)
    await runIn(folder, prepare, { env: { PATH, ...env } })
    const host = new DebianHost(folder)
    await once(host.#holder.stdout as NodeJS.ReadableStream, 'data')
    return host
  }

  /** Runs a shell command there. @throws Error with what it said, if it fails */
  async sh(command: string): Promise<string> {
    const child = spawn('nsenter', this.#in(command), { stdio: ['ignore', 'pipe', 'pipe'], timeout: COMMAND_MS })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text))
    // Daemons that it started may keep its output open.
    const [code] = (await once(child, 'exit')) as [number | null]
    if (code !== 0) throw new Error(`${command} ended with ${code}: ${said.slice(-4000)}`)
    return said.trim()
  }

  /** Starts a program there that goes on. */
  start(command: string): void {
    spawn('nsenter', this.#in(command), { stdio: 'ignore' })
  }

  #in(command: string): string[] {
    const env = ['-i', `PATH=${PATH}`, 'HOME=/root', 'LANG=C.UTF-8', 'DEBIAN_FRONTEND=noninteractive']
    return ['--target', `${this.#holder.pid}`, '--mount', '--root', '--wd', '/usr/bin/env', ...env, '/bin/sh', '-c', command]
  }

  /** What `process.ns.mnt` is of processes there. */
  get mounts(): number {
    return statSync(`/proc/${this.#holder.pid}/ns/mnt`).ino
  }

  /** Whoever is in its mounts has been started there. */
  [Symbol.dispose](): void {
    const space = readlinkSync(`/proc/${this.#holder.pid}/ns/mnt`)
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
      try {
        if (readlinkSync(`/proc/${pid}/ns/mnt`) === space) process.kill(Number(pid), 'SIGKILL')
      } catch {
        // It has ended.
      }
    spawnSync('rm', ['-rf', '--one-file-system', this.#folder])
  }
}
