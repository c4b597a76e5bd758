import { chmodSync, copyFileSync, existsSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { AgentStatus } from '../../core/src/agent/status.ts'
import { ask } from '../../core/src/delivery/control-client.ts'
import { type Line, RunningAgent } from '../support/agent.ts'
import { project } from '../support/project.ts'
import { generator, run, runBeside } from '../support/triggers.ts'
import { nested, pidNamespace } from '../support/vantage.ts'

const statusOf = async (agent: RunningAgent) => (await ask(join(agent.folder, 'run'), 'status', {})) as AgentStatus

/** A configuration with one rule of its own: executions of programs of this name. */
const watching = (program: string, options = '') => `
import { host } from '@cws/agent'
import { defineRule } from '@cws/core'
const own = defineRule({ id: 'own-${program}', severity: 'high', on: 'exec', name: 'Own program', message: '{{@process.file.path}} was executed.', where: { 'exec.file.name': '${program}' } })
export default { plugins: [host({ rules: { packs: [[own]] }${options} })] }
`

/** Waits for a number of lines of a state. */
async function told(agent: RunningAgent, state: string, count: number): Promise<void> {
  let at = 0
  let seen = 0
  await agent.until(() => {
    for (; at < agent.lines.length; at++) if (agent.lines[at]?.kind === 'status' && agent.lines[at]?.['state'] === state) seen++
    return seen >= count
  }, 60_000)
}

/** Runs a copy of /bin/true under a name of its own. */
function runNamed(folder: string, name: string): string {
  const path = join(folder, name)
  copyFileSync('/bin/true', path)
  run(path)
  return path
}

const isOf = (path: string) => (line: Line) => JSON.stringify(line['event']).includes(path)

interface ExecLine {
  readonly exec?: { readonly args?: string; readonly file?: { readonly path?: string } }
  readonly process?: {
    readonly ns?: { readonly pidns?: number }
    readonly parent?: { readonly file?: { readonly name?: string }; readonly ppid?: number; readonly file_name?: string }
  }
}

/** Execs of the storms that this process lets loose, and what is no event. */
function isOfStorm(line: Line): boolean {
  if (line.kind !== 'event') return true
  const { exec, process: subject } = line as Line & ExecLine
  const ours = nested() ? subject?.ns?.pidns === pidNamespace : subject?.parent?.ppid === process.pid
  return ours && subject?.parent?.file?.name === 'exec_storm' && exec?.args !== undefined
}

const reloads = process.env['CWS_TEST_LONG'] ? 100 : 10
const perStorm = 1_000

it(`${reloads} reloads under a storm of execs: each is an event once, none is lost, and every rule sees its own`, async () => {
  using folder = project(watching('nobody'))
  await using agent = await RunningAgent.start({ args: ['--config', folder.config, '--events=exec'], keep: isOfStorm })
  let storms = 0
  let reloading = true
  const storm = async () => {
    while (reloading) {
      const program = join(folder.path, `storm-${storms}`)
      copyFileSync('/bin/true', program)
      storms++
      await runBeside(generator('exec_storm'), [String(perStorm), '0', program])
    }
  }
  const running = storm()
  for (let round = 1; round <= reloads; round++) {
    // The file's change is seen too; what comes while a reload is under way is done once, afterwards.
    writeFileSync(folder.config, watching(`of-round-${round}`))
    const { done } = (await statusOf(agent)).reloads
    agent.signalProcess('SIGHUP')
    await expect.poll(async () => (await statusOf(agent)).reloads.done, { timeout: 60_000 }).toBeGreaterThan(done)
  }
  reloading = false
  await running
  await expect.poll(async () => (await statusOf(agent)).reloads.done, { timeout: 60_000 }).toBeGreaterThanOrEqual(reloads)

  const times = new Map<string, number>()
  let taken = 0
  await agent.until(() => {
    for (; taken < agent.lines.length; taken++) {
      const line = agent.lines[taken] as Line & ExecLine
      if (line.kind !== 'event') continue
      const key = `${line.exec?.file?.path} ${line.exec?.args}`
      times.set(key, (times.get(key) ?? 0) + 1)
    }
    return times.size >= storms * perStorm
  }, 60_000)
  expect(times.size).toBe(storms * perStorm)
  expect([...times.values()].filter((count) => count !== 1)).toEqual([])
  const status = await statusOf(agent)
  expect(status.events['exec']?.lost).toBe(0)
  expect(status.events['exec']?.seen).toBeGreaterThanOrEqual(storms * perStorm)
  expect(status.delivery?.eventsDropped).toBe(0)
  expect(status.reloads).toMatchObject({ rejected: 0, last_error: null })
  expect(status.sensors.map(({ sensor, selfTest }) => `${sensor} ${selfTest}`)).toEqual(['process alive', 'files alive', 'opens untested'])

  const last = runNamed(folder.path, `of-round-${reloads}`)
  await agent.signal(`own-of-round-${reloads}`, isOf(last))
  expect(await agent.stop()).toBe(0)
}, 900_000)

describe('a change of the file', () => {
  it('is taken by itself: the rule it adds fires, the one it removes does not, open signals go on', async () => {
    using folder = project(watching('first'))
    await using agent = await RunningAgent.start({ args: ['--config', folder.config] })
    const first = runNamed(folder.path, 'first')
    const before = await agent.signal('own-first', isOf(first))
    // As editors do it.
    writeFileSync(`${folder.config}.new`, watching('second'))
    renameSync(`${folder.config}.new`, folder.config)
    await told(agent, 'reloaded', 1)
    const second = runNamed(folder.path, 'second')
    await agent.signal('own-second', isOf(second))
    run(first)
    const third = runNamed(folder.path, 'third')
    writeFileSync(folder.config, watching('third'))
    await told(agent, 'reloaded', 2)
    run(third)
    await agent.signal('own-third', isOf(third))
    // What the removed rule had opened is still open, and did not grow.
    expect((await statusOf(agent)).stages.open_signals).toBeGreaterThanOrEqual(3)
    expect(await agent.stop()).toBe(0)
    const ofFirst = agent.lines.filter((line) => line.kind === 'signal' && line['id'] === before['id'])
    expect(ofFirst.map((line) => line['count'])).toEqual([1])
  })

  it('while the agent starts is taken when it has', async () => {
    using folder = project(
      `${watching('first')}`
        .replace('defineRule }', 'definePlugin, defineRule }')
        .replace(
          'export default',
          `import { existsSync, writeFileSync } from 'node:fs'
const slow = definePlugin(import.meta, { name: 'slow', async setup(ctx) {
  writeFileSync(ctx.folder + '/setting-up', '')
  while (!existsSync(ctx.folder + '/go-on')) await new Promise((resolve) => setTimeout(resolve, 10))
} })
export default`,
        )
        .replace('plugins: [', 'plugins: [slow(), '),
    )
    await using agent = RunningAgent.launch({ args: ['--config', folder.config] })
    await agent.until(() => existsSync(join(folder.path, 'setting-up')), 60_000)
    writeFileSync(folder.config, watching('second'))
    agent.signalProcess('SIGHUP')
    writeFileSync(join(folder.path, 'go-on'), '')
    await told(agent, 'reloaded', 1)
    const second = runNamed(folder.path, 'second')
    await agent.signal('own-second', isOf(second))
    expect(await agent.stop()).toBe(0)
  })

  it('of the options of the sensor starts it anew before the old one ends', async () => {
    using folder = project(watching('first'))
    await using agent = await RunningAgent.start({ args: ['--config', folder.config] })
    writeFileSync(folder.config, watching('first', ', process: { flavour: "raw_tp" }'))
    agent.signalProcess('SIGHUP')
    await told(agent, 'reloaded', 1)
    expect((await statusOf(agent)).sensors).toMatchObject([
      { running: 'raw_tp', selfTest: 'alive' },
      { sensor: 'files', selfTest: 'alive' },
      { sensor: 'opens' },
    ])
    const first = runNamed(folder.path, 'first')
    expect(await agent.signal('own-first', isOf(first))).toMatchObject({ count: 1 })
    expect(await agent.stop()).toBe(0)
  })
})

describe('a configuration that is wrong', () => {
  const good = watching('first')
  const cases: readonly [what: string, text: string, code: string, message: RegExp, spoil?: (file: string) => void][] = [
    ['has an unknown key', good.replace('plugins:', 'plugns:'), 'CWS_ERR_CONFIG_INVALID', /unknown key "plugns"/],
    ['throws', `${good}\nthrow new Error('broken on purpose')`, 'CWS_ERR_CONFIG_LOAD', /broken on purpose/],
    ['does not settle', 'export default () => new Promise(() => {})', 'CWS_ERR_CONFIG_TIMEOUT', /10000 ms|10 s/],
    ['is not trusted', good, 'CWS_ERR_CONFIG_TRUST', /cws\.config\.ts/, (file) => chmodSync(file, 0o666)],
    [
      'has a plugin that cannot be set up',
      good
        .replace('defineRule }', 'definePlugin, defineRule }')
        .replace('plugins: [', `plugins: [definePlugin(import.meta, { name: 'bad', setup() { throw new Error('no such table') } })(), `),
      'CWS_ERR_RELOAD',
      /no such table/,
    ],
    ['pins what cannot run', watching('first', ', process: { flavour: "tp_btf" }'), 'CWS_ERR_SOURCES_FAILED', /tp_btf/],
  ]
  it.each(cases)('and %s leaves the old one at work, and is told [case 38]', async (what, text, code, message, spoil) => {
    using folder = project(good)
    const env = what.startsWith('pins') ? { CWS_TEST_WITHOUT: 'tpBtf' } : {}
    await using agent = await RunningAgent.start({ args: ['--config', folder.config], env })
    writeFileSync(folder.config, text)
    spoil?.(folder.config)
    agent.signalProcess('SIGHUP')
    await told(agent, 'reload_rejected', 1)
    const signal = await agent.signal('agent-config-rejected')
    expect(signal['message']).toMatch(message)
    expect(signal['event']).toMatchObject({ agent: { config_rejected: { code } } })
    await agent.until(() => agent.stderr.includes('is not taken'))
    const log = agent.stderr.split('\n').find((line) => line.includes('is not taken')) as string
    expect(JSON.parse(log)).toMatchObject({ code, msg: expect.stringMatching(message) })
    if (code === 'CWS_ERR_CONFIG_INVALID') expect(JSON.parse(log).frame).toContain('plugns')
    expect((await statusOf(agent)).reloads).toMatchObject({ done: 0, last_error: expect.stringMatching(message) })
    const first = runNamed(folder.path, 'first')
    await agent.signal('own-first', isOf(first))
    // Mended, it is taken.
    chmodSync(folder.config, 0o600)
    writeFileSync(folder.config, watching('second'))
    await told(agent, 'reloaded', 1)
    const second = runNamed(folder.path, 'second')
    await agent.signal('own-second', isOf(second))
    expect(await agent.stop()).toBe(0)
  })
})
