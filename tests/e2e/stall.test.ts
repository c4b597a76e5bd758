import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { AgentStatus } from '../../core/src/agent/status.ts'
import { ask } from '../../core/src/delivery/control/control-client.ts'
import { RunningAgent, root } from '../support/agent.ts'
import { generator, run, temporaryFolder } from '../support/triggers.ts'

/** Each forks and exits: 40,000 events, twice what 20,000 a second make in the second that the engine stands still. */
const processes = 20_000

it('an engine that stands still for a second and more loses nothing, and tells which plugin held it up', async () => {
  using folder = temporaryFolder()
  const done = join(folder.path, 'done')
  mkdirSync(join(folder.path, 'node_modules/@cws'), { recursive: true })
  symlinkSync(join(root, 'core'), join(folder.path, 'node_modules/@cws/core'))
  const config = join(folder.path, 'cws.config.ts')
  // It spins from the start of the storm to its end, a second at least.
  writeFileSync(
    config,
    `
import { existsSync } from 'node:fs'
import { host } from '@cws/agent'
import { definePlugin } from '@cws/core'
const slow = definePlugin(import.meta, {
  name: 'slow',
  setup(ctx) {
    ctx.detect('exec', { 'exec.file.name': 'fork_storm' }, () => {
      const end = performance.now() + 1000
      while (!existsSync(${JSON.stringify(done)}) || performance.now() < end);
    })
  },
})
export default { plugins: [host(), slow()] }`,
  )
  await using agent = await RunningAgent.start({ args: ['--config', config, '--log-level', 'info'] })
  const status = async () => (await ask(join(agent.folder, 'run'), 'status', {}, 60_000)) as AgentStatus
  const before = await status()
  run(generator('fork_storm'), [String(processes), done])
  // Ends that no rule is about are counted as filtered.
  const countOf = (type: string, { events }: AgentStatus) => (events[type]?.seen ?? 0) + (events[type]?.filtered ?? 0)
  const seen = (type: string, now: AgentStatus) => countOf(type, now) - countOf(type, before)
  await expect
    .poll(async () => Math.min(seen('fork', await status()), seen('exit', await status())), { timeout: 60_000 })
    .toBeGreaterThanOrEqual(processes)
  const after = await status()
  for (const counts of Object.values(after.events)) expect(counts.lost).toBe(0)
  expect(after.plugins.find(({ name }) => name === 'slow')).toMatchObject({ state: 'ok' })
  const told = agent.stderr.split('\n').filter((line) => line.includes('CWS_ERR_PLUGIN_SLOW'))
  expect(told.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ plugin: 'slow', hook: 'detect:exec', msg: expect.stringMatching(/held the engine up for about \d{3,} ms/) }),
  ])
}, 180_000)
