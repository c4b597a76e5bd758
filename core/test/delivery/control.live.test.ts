import { spawn } from 'node:child_process'
import { chmodSync, chownSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { type ControlOptions, startControl } from '../../src/delivery/control/control.ts'
import { memoryLog, temporaryFolder, until } from '../fixtures/delivery.ts'

/** Whoever it is, they have no account and are in no group but this. */
const [USER, GROUP] = [65_533, 65_532]

it('the kernel keeps members of the group from the socket of administrators, and the refusal says what is needed', async () => {
  using folder = temporaryFolder()
  const asked: string[] = []
  const handle: ControlOptions['handle'] = (what) => asked.push(what)
  await using _ = await startControl({ runDir: folder.path, log: memoryLog(), handle })
  // As is done for the group `cws` where there is one.
  for (const path of [folder.path, join(folder.path, 'control.sock')]) chownSync(path, 0, GROUP)
  // Where its folder is open to all, its own mode holds.
  chmodSync(folder.path, 0o755)
  const script = `
    const { ask } = await import(${JSON.stringify(fileURLToPath(new URL('../../src/delivery/control/control-client.ts', import.meta.url)))})
    const said = async (...args) => ask(...args).then((body) => body, ({ code, message }) => code + ': ' + message)
    process.setgroups([]); process.setgid(${GROUP}); process.setuid(${USER})
    console.log(await said(process.argv[1], 'status'))
    console.log(await said(process.argv[1], 'notify.change', { set: { to: 'x' } }))
    console.log(await said(process.argv[2], 'status'))
    const { askIfRunning } = await import(${JSON.stringify(fileURLToPath(new URL('../../src/cli/ask.ts', import.meta.url)))})
    console.log(await askIfRunning(process.argv[2], 'status'))`
  // Whether an agent runs there cannot be seen by who may not go in: that is no answer that none does.
  using closed = temporaryFolder()
  chmodSync(closed.path, 0o700)
  let out = ''
  const child = spawn(process.execPath, ['--conditions=cws-source', '--input-type=module', '--eval', script, folder.path, closed.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  await until(() => child.exitCode !== null, 'the end of who asks', 30_000)
  expect(out.split('\n').slice(0, 4)).toEqual([
    '1',
    'CWS_ERR_NOT_ALLOWED: changing notification rules needs root: sudo cws notify edit …',
    `CWS_ERR_NOT_ALLOWED: ${join(closed.path, 'control.sock')} is for root and the group of the agent alone (permission denied)`,
    // What can be said without an agent is said.
    'undefined',
  ])
  expect(asked).toEqual(['status'])
})
