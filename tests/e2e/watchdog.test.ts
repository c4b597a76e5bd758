import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { AgentStatus } from '../../core/src/agent/status.ts'
import { ask } from '../../core/src/delivery/control/control-client.ts'
import { type Line, RunningAgent } from '../support/agent.ts'
import { FlappingReceiver } from '../support/flapping-receiver.ts'
import { project } from '../support/project.ts'
import { run, runFromSharedMemory, temporaryFolder } from '../support/triggers.ts'
import { nested } from '../support/vantage.ts'

/** `stuck` blocks when a program of this name is executed; `busy` takes its time in setup, and is no more than slow where it judges. */
const configuration = (name: string, block: string, setupMs: number, url: string) => `
import { host } from '@cws/agent'
import { definePlugin } from '@cws/core'
import webhook from '@cws/plugin-notify-webhook'
const spin = (ms) => { for (const end = performance.now() + ms; performance.now() < end;); }
const busy = definePlugin(import.meta, { name: 'busy', setup(ctx) {
  spin(${setupMs})
  ctx.detect('exec', { 'exec.file.name': 'slow-${name}' }, () => spin(1_000))
} })
const stuck = definePlugin(import.meta, { name: 'stuck', setup(ctx) {
  ctx.detect('exec', { 'exec.file.name': '${name}' }, () => { ${block} })
} })
export default { plugins: [host(), busy(), stuck(), webhook({ name: 'siem', url: ${JSON.stringify(url)}, secret: { env: 'SIEM_SECRET' } })] }
`

const readyLines = (agent: RunningAgent) => agent.lines.filter(({ kind, state }) => kind === 'status' && state === 'ready')

it.each([
  ['spins', 'for (;;);'],
  ['sleeps', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'],
])(
  'a plugin that %s for ever is named, the agent begins anew without it, and people hear of it',
  async (what, block) => {
    await using receiver = await FlappingReceiver.start()
    using programs = temporaryFolder()
    const name = `${what}-${process.pid}`
    // Once is enough.
    const patient = what === 'spins'
    using folder = project(configuration(name, block, patient ? 6_000 : 0, receiver.url))
    await using agent = await RunningAgent.start({ args: ['--config', folder.config], env: { SIEM_SECRET: receiver.secret } })
    const runAs = (file: string) => {
      const program = join(programs.path, file)
      copyFileSync('/bin/true', program)
      run(program)
    }
    const pid = agent.agentPid
    // Six seconds in setup were nobody's business; neither is one second in a hook, or a machine that stands still.
    runAs(`slow-${name}`)
    agent.signalProcess('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 7_000))
    agent.signalProcess('SIGCONT')
    await agent.signal('exec-from-memory-filesystem', matching(runFromSharedMemory('before')))
    expect(readyLines(agent)).toHaveLength(1)

    runAs(name)
    await agent.until(() => readyLines(agent).length === 2, 60_000)
    // The same process, which knows what happened and hands it on to nobody.
    expect(readyLines(agent)[1]?.['pid']).toBe(pid)
    const signal = await agent.signal('agent-plugin-quarantined')
    expect(signal).toMatchObject({
      severity: 'high',
      message: expect.stringMatching(/^The plugin "stuck" held the engine up for 5 s in detect:exec: /),
    })
    await expect.poll(() => receiver.arrivals.map(({ key }) => key), { timeout: 30_000 }).toContain(`${String(signal['id'])}:1:siem`)
    await agent.signal('exec-from-memory-filesystem', matching(runFromSharedMemory('after')))
    const status = (await ask(join(agent.folder, 'run'), 'status', {})) as AgentStatus
    // In a pid namespace of its own fim says that it can name nobody.
    expect(status.plugins.filter(({ name, state }) => state !== 'ok' && !(nested() && name === 'fim'))).toEqual([
      expect.objectContaining({ name: 'stuck', state: 'failed', detail: expect.stringContaining('held the engine up') }),
    ])
    expect(agent.stderr).toContain('CWS_ERR_PLUGIN_BLOCKED')

    // Left out it stays, also by a reload; it does no harm any more.
    writeFileSync(folder.config, `${readFileSync(folder.config, 'utf8')}\n// changed\n`)
    await agent.find(({ kind, state }) => kind === 'status' && state === 'reloaded', 60_000)
    runAs(name)
    await agent.signal('exec-from-memory-filesystem', matching(runFromSharedMemory('at last')))
    expect(readyLines(agent)).toHaveLength(2)
    expect(await agent.stop(40_000)).toBe(0)
  },
  240_000,
)

const matching = (program: string) => (line: Line) => JSON.stringify(line['event']).includes(program)
