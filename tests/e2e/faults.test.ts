import { execFile, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { AgentStatus } from '../../core/src/agent/status.ts'
import { ask } from '../../core/src/delivery/control/control-client.ts'
import { RunningAgent, root } from '../support/agent.ts'
import { project } from '../support/project.ts'
import { generator, run, runFromSharedMemory, temporaryFolder } from '../support/triggers.ts'

const cws = join(root, 'distributions/host/bin/cws.js')

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A command of the CLI, to its end, with folders that no agent uses. */
async function command(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  using folder = temporaryFolder()
  const own = { CWS_STATE_DIR: join(folder.path, 'state'), CWS_RUN_DIR: join(folder.path, 'run') }
  const options = { cwd: root, env: { ...process.env, ...own, ...env }, timeout: 60_000 }
  return await promisify(execFile)(process.execPath, [cws, ...args], options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Outcome) => ({ code, stdout, stderr }),
  )
}

const statusOf = async (agent: RunningAgent) => (await ask(join(agent.folder, 'run'), 'status', {})) as AgentStatus

/** The first whole line of the log that contains a text. */
function logged(agent: RunningAgent, text: string): Record<string, unknown> | undefined {
  const line = agent.stderr
    .split('\n')
    .slice(0, -1)
    .find((one) => one.includes(text))
  return line === undefined ? undefined : (JSON.parse(line) as Record<string, unknown>)
}

async function logLine(agent: RunningAgent, text: string): Promise<Record<string, unknown>> {
  await agent.until(() => logged(agent, text) !== undefined)
  return logged(agent, text) as Record<string, unknown>
}

/** The agent lives: a threat becomes a signal. */
async function expectAlive(agent: RunningAgent): Promise<void> {
  const program = runFromSharedMemory('alive')
  await agent.signal('exec-from-memory-filesystem', ({ event }) => JSON.stringify(event).includes(program))
}

describe('a plugin that fails', () => {
  /** How plugins fail where they are called, and what that is called. All of them run in one agent: a failure is told of its own plugin. */
  const FAILING: readonly (readonly [how: string, body: string, hook: string])[] = [
    ['throws-in-a-hook', `ctx.detect('exec', null, () => { throw BROKEN })`, 'detect'],
    ['rejects-in-a-hook', `ctx.detect('exec', null, async () => { throw BROKEN })`, 'detect'],
    ['throws-in-setup', `throw BROKEN`, 'setup'],
    ['rejects-in-setup', `return Promise.reject(BROKEN)`, 'setup'],
  ]

  it('is told, whatever way it fails, and the agent lives', async () => {
    const careless = FAILING.map(([name, body]) => {
      const own = body.replace('BROKEN', `new Error('broken on purpose: ${name}')`)
      return `definePlugin(import.meta, { name: '${name}', setup(ctx) { ${own} } })()`
    })
    using folder = project(`
import { host } from '@cws/agent'
import { definePlugin } from '@cws/core'
export default { plugins: [
${careless.join(',\n')},
host()] }`)
    await using agent = await RunningAgent.start({ args: ['--config', folder.config] })
    run('/bin/true')
    for (const [name, , hook] of FAILING)
      expect(await logLine(agent, `broken on purpose: ${name}`)).toMatchObject({
        plugin: name,
        code: 'CWS_ERR_PLUGIN_FAULT',
        hook: expect.stringContaining(hook),
      })
    const { plugins } = await statusOf(agent)
    for (const [name, , hook] of FAILING)
      expect(plugins.find((plugin) => plugin.name === name)).toMatchObject({
        state: hook === 'setup' ? 'failed' : 'degraded',
        detail: expect.stringContaining('broken on purpose'),
      })
    await expectAlive(agent)
    expect(await agent.stop()).toBe(0)
  })

  // Whose code it is that nobody called is told by its file.
  it.each([
    ['throws in a timer', `setTimeout(() => { throw new Error('broken on purpose') }, 1)`],
    ['leaves a rejection behind', `void Promise.reject(new Error('broken on purpose'))`],
  ])('%s: is told, and the agent lives', async (_, body) => {
    using folder = project(`
import { host } from '@cws/agent'
import { definePlugin } from '@cws/core'
const careless = definePlugin(import.meta, { name: 'careless', setup(ctx) { ctx.hooks.ready.tap(() => { ${body} }) } })
export default { plugins: [careless(), host()] }`)
    await using agent = await RunningAgent.start({ args: ['--config', folder.config] })
    expect(await logLine(agent, 'broken on purpose')).toMatchObject({
      plugin: 'careless',
      code: 'CWS_ERR_PLUGIN_FAULT',
      hook: expect.stringContaining('code of its own'),
    })
    expect((await statusOf(agent)).plugins.find(({ name }) => name === 'careless')).toMatchObject({
      state: 'degraded',
      detail: expect.stringContaining('broken on purpose'),
    })
    await expectAlive(agent)
    expect(await agent.stop()).toBe(0)
  })

  it('never finishes stopping: is waited for within bounds, and the agent ends as it should', async () => {
    using folder = project(`
import { host } from '@cws/agent'
import { definePlugin } from '@cws/core'
const stuck = definePlugin(import.meta, { name: 'stuck', setup(ctx) { ctx.onStop(() => new Promise(() => {})) } })
export default { plugins: [stuck(), host()] }`)
    await using agent = await RunningAgent.start({ args: ['--config', folder.config] })
    await expectAlive(agent)
    agent.signalProcess('SIGTERM')
    expect(await agent.exited(40_000)).toBe(0)
    expect(logged(agent, 'CWS_ERR_PLUGIN_TIMEOUT')).toMatchObject({ plugin: 'stuck', hook: 'stop' })
  })

  it('brings the delivery thread down again and again: is left out, and all else goes on', async () => {
    using folder = project(`
import { appendFileSync } from 'node:fs'
import { host } from '@cws/agent'
import { defineNotifier } from '@cws/core'
const told = import.meta.dirname + '/told'
const fatal = defineNotifier(import.meta, { name: 'fatal', setup: () => ({ deliver: async () => process.exit(1) }) })
const good = defineNotifier(import.meta, { name: 'good', setup: () => ({ deliver: async ({ key }) => {
  appendFileSync(told, key + ' ')
  return { result: 'delivered' }
} }) })
export default { plugins: [fatal(), good(), host()] }`)
    await using agent = await RunningAgent.start({ args: ['--config', folder.config] })
    await expectAlive(agent)
    expect(await logLine(agent, 'deliver: the delivery thread has ended')).toMatchObject({ plugin: 'fatal', hook: 'deliver' })
    await expectAlive(agent)
    const { plugins, delivery, stages } = await statusOf(agent)
    expect(plugins.find(({ name }) => name === 'fatal')).toMatchObject({
      state: 'failed',
      detail: expect.stringMatching(/exited with code 1/),
    })
    expect(plugins.find(({ name }) => name === 'good')).toMatchObject({ state: 'ok' })
    expect(delivery).toMatchObject({ restarts: 2, signalsDropped: 0, destinations: { fatal: { state: 'failed', delivered: 0 } } })
    expect(stages.faults).toBe(1)
    // What else happens on this machine may be worth no word: notifiers hear from `low` up.
    const ids = agent.lines.flatMap((line) => (line.kind === 'signal' && line['severity'] !== 'info' ? [line['id'] as string] : []))
    const keys = () => readFileSync(join(folder.path, 'told'), 'utf8')
    await expect.poll(() => ids.filter((id) => !keys().includes(id)), { timeout: 20_000 }).toEqual([])
    expect(await agent.stop()).toBe(0)
  })

  it('floods with faults: the log does not', async () => {
    using folder = project(`
import { host } from '@cws/agent'
import { definePlugin } from '@cws/core'
const careless = definePlugin(import.meta, { name: 'careless', setup(ctx) { ctx.detect('exec', null, () => { throw new Error('broken on purpose') }) } })
export default { plugins: [careless(), host()] }`)
    await using agent = await RunningAgent.start({ args: ['--config', folder.config] })
    run(generator('exec_storm'), ['500'])
    await expect.poll(async () => (await statusOf(agent)).stages.faults, { timeout: 20_000 }).toBeGreaterThanOrEqual(500)
    await expectAlive(agent)
    expect(agent.stderr.split('\n').filter((line) => line.includes('broken on purpose')).length).toBeLessThan(50)
    expect(await agent.stop()).toBe(0)
  })
})

describe('a configuration that is wrong is refused before anything starts', () => {
  const start = `import { host } from '@cws/agent'\nimport { definePlugin } from '@cws/core'\n`
  const own = `const own = definePlugin(import.meta, { name: 'own', setup() {} })\n`
  const cases: readonly [what: string, text: string, code: string, message: RegExp, spoil?: (folder: string) => void][] = [
    [
      'an unknown key',
      `${start}export default {\n  plugns: [host()], plugins: [] }`,
      'CWS_ERR_CONFIG_INVALID',
      /:4:3: unknown key "plugns"/,
    ],
    [
      'an unknown option',
      `${start}export default { plugins: [host({ process: { flavor: 'raw_tp' } })] }`,
      'CWS_ERR_PLUGIN_OPTIONS',
      /did you mean "flavour"/,
    ],
    [
      'a value of a wrong type',
      `${start}export default {\n  plugins: 'host' }`,
      'CWS_ERR_CONFIG_INVALID',
      /:4:12: `plugins` must be a list/,
    ],
    [
      'a package that is missing',
      `import usb from 'cws-plugin-usb'\nexport default { plugins: [usb()] }`,
      'CWS_ERR_PLUGIN_NOT_FOUND',
      /:1:17: the package "cws-plugin-usb"/,
    ],
    [
      'two instances of one name',
      `${start}${own}export default { plugins: [own(), host(), own()] }`,
      'CWS_ERR_PLUGIN_DUPLICATE',
      /two plugins are named "own"/,
    ],
    [
      'an incompatible plugin',
      `import old from 'cws-plugin-old'\nexport default { plugins: [old()] }`,
      'CWS_ERR_PLUGIN_INCOMPATIBLE',
      /needs @cws\/core \^7\.0\.0/,
    ],
    ['code that throws', `${start}\nthrow new Error('boo')`, 'CWS_ERR_CONFIG_LOAD', /:4:7: boo/],
    ['a function that never settles', `export default () => new Promise(() => {})`, 'CWS_ERR_CONFIG_TIMEOUT', /cws\.config\.ts/],
    [
      'a file that others can write',
      `${start}export default { plugins: [host()] }`,
      'CWS_ERR_CONFIG_TRUST',
      /writable by its group and others/,
      (file) => chmodSync(file, 0o666),
    ],
  ]

  it.each(cases)('%s', async (_, text, code, message, spoil) => {
    using folder = project(text)
    const old = join(folder.path, 'node_modules/cws-plugin-old')
    mkdirSync(old)
    writeFileSync(
      join(old, 'package.json'),
      '{"name":"cws-plugin-old","version":"9.9.9","type":"module","exports":"./index.js","peerDependencies":{"@cws/core":"^7.0.0"}}',
    )
    writeFileSync(
      join(old, 'index.js'),
      `import { definePlugin } from '@cws/core'\nexport default definePlugin(import.meta, { setup() {} })`,
    )
    spoil?.(folder.config)
    await using agent = RunningAgent.launch({ args: ['--config', folder.config] })
    expect(await agent.exited(40_000)).toBe(2)
    expect(agent.stderr).toContain(code)
    expect(agent.stderr).toMatch(message)
    // Where there is a place there is a frame.
    if (/cws\.config\.ts:\d+:\d+/.test(agent.stderr)) expect(agent.stderr).toMatch(/^\s*> \d+ \|/m)
    expect(existsSync(join(agent.folder, 'state'))).toBe(false)
    expect(agent.lines).toEqual([])
  })
})

describe('a configuration', () => {
  it('with a notifier of its own delivers by it', async () => {
    using folder = project(`
import { appendFileSync } from 'node:fs'
import { host } from '@cws/agent'
import { defineNotifier } from '@cws/core'
import { z } from 'zod'
const file = defineNotifier(import.meta, {
  name: 'file',
  options: z.object({ path: z.string() }),
  setup: ({ options }) => ({
    async deliver({ body }) {
      appendFileSync(options.path, body + '\\n')
      return { result: 'delivered' }
    },
  }),
})
export default {
  plugins: [host(), file({ path: new URL('signals.jsonl', import.meta.url).pathname })],
  notifications: [{ name: 'All', when: 'severity >= medium', to: 'file' }],
}`)
    await using agent = await RunningAgent.start({ args: ['--config', folder.config] })
    await expectAlive(agent)
    await expect.poll(async () => (await statusOf(agent)).delivery?.destinations['file']?.delivered, { timeout: 20_000 }).toBeGreaterThan(0)
    expect(await agent.stop()).toBe(0)
  })

  it.each([
    [
      'a field that there is not',
      `severity >= medium && proces.file.name == "sh"`,
      /proces\.file\.name.*did you mean "process\.file\.name"/,
    ],
    ['no sense', `severity >=`, /`when`/],
  ])('whose notification has a condition with %s is refused at its place', async (_, when, message) => {
    using folder = project(`
import { host } from '@cws/agent'
import webhook from '@cws/plugin-notify-webhook'
import { env } from '@cws/core'
export default {
  plugins: [host(), webhook({ name: 'siem', url: 'http://127.0.0.1:9/', secret: env('SIEM') })],
  notifications: [{ name: 'All', when: '${when}', to: 'siem' }],
}`)
    const { code, stderr } = await command(['check', '--config', folder.config], { SIEM: 'whsec_YSBzZWNyZXQgb2YgdGhlIHRlc3Q=' })
    expect(code).toBe(2)
    expect(stderr).toMatch(/cws\.config\.ts:7:\d+/)
    expect(stderr).toMatch(/> 7 \|/)
    expect(stderr).toMatch(message)
    expect(stderr).toContain('CWS_ERR_CONDITION')
  })

  it('whose condition mixes && and || is taken, with a warning', async () => {
    using folder = temporaryFolder()
    const config = join(folder.path, 'cws.config.yaml')
    writeFileSync(
      config,
      `plugins:
  - process-exec
  - rules: { packs: ["@cws/rules-default"] }
  - notify-webhook: { name: siem, url: "http://127.0.0.1:9/", secret: { env: SIEM } }
notifications:
  - { name: All, when: "count > 1 && severity >= high || count < 3", to: siem }
`,
    )
    const { code, stdout } = await command(['check', '--config', config], { SIEM: 'whsec_YSBzZWNyZXQgb2YgdGhlIHRlc3Q=' })
    expect(stdout).toMatch(/warning.*cws\.config\.yaml:6:\d+: `when`: .*&&/)
    expect(code).toBe(0)
  })
})

describe('a kernel that lacks something', () => {
  interface Diagnosis {
    readonly sensors: readonly {
      readonly running?: string
      readonly selfTest: string
      readonly flavours: readonly { readonly name: string; readonly state: string; readonly reason?: string }[]
    }[]
  }
  const doctor = async (without: string) => {
    const { code, stdout } = await command(['doctor', '--format', 'json'], { CWS_TEST_WITHOUT: without })
    const [sensor] = (JSON.parse(stdout) as Diagnosis).sensors
    return {
      code,
      running: sensor?.running,
      selfTest: sensor?.selfTest,
      flavours: Object.fromEntries((sensor?.flavours ?? []).map((it) => [it.name, it])),
    }
  }

  it.each([
    ['BTF', 'btf', 'procfs', { tp_btf: /left out/, raw_tp: /left out/ }],
    ['the ring buffer', 'ringBuffer', 'procfs', { tp_btf: /left out/, raw_tp: /left out/ }],
    ['programs on typed tracepoints', 'tpBtf', 'raw_tp', { tp_btf: /left out/ }],
  ])('without %s: the next flavour runs, and doctor says why', async (_, without, running, reasons) => {
    const found = await doctor(without)
    expect(found).toMatchObject({ code: 0, running, selfTest: 'alive' })
    for (const [name, reason] of Object.entries(reasons))
      expect(found.flavours[name]).toMatchObject({ state: 'unavailable', reason: expect.stringMatching(reason) })
  })

  it('says so for a person too', async () => {
    const { stdout } = await command(['doctor', '--format', 'human'], { CWS_TEST_WITHOUT: 'btf' })
    expect(stdout).toMatch(/tp_btf\s+unavailable\s+left out by request/)
    expect(stdout).toMatch(/procfs\s+running/)
  })

  it('says at the start what it runs on, and why not on better', async () => {
    await using agent = await RunningAgent.start({ env: { CWS_TEST_WITHOUT: 'ringBuffer' } })
    // What others do on this machine may be told before it.
    const ready = agent.lines.find(({ kind }) => kind === 'status')
    expect(ready).toMatchObject({ state: 'ready', sensors: { process: 'procfs' } })
    expect(agent.stderr).toMatch(/cannot run as tp_btf: left out by request/)
  })

  it('and a flavour that is pinned: the agent ends with 3 and the reason', async () => {
    using folder = temporaryFolder()
    const config = join(folder.path, 'cws.config.yaml')
    writeFileSync(config, 'plugins:\n  - process-exec: { flavour: raw_tp }\n')
    await using agent = RunningAgent.launch({ args: ['--config', config], env: { CWS_TEST_WITHOUT: 'btf' } })
    expect(await agent.exited()).toBe(3)
    expect(agent.stderr).toMatch(/"raw_tp".*left out by request/)
  })
})

it('a disk that is full under the store: signals are told all the same, and it is said once', async () => {
  using folder = temporaryFolder()
  const state = join(folder.path, 'state')
  mkdirSync(state)
  run('/bin/mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', state])
  try {
    await using agent = await RunningAgent.start({ folder: folder.path })
    const { error } = spawnSync('/bin/dd', ['if=/dev/zero', `of=${join(state, 'ballast')}`, 'bs=4k'], { stdio: 'ignore' })
    expect(error).toBeUndefined()
    for (let i = 0; i < 3; i++) await expectAlive(agent)
    await logLine(agent, 'store cannot be written')
    expect((await statusOf(agent)).delivery?.storeError).toBeDefined()
    rmSync(join(state, 'ballast'))
    await expect.poll(async () => (await statusOf(agent)).delivery?.storeError, { timeout: 60_000 }).toBeUndefined()
    expect(agent.stderr.split('\n').filter((line) => line.includes('store cannot be written'))).toHaveLength(1)
    expect(await agent.stop()).toBe(0)
  } finally {
    run('/bin/umount', ['-l', state])
  }
})

it('the events of the last moment are told before the agent ends', async () => {
  const mark = `mark-${process.pid}-${process.hrtime.bigint()}`
  await using agent = await RunningAgent.start({ args: ['--events=exec'] })
  const count = 200
  run('/bin/sh', ['-c', `i=0; while [ $i -lt ${count} ]; do /bin/true ${mark} $i; i=$((i+1)); done; kill -TERM ${agent.agentPid}`])
  expect(await agent.exited()).toBe(0)
  const told = agent.lines.filter((line) => line.kind === 'event' && (line['exec'] as { argv?: readonly string[] }).argv?.[0] === mark)
  expect(told.length).toBe(count)
})
