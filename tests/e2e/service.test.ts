import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { CAPABILITIES } from '@cws/native/launch'
import { expect, it } from 'vitest'
import { RunningAgent, root } from '../support/agent.ts'
import { generator, runFromSharedMemory } from '../support/triggers.ts'

const unit = readFileSync(join(root, 'distributions/host/systemd/cws.service'), 'utf8')
const capabilities = (/^CapabilityBoundingSet=(.*)$/m.exec(unit)?.[1] ?? '').split(' ')

const granted = capabilities.reduce((set, name) => set | (1n << BigInt(CAPABILITIES[name] as number)), 0n)
const bounding = (pid: number | 'self'): bigint =>
  BigInt(`0x${/^CapBnd:\s+([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]}`)

/** As the unit confines it: its bounding set, no new privileges. */
const confined = [
  'setpriv',
  '--no-new-privs',
  '--bounding-set',
  ['-all', ...capabilities.map((name) => `+${name.slice('CAP_'.length).toLowerCase()}`)].join(','),
  process.execPath,
  join(root, 'distributions/host/bin/cws.js'),
] as const

it('as a service: sees with the capabilities of the unit, and tells the manager when it is ready and when it stops', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cws-service-'))
  const socket = join(folder, 'notify')
  const manager = spawn(generator('notify_socket'), [socket], { stdio: ['pipe', 'pipe', 'inherit'] })
  const told = createInterface({ input: manager.stdout })[Symbol.asyncIterator]()
  try {
    expect((await told.next()).value).toBe('listening')
    await using agent = await RunningAgent.start({ command: confined, env: { NOTIFY_SOCKET: socket } })
    expect((await told.next()).value).toBe(`${agent.agentPid} READY=1`)
    expect(agent.lines.find((line) => line.kind === 'status')).toMatchObject({ state: 'ready', sensors: { process: 'tp_btf' } })
    // This process may lack some of them itself.
    expect(bounding(agent.agentPid)).toBe(bounding('self') & granted)
    runFromSharedMemory('served')
    await agent.signal('exec-from-memory-filesystem')
    const { agentPid } = agent
    expect(await agent.stop()).toBe(0)
    expect((await told.next()).value).toBe(`${agentPid} STOPPING=1`)
  } finally {
    manager.stdin.end()
    rmSync(folder, { recursive: true, force: true })
  }
})

it('runs on, and says so, where the manager cannot be told', async () => {
  await using agent = await RunningAgent.start({ env: { NOTIFY_SOCKET: '/nonexistent/notify' } })
  await agent.until(() => agent.stderr.includes('the service manager is not told READY=1'))
})
