import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from '../support/agent.ts'

const nobody = 65534

it('without root: says what is lost and runs what can run', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cws-nobody-'))
  chmodSync(folder, 0o777)
  const agent = spawn(process.execPath, [join(root, 'distributions/host/bin/cws.js'), 'run', '--format', 'json'], {
    cwd: root,
    uid: nobody,
    gid: nobody,
    env: { ...process.env, HOME: folder, CWS_STATE_DIR: join(folder, 'state'), CWS_RUN_DIR: join(folder, 'run') },
  })
  try {
    let out = ''
    let log = ''
    agent.stdout.on('data', (chunk) => (out += chunk))
    agent.stderr.on('data', (chunk) => (log += chunk))
    await expect.poll(() => out, { timeout: 60_000 }).toContain('"ready"')
    expect(JSON.parse(out.split('\n')[0] as string)).toMatchObject({ sensors: { process: 'procfs' } })
    expect(log).toMatch(/root/)
    agent.kill('SIGTERM')
    expect(await new Promise((resolve) => agent.once('exit', resolve))).toBe(0)
  } finally {
    agent.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}, 120_000)
