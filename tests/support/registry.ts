import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { runServer } from 'verdaccio'
import { inject } from 'vitest'
import type { Packed } from '../../scripts/pack.ts'
import { root } from './agent.ts'
import { aloneFor } from './alone.ts'
import { plainEnvironment } from './environment.ts'
import { packedOnce } from './packed.ts'

const run = promisify(execFile)

/** What others published is fetched once: it stays between runs, as does npm's cache. Registries that run at the same time share it. */
const CACHE = join(root, '.cache/registry')
const STORAGE = join(CACHE, 'storage')

/** A registry of our own on loopback: our packages are published to it, those of others come through it from wherever this machine gets them. */
export class Registry implements AsyncDisposable {
  readonly url: string
  /** Environment of a newcomer whose npm knows this registry alone. */
  readonly env: NodeJS.ProcessEnv
  readonly #server: Server
  readonly #folder: string
  /** Where what is published to it lies. */
  readonly #ours: string

  private constructor(server: Server, folder: string) {
    const { port } = server.address() as AddressInfo
    this.#server = server
    this.#folder = folder
    this.#ours = join(folder, 'ours')
    this.url = `http://127.0.0.1:${port}/`
    const userconfig = join(folder, 'npmrc')
    // The registry lets everybody publish; npm insists on a token all the same.
    writeFileSync(
      userconfig,
      [`registry=${this.url}`, `//127.0.0.1:${port}/:_authToken=nobody`, 'update-notifier=false', 'fund=false', 'audit=false', ''].join(
        '\n',
      ),
    )
    this.env = { ...plainEnvironment(), npm_config_userconfig: userconfig, npm_config_cache: join(CACHE, 'npm') }
  }

  /** One that has all our packages. The first of a run of the tests publishes them; the others begin with what it had then. */
  static async start(): Promise<Registry> {
    const published = join(inject('runFolder'), 'published')
    return await aloneFor(`${published}.lock`, async () => {
      const again = existsSync(published)
      const registry = await Registry.#startWith(again ? published : undefined)
      if (again) return registry
      await registry.#publishAll(packedOnce())
      cpSync(registry.#ours, published, { recursive: true })
      return registry
    })
  }

  static async #startWith(published: string | undefined): Promise<Registry> {
    const { stdout } = await run('npm', ['config', 'get', 'registry'], { env: plainEnvironment(), cwd: tmpdir() })
    mkdirSync(STORAGE, { recursive: true })
    const folder = mkdtempSync(join(tmpdir(), 'cws-registry-'))
    // Of our packages nothing stays: the same version would be refused.
    const storage = join(folder, 'ours')
    if (published) cpSync(published, storage, { recursive: true })
    const ours = { access: '$all', publish: '$all', unpublish: '$all', storage: relative(STORAGE, storage) }
    const server = (await runServer({
      storage: STORAGE,
      self_path: folder,
      web: { enable: false },
      uplinks: { others: { url: stdout.trim(), maxage: '1d', timeout: '60s' } },
      packages: { '@cws/*': ours, 'cws-plugin-*': ours, '**': { access: '$all', proxy: 'others' } },
      auth: { htpasswd: { file: join(folder, 'htpasswd') } },
      max_body_size: '50mb',
      log: { type: 'stdout', format: 'pretty', level: 'fatal' },
    } as never)) as Server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    return new Registry(server, folder)
  }

  /** Two at a time: each is a start of npm. */
  async #publishAll(packed: readonly Packed[]): Promise<void> {
    const rest = packed.values()
    const lane = async (): Promise<void> => {
      for (const one of rest) await this.publish(one)
    }
    await Promise.all([lane(), lane()])
  }

  async publish({ tarball }: Packed): Promise<void> {
    await this.run(this.#folder, 'npm', ['publish', tarball, '--ignore-scripts', '--loglevel=error'])
  }

  /** Runs a program as the newcomer, bounded in time. @throws Error with what it said, if it fails */
  async run(
    cwd: string,
    program: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): Promise<{ stdout: string; stderr: string }> {
    return await run(program, args, {
      cwd,
      env: { ...this.env, ...env },
      timeout: 180_000,
      killSignal: 'SIGKILL',
      maxBuffer: 64 * 1024 * 1024,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
