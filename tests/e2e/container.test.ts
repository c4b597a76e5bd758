import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CAPABILITIES, capGet } from '@cws/native/launch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Line, RunningAgent, root } from '../support/agent.ts'
import { type ContainerOptions, containerOptions } from '../support/container-options.ts'
import { debianRoot, fileOfPackage } from '../support/debian-root.ts'
import { buildImage, type Image } from '../support/image.ts'
import { Registry } from '../support/registry.ts'
import { Container } from '../support/runc.ts'
import { run, runFromSharedMemory } from '../support/triggers.ts'
import { asRecorded, nested } from '../support/vantage.ts'

const PATIENT = 600_000
const context = join(root, 'distributions/container')
/** As the document says to run it. */
const optionsOf = (manager: string) =>
  containerOptions(
    new RegExp(`^\\$ (${manager} run -d(?:.*\\\\\\n)*.*)$`, 'm').exec(readFileSync(join(context, 'README.md'), 'utf8'))?.[1] ?? '',
  )
const documented = optionsOf('docker')
const missing = ['debootstrap', 'runc'].filter((program) => spawnSync(program, ['--version']).error)

let work: string
let image: Image
let seccomp: string
let registry: Registry

const folder = (name: string, mode = 0o700): string => {
  const path = join(work, name)
  mkdirSync(path, { recursive: true })
  chmodSync(path, mode)
  return path
}

/** Beside the roots that it is made of, so that files can be shared with them. */
const built = (name: string): string => join(root, '.cache/container', `${name}-${process.pid}`)
const build = (name: string, from: string, args: Readonly<Record<string, string>>): Promise<Image> =>
  buildImage({ context: from, args: { ...args, NPM_CONFIG_REGISTRY: registry.url }, folder: built(name) })

/** The agent in a container of its own, with the documented options and these changes to them. */
async function started(changes: Partial<ContainerOptions> = {}, command = image.command): Promise<[RunningAgent, Container]> {
  const state = { from: folder('state'), at: '/var/lib/cws', readOnly: false }
  const mounts = [state, ...documented.mounts.filter(({ at }) => at !== state.at), ...(changes.mounts ?? [])]
  const container = new Container(image, { ...documented, ...changes, mounts, seccomp }, command)
  // What is added for an agent on the host falls to a shell that does not look at it.
  const agent = await RunningAgent.start({ command: ['/bin/sh', '-c', `exec ${container.command.join(' ')}`] })
  return [agent, container]
}

/** A container beside the agent's. */
const workload = (...command: string[]) =>
  new Container(
    { root: debianRoot('bookworm'), env: { PATH: '/usr/bin:/bin' }, workdir: '/', command, volumes: [], stopSignal: 'SIGTERM', health: [] },
    { host: [], readOnly: true, capabilities: [], noNewPrivileges: true, tmpfs: [], mounts: [] },
  )

type Block = Readonly<Record<string, unknown>>
const eventOf = (line: Line) => line['event'] as { process: Block & { file: Block }; container: Block }

const impossible = missing.length > 0 ? ` (no ${missing})` : process.getuid?.() === 0 ? '' : ' (not root)'

describe.skipIf(impossible !== '' || process.getuid?.() !== 0)(`the container image${missing.length > 0 ? ` (no ${missing})` : ''}`, () => {
  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'cws-container-'))
    seccomp = await fileOfPackage('bookworm', 'golang-github-containers-common', 'usr/share/containers/seccomp.json')
    registry = await Registry.start()
    image = await build('image', context, { PLUGINS: '@cws/plugin-fim' })
  }, PATIENT)

  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]()
    for (const name of ['image', 'again']) rmSync(built(name), { recursive: true, force: true })
    rmSync(work, { recursive: true, force: true })
  })

  // It is built a second time.
  it.skipIf(!process.env['CWS_TEST_LONG'])(
    'has just what a lock names, where one lies beside the Containerfile',
    { timeout: PATIENT },
    async () => {
      const locked = folder('locked')
      cpSync(context, locked, { recursive: true })
      for (const file of ['package.json', 'package-lock.json']) cpSync(join(image.root, 'opt/cws', file), join(locked, file))
      const again = await build('again', locked, { PLUGINS: 'cws-plugin-that-is-not-read' })
      const installed = ({ root }: Image) => readFileSync(join(root, 'opt/cws/node_modules/.package-lock.json'), 'utf8')
      expect(installed(again)).toBe(installed(image))
    },
  )

  it('is run by podman as by Docker', () => expect(optionsOf('podman')).toEqual(documented))

  it('has the chosen plugins, nothing that builds or downloads, and nothing that others can write', () => {
    expect(readdirSync(join(image.root, 'opt/cws/node_modules/@cws'))).toEqual(
      expect.arrayContaining(['agent', 'plugin-fim', 'plugin-process-exec', 'plugin-rules', 'rules-default']),
    )
    const { dependencies } = JSON.parse(readFileSync(join(image.root, 'opt/cws/package.json'), 'utf8')) as { dependencies: object }
    expect(dependencies).toEqual({ '@cws/agent': '0.1.0', '@cws/plugin-fim': '0.1.0' })
    const find = (...tests: string[]) => run('find', [join(image.root, 'opt'), join(image.root, 'etc/cws'), ...tests]).trim()
    expect(find('-not', '-type', 'l', '(', '-perm', '/022', '-o', '-not', '-user', '0', ')')).toBe('')
    for (const name of ['npm', 'gcc', 'curl', 'wget']) expect(find('-name', name, '-path', '*/bin/*')).toBe('')
  })

  it('sees the host and other containers, each as what it is, with the rights that it needs and no others', async () => {
    const [agent, container] = await started()
    await using _ = agent
    using __ = container
    const ready = agent.lines.find(({ kind }) => kind === 'status')
    expect(ready).toMatchObject({ state: 'ready', sensors: { process: 'tp_btf' } })

    const have = capGet().bounding
    const mask = documented.capabilities
      .filter((name) => have.includes(name))
      .reduce((set, name) => set | (1n << BigInt(CAPABILITIES[name] as number)), 0n)
    const tasks = readdirSync(`/proc/${container.pid}/task`)
    expect(tasks.length).toBeGreaterThan(5)
    for (const task of tasks) {
      const status = readFileSync(`/proc/${container.pid}/task/${task}/status`, 'utf8')
      for (const set of ['CapEff', 'CapPrm', 'CapBnd'])
        expect(BigInt(`0x${new RegExp(`^${set}:\\s+(\\w+)$`, 'm').exec(status)?.[1]}`), `${set} of ${task}`).toBe(mask)
      expect(status).toMatch(/^NoNewPrivs:\s+1$/m)
      expect(status).toMatch(/^Seccomp:\s+2$/m)
    }

    const onHost = runFromSharedMemory('on', 'the', 'host')
    const host = eventOf(
      await agent.signal('exec-from-memory-filesystem', (line) => String(eventOf(line).process['args']) === 'on the host'),
    )
    expect(host.container['id']).toBe('')
    expect(host.process.file['path']).toEqual(asRecorded(onHost))
    if (!nested()) expect(host.process['ppid']).toBe(process.pid)

    using other = workload('/bin/sh', '-c', 'cp /bin/true /dev/shm/payload && exec /dev/shm/payload in another')
    other.run()
    const inside = eventOf(
      await agent.signal('exec-from-memory-filesystem', (line) => String(eventOf(line).process['args']) === 'in another'),
    )
    expect(inside.container['id']).toBe(other.id)
    expect(inside.process.file['path']).toEqual(asRecorded('/dev/shm/payload'))
    if (!nested()) expect(inside.process['pid']).toBe(other.pid)

    container.exec('/bin/sh', '-c', 'cp /bin/true /dev/shm/payload && exec /dev/shm/payload beside the agent')
    const own = eventOf(
      await agent.signal('exec-from-memory-filesystem', (line) => String(eventOf(line).process['args']) === 'beside the agent'),
    )
    if (!nested()) expect(own.container['id']).toBe(container.id)

    expect(JSON.parse(container.exec(...image.health))).toEqual({ ok: true, state: 'ready', reasons: [], notes: [] })
    expect(() => container.exec('/bin/sh', '-c', 'echo x >/opt/cws/x')).toThrow('Read-only file system')
    expect(await agent.stop()).toBe(0)
    expect(() => process.kill(container.pid, 0)).toThrow()
  })

  it('keeps its signals in the volume; a mounted configuration counts, also as Kubernetes mounts it', async () => {
    const config = folder('config', 0o777)
    mkdirSync(join(config, '..2026'))
    writeFileSync(join(config, '..2026/cws.config.ts'), CONFIG)
    symlinkSync('..2026', join(config, '..data'))
    symlinkSync('..data/cws.config.ts', join(config, 'cws.config.ts'))
    const watched = folder('watched', 0o755)
    using before = workload('/bin/sleep', '3600')
    before.start()
    const hostSleep = spawnSync('true').pid
    expect(hostSleep).toBeGreaterThan(0)
    const [agent, container] = await started(
      {
        host: documented.host.filter((it) => it !== 'cgroupns'),
        mounts: [
          { from: config, at: '/etc/cws', readOnly: true },
          { from: watched, at: '/srv/watched', readOnly: true },
        ],
      },
      [...image.command, '--events=exec'],
    )
    await using _ = agent
    using __ = container
    expect(container.exec('cws', 'signals', 'list', '--format', 'json')).toContain('exec-from-memory-filesystem')

    // Seen in /proc, from a control group namespace of the agent's own.
    const snapshot = (pid: number) =>
      agent
        .find((line) => line.kind === 'event' && (line['process'] as Block)['pid'] === pid)
        .then((line) => line['container'] as Block | null)
    if (!nested()) {
      expect((await snapshot(before.pid))?.['id']).toBe(before.id)
      expect((await snapshot(process.pid))?.['id']).toBe('')
      expect((await snapshot(container.pid))?.['id'] ?? null).toBeNull()
    }

    writeFileSync(join(watched, 'shop.yaml'), 'x')
    const changed = await agent.signal('watched-changed')
    const { change } = changed['event'] as unknown as { change: { file: Block } }
    expect(change.file['path']).toBe('/srv/watched/shop.yaml')
    if (!nested()) expect(eventOf(changed).process['pid']).toBe(process.pid)

    container.signal('HUP')
    await agent.until(() => agent.stderr.includes('is at work'))
    expect(await agent.stop()).toBe(0)
  })
})

const CONFIG = `import { defineConfig, defineRule, host } from '@cws/agent'

export default defineConfig({
  plugins: [
    host({
      files: { watch: ['/srv/watched/**'] },
      process: { reportRunning: true },
      rules: {
        packs: [
          defineRule({
            id: 'watched-changed', name: 'A watched file changed', severity: 'medium',
            on: 'change',
            where: 'change.file.path =~ "/srv/watched/**"',
            message: 'changed',
          }),
        ],
      },
    }),
  ],
})
`
