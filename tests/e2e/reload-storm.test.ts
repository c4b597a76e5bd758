import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type Line, RunningAgent } from '../support/agent.ts'
import { isOf, runNamed, statusOf, watching } from '../support/own-rule.ts'
import { project } from '../support/project.ts'
import { generator, runBeside } from '../support/triggers.ts'
import { nested, pidNamespace } from '../support/vantage.ts'

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
