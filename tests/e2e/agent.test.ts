import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Line, RunningAgent } from '../support/agent.ts'
import { runBelow, runFromSharedMemory, runMemoryFile, temporaryFolder } from '../support/triggers.ts'
import { asRecorded, nested } from '../support/vantage.ts'

describe('the agent without a configuration', () => {
  it('says when it is ready, sees threats and tells them, and ends cleanly', async () => {
    await using agent = await RunningAgent.start()
    const ready = agent.lines.find((line) => line.kind === 'status')
    expect(ready).toMatchObject({ state: 'ready', pid: expect.any(Number), sensors: { process: 'tp_btf' } })

    const program = runFromSharedMemory('hello', 'wörld\u001b[2J')
    const fromMemory = await agent.signal('exec-from-memory-filesystem')
    expect(fromMemory).toMatchObject({
      revision: 1,
      status: 'open',
      count: 1,
      host: { name: expect.any(String) },
      tags: expect.arrayContaining([expect.stringMatching(/^mitre:T/)]),
      event: {
        type: 'exec',
        exec: { file: { path: asRecorded(program), filesystem: 'tmpfs' }, argv: ['hello', 'wörld\u001b[2J'] },
        process: { file: { path: asRecorded(program) }, certainty: 'exact' },
        container: { id: '' },
      },
    })
    expect(fromMemory['message']).toContain(program)
    expect(fromMemory['message']).not.toContain('\u001b')
    if (!nested())
      expect(fromMemory).toMatchObject({
        event: {
          process: { parent: { pid: process.pid }, ancestors: expect.arrayContaining([expect.objectContaining({ pid: process.pid })]) },
        },
      })

    runMemoryFile('payload')
    expect(await agent.signal('memfd-exec')).toMatchObject({ event: { exec: { file: { memfd: true } } } })

    runBelow('nginx', '/bin/sh', '-c', 'exit 0')
    const shell = await agent.signal('shell-from-web-server')
    expect(shell).toMatchObject({ event: { process: { parent: { file: { name: 'nginx' } } } } })

    expect(await agent.stop()).toBe(0)
    expect(existsSync(join(agent.folder, 'run', 'control.sock'))).toBe(false)
  })

  it('shows every event when asked, nested by the words of the model', async () => {
    await using agent = await RunningAgent.start({ args: ['--events=exec,exit'], keep: isOfTrigger })
    const program = runFromSharedMemory('for-the-record')
    const exec = await agent.find((line) => line['type'] === 'exec' && (line['exec'] as { args?: string }).args === 'for-the-record')
    expect(exec).toMatchObject({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/),
      exec: { file: { path: asRecorded(program) } },
    })
    const pid = (exec['process'] as { pid: number }).pid
    const exit = await agent.find(
      (line) => line.kind === 'event' && line['type'] === 'exit' && (line['process'] as { pid: number }).pid === pid,
    )
    expect(exit).toMatchObject({ exit: { code: 0 }, process: { file: { path: asRecorded(program) } } })
    expect(agent.lines.filter((line) => JSON.stringify(line).includes('self-test'))).toEqual([])
  })
})

/** What a test of this file made itself: programs called `payload`. */
const isOfTrigger = (line: Line) =>
  line.kind !== 'event' ||
  (line['process'] as { file?: { name?: string } }).file?.name === 'payload' ||
  JSON.stringify(line).includes('self-test')

describe('one agent a state folder', () => {
  it('a second is refused with the reason, and the first lives on', async () => {
    await using first = await RunningAgent.start()
    const second = RunningAgent.launch({ folder: first.folder })
    expect(await second.exited()).not.toBe(0)
    expect(second.stderr).toContain('CWS_ERR_STATE_LOCKED')
    runFromSharedMemory('still-here')
    await first.signal('exec-from-memory-filesystem')
  })
})

describe('exit codes', () => {
  it('2 for a configuration error, with the place', async () => {
    using folder = temporaryFolder()
    const config = join(folder.path, 'cws.config.yaml')
    writeFileSync(config, 'plugins:\n  - process-exec: { flavor: tp_btf }\n', { mode: 0o600 })
    await using agent = RunningAgent.launch({ args: ['--config', config] })
    expect(await agent.exited()).toBe(2)
    expect(agent.stderr).toMatch(/flavor/)
    expect(agent.stderr).toMatch(/flavour/)
    expect(agent.stderr).toMatch(/2 \|/)
  })

  it('2 when a flavour is pinned that there is not', async () => {
    using folder = temporaryFolder()
    const config = join(folder.path, 'cws.config.yaml')
    writeFileSync(config, 'plugins:\n  - process-exec: { flavour: lsm }\n', { mode: 0o600 })
    await using agent = RunningAgent.launch({ args: ['--config', config] })
    expect(await agent.exited()).toBe(2)
    expect(agent.stderr).toMatch(/flavour/)
  })
})
