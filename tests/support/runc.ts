import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ContainerOptions } from './container-options.ts'
import type { Image } from './image.ts'
import { envOf, ociConfig } from './oci.ts'
import { nested } from './vantage.ts'

/** A container that is made ready to be started: `command` for a process that becomes it, and how to reach it then. */
export class Container implements Disposable {
  /** 64 hexadecimal digits, as managers of containers give them. */
  readonly id = randomBytes(32).toString('hex')
  readonly #bundle = mkdtempSync(join(tmpdir(), 'cws-bundle-'))

  readonly #image: Image
  readonly #options: ContainerOptions

  constructor(image: Image, options: ContainerOptions, command: readonly string[] = image.command) {
    this.#image = image
    this.#options = options
    writeFileSync(join(this.#bundle, 'config.json'), JSON.stringify(ociConfig(image, options, command, `/docker-${this.id}.scope`)))
  }

  /** The runtime in the foreground: it passes signals on and ends as the container ends. */
  get command(): readonly [string, ...string[]] {
    return ['runc', '--root', this.#state, 'run', '--bundle', this.#bundle, '--pid-file', this.#pidFile, this.id]
  }

  /** The runtime's own state, which nobody shares: it goes with the bundle. */
  get #state(): string {
    return join(this.#bundle, 'state')
  }

  get #pidFile(): string {
    return join(this.#bundle, 'pid')
  }

  start(): ChildProcess {
    const [program, ...args] = this.command
    return spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  }

  /** Runs it to its end. @throws Error with what it said, if it fails */
  run(): string {
    const [program, ...args] = this.command
    return checked(program, args)
  }

  /** Pid of its first process, as this process counts. */
  get pid(): number {
    return Number(readFileSync(this.#pidFile, 'utf8'))
  }

  /**
   * Runs a program in it. In a chroot the runtime would enter the root of the mount namespace, which is not the container's: there the program
   * shares its namespaces and its root, but not its control group. @throws Error with what it said, if it fails
   */
  exec(...command: readonly string[]): string {
    if (nested()) {
      const pids = this.#options.host.includes('pid') ? [] : ['--pid']
      const enter = ['--target', `${this.pid}`, '--mount', '--uts', '--ipc', '--net', ...pids, '--root', '--wd']
      return checked('nsenter', [...enter, '/usr/bin/env', '-i', ...envOf(this.#image), ...command])
    }
    return checked('runc', ['--root', this.#state, 'exec', this.id, ...command])
  }

  signal(name: string): void {
    checked('runc', ['--root', this.#state, 'kill', this.id, name])
  }

  [Symbol.dispose](): void {
    spawnSync('runc', ['--root', this.#state, 'delete', '--force', this.id], { stdio: 'ignore' })
    rmSync(this.#bundle, { recursive: true, force: true })
  }
}

function checked(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: 60_000 })
  if (error) throw error
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`)
  return stdout
}
