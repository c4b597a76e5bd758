import { type ChildProcess, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { capGet } from '@cws/native/launch'
import { root } from './agent.ts'
import { addNode, addResolver, copyRoot, debianRootWith, runIn } from './debian-root.ts'
import { Container } from './runc.ts'

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const BOOT_MS = 60_000

/** A Debian that systemd runs, in namespaces of its own: what an operator does to a host is done to it. Its files can be changed from outside, with npm. */
export class SystemdMachine implements Disposable {
  readonly #folder: string
  readonly #container: Container
  #process: ChildProcess | undefined

  private constructor(folder: string) {
    this.#folder = folder
    this.#container = new Container(
      {
        root: folder,
        env: { PATH, container: 'runc' },
        workdir: '/',
        command: ['/lib/systemd/systemd', '--show-status=no'],
        volumes: [],
        stopSignal: 'SIGRTMIN+3',
        health: [],
      },
      {
        host: [],
        readOnly: false,
        capabilities: capGet().bounding,
        noNewPrivileges: false,
        ownCgroups: true,
        tmpfs: ['/run', '/tmp'].map((at) => ({ at, options: ['mode=755'] })),
        mounts: [],
      },
    )
  }

  /** Prepares its files; `prepare` runs before it is booted. */
  static async boot(prepare: (machine: SystemdMachine) => Promise<void>): Promise<SystemdMachine> {
    const folder = join(root, '.cache/container', `machine-${process.pid}`)
    rmSync(folder, { recursive: true, force: true })
    copyRoot(await debianRootWith('bookworm', 'systemd'), folder)
    addResolver(folder)
    addNode(folder)
    const machine = new SystemdMachine(folder)
    try {
      await prepare(machine)
      machine.#process = machine.#container.start()
      const end = Date.now() + BOOT_MS
      while (!/^(running|degraded)$/m.test(machine.tried('systemctl', 'is-system-running').text)) {
        if (machine.#process.exitCode !== null || Date.now() > end) throw new Error('systemd does not boot here')
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
      return machine
    } catch (error) {
      machine[Symbol.dispose]()
      throw error
    }
  }

  /** Runs a shell command on its files, with the network of the tests: what is installed. */
  async files(command: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    return await runIn(this.#folder, command, { env: { PATH, ...env } })
  }

  /** Runs a shell command in it. @throws Error with what it said, if it fails */
  sh(command: string): string {
    return this.#container.exec('/bin/sh', '-c', command).trim()
  }

  /** The same, whatever becomes of it. */
  tried(...command: string[]): { readonly ok: boolean; readonly text: string } {
    try {
      return { ok: true, text: this.#container.exec(...command) }
    } catch (error) {
      return { ok: false, text: (error as Error).message }
    }
  }

  /** Waits until a shell command succeeds in it; @throws Error with what it said at last */
  async until(command: string, deadlineMs = 60_000): Promise<void> {
    for (const end = Date.now() + deadlineMs; ; ) {
      const { ok, text } = this.tried('/bin/sh', '-c', command)
      if (ok) return
      if (Date.now() > end) throw new Error(`${text}\n${this.tried('journalctl', '-n', '30', '--no-pager').text}`)
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }

  exists(path: string): boolean {
    return existsSync(join(this.#folder, path))
  }

  read(path: string): string {
    return readFileSync(join(this.#folder, path), 'utf8')
  }

  [Symbol.dispose](): void {
    this.#container[Symbol.dispose]()
    this.#process?.kill('SIGKILL')
    spawnSync('rm', ['-rf', '--one-file-system', this.#folder])
  }
}
