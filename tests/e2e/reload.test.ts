import { chmodSync, existsSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { RunningAgent } from '../support/agent.ts'
import { isOf, runNamed, statusOf, watching } from '../support/own-rule.ts'
import { project } from '../support/project.ts'
import { run } from '../support/triggers.ts'

/** Waits for a number of lines of a state. */
async function told(agent: RunningAgent, state: string, count: number): Promise<void> {
  let at = 0
  let seen = 0
  await agent.until(() => {
    for (; at < agent.lines.length; at++) if (agent.lines[at]?.kind === 'status' && agent.lines[at]?.['state'] === state) seen++
    return seen >= count
  }, 60_000)
}

describe('a change of the file', () => {
  it('is taken by itself: the rule it adds fires, the one it removes does not, open signals go on', async () => {
    using folder = project(watching('reload-first'))
    await using agent = await RunningAgent.start({ args: ['--config', folder.config] })
    const first = runNamed(folder.path, 'reload-first')
    const before = await agent.signal('own-reload-first', isOf(first))
    // As editors do it.
    writeFileSync(`${folder.config}.new`, watching('reload-second'))
    renameSync(`${folder.config}.new`, folder.config)
    await told(agent, 'reloaded', 1)
    const second = runNamed(folder.path, 'reload-second')
    await agent.signal('own-reload-second', isOf(second))
    run(first)
    const third = runNamed(folder.path, 'reload-third')
    writeFileSync(folder.config, watching('reload-third'))
    await told(agent, 'reloaded', 2)
    run(third)
    await agent.signal('own-reload-third', isOf(third))
    // What the removed rule had opened is still open, and did not grow.
    expect((await statusOf(agent)).stages.open_signals).toBeGreaterThanOrEqual(3)
    expect(await agent.stop()).toBe(0)
    const ofFirst = agent.lines.filter((line) => line.kind === 'signal' && line['id'] === before['id'])
    expect(ofFirst.map((line) => line['count'])).toEqual([1])
  })

  it('while the agent starts is taken when it has', async () => {
    using folder = project(
      `${watching('reload-first')}`
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
    writeFileSync(folder.config, watching('reload-second'))
    agent.signalProcess('SIGHUP')
    writeFileSync(join(folder.path, 'go-on'), '')
    await told(agent, 'reloaded', 1)
    const second = runNamed(folder.path, 'reload-second')
    await agent.signal('own-reload-second', isOf(second))
    expect(await agent.stop()).toBe(0)
  })

  it('of the options of the sensor starts it anew before the old one ends', async () => {
    using folder = project(watching('reload-first'))
    await using agent = await RunningAgent.start({ args: ['--config', folder.config] })
    writeFileSync(folder.config, watching('reload-first', ', process: { flavour: "raw_tp" }'))
    agent.signalProcess('SIGHUP')
    await told(agent, 'reloaded', 1)
    expect((await statusOf(agent)).sensors).toMatchObject([
      { running: 'raw_tp', selfTest: 'alive' },
      { sensor: 'files', selfTest: 'alive' },
      { sensor: 'opens' },
    ])
    const first = runNamed(folder.path, 'reload-first')
    expect(await agent.signal('own-reload-first', isOf(first))).toMatchObject({ count: 1 })
    expect(await agent.stop()).toBe(0)
  })
})

describe('a configuration that is wrong', () => {
  const good = watching('reload-first')
  const cases: readonly [what: string, text: string, code: string, message: RegExp, spoil?: (file: string) => void][] = [
    ['has an unknown key', good.replace('plugins:', 'plugns:'), 'CWS_ERR_CONFIG_INVALID', /unknown key "plugns"/],
    [
      'has a template with an unknown variable',
      good.replace('defineRule }', 'defineNotifier, defineRule }').replace(
        'plugins: [',
        `notifications: [{ name: 'All', to: 'team', message: '{{@process.file.pth}}' }], plugins: [
  defineNotifier(import.meta, { name: 'team', setup: () => ({ deliver: async () => ({ result: 'delivered' }) }) })(), `,
      ),
      'CWS_ERR_TEMPLATE',
      /process\.file\.pth.*process\.file\.path/s,
    ],
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
    ['pins what cannot run', watching('reload-first', ', process: { flavour: "tp_btf" }'), 'CWS_ERR_SOURCES_FAILED', /tp_btf/],
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
    expect((await statusOf(agent)).reloads).toMatchObject({
      done: 0,
      last_error: expect.stringMatching(message),
      last_error_at: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    const first = runNamed(folder.path, 'reload-first')
    await agent.signal('own-reload-first', isOf(first))
    // Mended, it is taken.
    chmodSync(folder.config, 0o600)
    writeFileSync(folder.config, watching('reload-second'))
    await told(agent, 'reloaded', 1)
    const second = runNamed(folder.path, 'reload-second')
    await agent.signal('own-reload-second', isOf(second))
    expect(await agent.stop()).toBe(0)
  })
})
