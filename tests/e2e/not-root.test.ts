import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { root } from '../support/agent.ts'

const nobody = 65534

let folder: string
let agent: ChildProcess
let out: string
let log: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-nobody-'))
  chmodSync(folder, 0o777)
})
afterEach(() => {
  agent.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

async function start(...args: string[]): Promise<void> {
  agent = spawn(process.execPath, [join(root, 'distributions/host/bin/cws.js'), 'run', '--format', 'json', ...args], {
    cwd: root,
    uid: nobody,
    gid: nobody,
    env: { ...process.env, HOME: folder, CWS_STATE_DIR: join(folder, 'state'), CWS_RUN_DIR: join(folder, 'run') },
  })
  out = log = ''
  agent.stdout?.on('data', (chunk) => (out += chunk))
  agent.stderr?.on('data', (chunk) => (log += chunk))
  await expect.poll(() => out, { timeout: 60_000 }).toContain('"ready"')
}

async function stop(): Promise<void> {
  agent.kill('SIGTERM')
  expect(await new Promise((resolve) => agent.once('exit', resolve))).toBe(0)
}

it('without root: says what is lost and runs what can run', async () => {
  await start()
  expect(JSON.parse(out.split('\n')[0] as string)).toMatchObject({ sensors: { process: 'procfs' } })
  expect(log).toMatch(/root/)
  await stop()
}, 120_000)

it('without root: sees what changes, by whomever, and says which folders it may not read', async () => {
  const watched = join(folder, 'watched')
  const closed = join(folder, 'closed')
  mkdirSync(watched)
  mkdirSync(join(watched, 'deep'))
  mkdirSync(closed, { mode: 0o700 })
  chownSync(watched, nobody, nobody)
  // What may not be read itself may lead on.
  const behind = join(folder, 'passage', 'behind')
  mkdirSync(behind, { recursive: true })
  chmodSync(join(folder, 'passage'), 0o711)
  const config = join(folder, 'cws', 'cws.config.ts')
  mkdirSync(join(folder, 'cws'))
  writeFileSync(
    config,
    `import { defineConfig, defineRule, host } from '@cws/agent'
const changed = defineRule({
  id: 'watched-changed', name: 'Changed', severity: 'medium', on: 'change', where: 'change.file.path =~ "${watched}/**"', message: 'changed',
})
export default defineConfig({ plugins: [host({ files: { watch: ['${watched}', '${closed}', '${behind}'] }, rules: { packs: [[changed]] } })] })
`,
  )
  await start('--config', config, '--events=change')
  expect(JSON.parse(out.split('\n')[0] as string)).toMatchObject({ sensors: { files: 'inotify' } })
  expect(log).toContain('who changed a file: inotify tells nobody')
  expect(log).toContain('folders that this user may not read')
  expect(log).toContain(`${closed} cannot be watched`)
  writeFileSync(join(behind, 'file'), '')
  writeFileSync(join(watched, 'deep', 'file'), '')
  renameSync(join(watched, 'deep', 'file'), join(watched, 'file'))
  const lines = () =>
    out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line)
  await expect.poll(() => lines().map((line) => line.change?.kind), { timeout: 20_000 }).toContain('renamed')
  const made = lines().filter((line) => line.change?.kind === 'created')
  expect(made[0]).toMatchObject({ change: { file: { path: join(behind, 'file') } } })
  const created = made[1]
  expect(created?.process).toEqual({ certainty: 'unknown' })
  expect(created).toMatchObject({
    change: { file: { path: join(watched, 'deep', 'file') } },
  })
  expect(lines().find((line) => line.change?.kind === 'renamed')).toMatchObject({
    change: { file: { path: join(watched, 'deep', 'file'), destination: { path: join(watched, 'file') } } },
  })
  await expect
    .poll(() => lines().some((line) => line.kind === 'signal' && line.rule?.id === 'watched-changed'), { timeout: 20_000 })
    .toBe(true)
  await stop()
}, 120_000)

interface Line {
  readonly kind: string
  readonly rule?: { readonly id: string }
  readonly change?: { readonly kind: string }
  readonly process?: object
}
