import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { ask } from '../../src/delivery/control/control-client.ts'
import { temporaryFolder, until } from '../fixtures/delivery.ts'
import { destination, optionsIn } from '../fixtures/delivery-harness.ts'
import { file } from '../fixtures/notifiers.ts'

const XOFF = '\u0013'
const XON = '\u0011'

it('a terminal that is paused stops neither deliveries nor the control socket, and shows all when it goes on', async () => {
  using folder = temporaryFolder()
  const out = join(folder.path, 'out')
  const options = optionsIn(folder.path, { format: 'human', destinations: [destination(file({ path: out }))] })
  const entry = fileURLToPath(new URL('../fixtures/delivery-flood.ts', import.meta.url))
  const optionsFile = join(folder.path, 'options.json')
  writeFileSync(optionsFile, JSON.stringify(options))
  const command = `exec '${process.execPath}' --conditions=cws-source '${entry}' '${optionsFile}'`
  // `script` gives its child a terminal of its own; what we write is typed there.
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text
  })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  try {
    await until(() => shown.includes('cws is watching'), 'the status line', 30_000)
    child.stdin.write(XOFF)
    const before = shown.length
    const run = join(folder.path, 'run')
    expect(await ask(run, 'flood', { count: 400 })).toBe(400)
    await until(() => existsSync(out) && readFileSync(out, 'utf8').trim().split('\n').length === 400, 'all deliveries', 30_000)
    expect(await ask(run, 'signals.list', { limit: 1000 })).toHaveLength(400)
    // The terminal is really paused: of 400 signals it shows at most what was on its way.
    expect(shown.length - before).toBeLessThan(100_000)
    child.stdin.write(XON)
    await until(() => shown.split('A web server started a shell').length === 401, 'all signals', 30_000)
    // It may be gone before it has answered.
    await ask(run, 'end').catch(() => null)
    expect(await exited).toBe(0)
  } finally {
    child.kill('SIGKILL')
  }
})
