import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { type Line, RunningAgent, root } from '../support/agent.ts'
import { runFromSharedMemory } from '../support/triggers.ts'
import { nested } from '../support/vantage.ts'

it('a signal is listed and shown while the agent runs, and after it, as it was told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cws-signals-'))
  const cws = async (...args: string[]) => {
    const env = { ...process.env, CWS_STATE_DIR: join(folder, 'state'), CWS_RUN_DIR: join(folder, 'run') }
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'distributions/host/bin/cws.js'), ...args], {
      env,
      cwd: root,
    })
    return stdout
  }
  const rule = 'exec-from-memory-filesystem'
  try {
    let told: Line
    {
      await using agent = await RunningAgent.start({ folder })
      const program = runFromSharedMemory('listed')
      told = await agent.signal(rule, ({ message }) => String(message).includes(program))
      const { id } = told as unknown as { id: string }
      expect(await cws('signals', 'list', '--rule', rule)).toMatch(new RegExp(` high +${rule} .* ${id}$`, 'm'))
      const shown = await cws('signals', 'show', id)
      // In a pid namespace of its own the lineage of this process is not known.
      expect(shown).toContain(nested() ? 'payload listed  pid ' : '└ payload listed  pid ')
      expect(shown).toMatch(/^ {10}→ \S/m)
    }
    const lines = (await cws('signals', 'list', '--rule', rule, '--severity', 'high', '--format', 'json')).split('\n').slice(0, -1)
    const stored = lines.map((line) => JSON.parse(line) as Line).find((line) => line['id'] === told['id'])
    expect(stored).toMatchObject({ kind: 'signal', title: told['title'], event: told['event'] })
    // What the processes around it did was stored, at the latest when the agent stopped.
    const id = String(told['id'])
    const drawn = await cws('signals', 'show', id)
    expect(drawn).toMatch(/^▶ .*\d+ \S*\/dev\/shm\/\S+ listed$/m)
    expect(drawn).toMatch(/^▶ +\+0\.000 s +\d+ {2}exec +\S*\/dev\/shm\/\S+ listed$/m)
    expect(await cws('signals', 'archive', id)).toBe(`archived ${id}\n`)
    expect(await cws('signals', 'list', '--rule', rule)).not.toContain(id)
    expect(await cws('signals', 'list', '--rule', rule, '--status', 'archived')).toContain(id)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
