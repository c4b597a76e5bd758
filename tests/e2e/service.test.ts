import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { CAPABILITIES } from '@cws/native/launch'
import { expect, it } from 'vitest'
import { RunningAgent, root } from '../support/agent.ts'
import { project } from '../support/project.ts'
import { generator, runFromSharedMemory, temporaryFolder } from '../support/triggers.ts'

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

/** A service manager that only listens: the messages that come to its socket, in order. */
class Manager implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'cws-service-'))
  readonly #process = spawn(generator('notify_socket'), [this.socket], { stdio: ['pipe', 'pipe', 'inherit'] })
  readonly #told = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()

  static async start(): Promise<Manager> {
    const manager = new Manager()
    expect(await manager.next()).toBe('listening')
    return manager
  }

  get socket(): string {
    return join(this.#folder, 'notify')
  }

  async next(): Promise<string | undefined> {
    return (await this.#told.next()).value
  }

  [Symbol.dispose](): void {
    this.#process.stdin.end()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

it('as a service: sees with the capabilities of the unit, and tells the manager when it is ready, that it lives, and when it stops', async () => {
  using manager = await Manager.start()
  await using agent = await RunningAgent.start({ command: confined, env: { NOTIFY_SOCKET: manager.socket, WATCHDOG_USEC: '500000' } })
  expect(await manager.next()).toBe(`${agent.agentPid} READY=1`)
  expect(agent.lines.find((line) => line.kind === 'status')).toMatchObject({ state: 'ready', sensors: { process: 'tp_btf' } })
  // This process may lack some of them itself.
  expect(bounding(agent.agentPid)).toBe(bounding('self') & granted)
  runFromSharedMemory('served')
  await agent.signal('exec-from-memory-filesystem')
  for (let i = 0; i < 3; i++) expect(await manager.next()).toBe(`${agent.agentPid} WATCHDOG=1`)
  const { agentPid } = agent
  expect(await agent.stop()).toBe(0)
  let last: string | undefined
  do last = await manager.next()
  while (last === `${agentPid} WATCHDOG=1`)
  expect(last).toBe(`${agentPid} STOPPING=1`)
})

/** How often the watchdog was fed so far, as messages come. */
function feedings(manager: Manager): { count: number } {
  const seen = { count: 0 }
  void (async () => {
    for (let text = await manager.next(); text !== undefined; text = await manager.next()) if (text.endsWith(' WATCHDOG=1')) seen.count++
  })()
  return seen
}

const configured = (plugins: string, imports: string) => `
import { existsSync, writeFileSync } from 'node:fs'
import { host } from '@cws/agent'
import { definePlugin } from '@cws/core'
${imports}
export default { plugins: [host(), ${plugins}] }`

const watched = (socket: string) => ({ NOTIFY_SOCKET: socket, WATCHDOG_USEC: '500000' })

it('an engine that is held up feeds no watchdog', async () => {
  expect(unit).toMatch(/^WatchdogSec=90$/m)
  using manager = await Manager.start()
  using held = temporaryFolder()
  const [begun, done] = [join(held.path, 'begun'), join(held.path, 'done')]
  using folder = project(
    configured(
      `definePlugin(import.meta, {
        name: 'held',
        setup(ctx) {
          ctx.detect('exec', { 'exec.file.name': 'payload' }, () => {
            writeFileSync('${begun}', '')
            while (!existsSync('${done}'));
          })
        },
      })()`,
      '',
    ),
  )
  await using agent = await RunningAgent.start({ args: ['--config', folder.config], env: watched(manager.socket) })
  const seen = feedings(manager)
  await agent.until(() => seen.count > 0)
  runFromSharedMemory('held')
  await agent.until(() => existsSync(begun))
  // What was sent before it arrives at once.
  await sleep(300)
  const before = seen.count
  await sleep(1_500)
  const after = seen.count
  writeFileSync(done, '')
  expect(after).toBe(before)
  await agent.until(() => seen.count > after)
})

// It takes what a hang takes to be believed.
it.skipIf(!process.env['CWS_TEST_LONG'])('a delivery thread that hangs feeds none either, until it is replaced', async () => {
  using manager = await Manager.start()
  using dead = temporaryFolder()
  const armed = join(dead.path, 'armed')
  writeFileSync(armed, '')
  using folder = project(
    configured(
      `fatal({ way: 'loop', once: true, path: '${join(dead.path, 'told')}', armed: '${armed}' })`,
      `import { fatal } from '${join(root, 'core/test/fixtures/fatal-notifier.ts')}'`,
    ),
  )
  await using agent = await RunningAgent.start({ args: ['--config', folder.config], env: watched(manager.socket) })
  const seen = feedings(manager)
  await agent.until(() => seen.count > 0)
  runFromSharedMemory('hangs')
  await agent.until(() => agent.stderr.includes('is not told WATCHDOG=1'), 30_000)
  const hungry = seen.count
  expect(agent.stderr).toMatch(/so that it ends this process: the delivery thread has taken nothing up for 1\d s/)
  await agent.until(() => agent.stderr.includes('the delivery thread works again'), 60_000)
  await agent.until(() => seen.count > hungry)
})

it('runs on, and says so, where the manager cannot be told', async () => {
  await using agent = await RunningAgent.start({ env: { NOTIFY_SOCKET: '/nonexistent/notify' } })
  await agent.until(() => agent.stderr.includes('the service manager is not told READY=1'))
})
