import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  realpathSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { definePlugin, type Event, type EventType, UNKNOWN } from '@cws/core'
import { TestPipeline } from '@cws/core/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nested, Vantage } from '../../../tests/support/vantage.ts'
import processExec from '../src/index.ts'

const generators = fileURLToPath(new URL('../../../tests/generators/.output/', import.meta.url))
const shapes = join(generators, 'process_shapes')
const hungArgv = join(generators, 'hung_argv')
const PATIENCE_MS = 10_000

/** The real sensor in the real pipeline; events are kept as they come. */
class Host {
  readonly events: Event[] = []
  readonly pipeline: TestPipeline
  #nudge: () => void = () => {}

  private constructor(pipeline: TestPipeline) {
    this.pipeline = pipeline
  }

  static async watch(options: Parameters<typeof processExec>[0], types: readonly EventType[] = ['exec', 'fork', 'exit']): Promise<Host> {
    let host: Host | undefined
    const recorder = definePlugin(import.meta, {
      name: 'recorder',
      setup(ctx) {
        for (const type of types)
          ctx.detect(type, null, (event) => {
            // The host may be busy with anything: only what this process set off is looked at.
            if (!isOurs(event as Event)) return
            host?.add(event.keep() as Event)
          })
      },
    })
    host = new Host(await TestPipeline.of([processExec(options as never), recorder()]))
    await host.pipeline.start()
    return host
  }

  add(event: Event): void {
    this.events.push(event)
    this.#nudge()
  }

  get sensor() {
    const [sensor] = this.pipeline.runtime.sensors
    if (!sensor) throw new Error('no sensor')
    return sensor
  }

  /** The first event that fits, awaited. */
  async find(fits: (event: Event) => boolean): Promise<Event<'exec'>> {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const found = this.events.find(fits)
      if (found) return found as Event<'exec'>
      const left = deadline - Date.now()
      if (left <= 0) throw new Error(`not seen among ${this.events.length} events`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#nudge = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  exec(mark: string): Promise<Event<'exec'>> {
    return this.find((event) => {
      if (event.type !== 'exec') return false
      const isScript = event.get('exec.interpreter.file.name') !== ''
      return (event.get('exec.argv') as string[])[isScript ? 1 : 0] === mark
    })
  }

  async [Symbol.asyncDispose]() {
    await this.pipeline.stop()
    expect(this.pipeline.faults).toEqual([])
  }
}

/** In a nested pid namespace the lineage ends at what the agent did not see start (a gap the sensor declares): there the namespace is ours. */
const ownNamespace = nested() ? /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] : undefined

function isOurs(event: Event): boolean {
  if (ownNamespace !== undefined && String(event.get('process.ns.pidns')) === ownNamespace) return true
  const above: unknown = event.get('process.ancestors.pid')
  return Array.isArray(above) && above.includes(process.pid)
}

let serial = 0
const newMark = () => `mark-${process.pid}-${serial++}`
const run = (shape: string, mark: string, file?: string) => execFileSync(shapes, [shape, mark, ...(file ? [file] : [])])

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-process-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe.each(['tp_btf', 'raw_tp'] as const)('%s', (flavour) => {
  let host: Host
  let vantage: Vantage
  beforeAll(async () => {
    host = await Host.watch({ flavour })
    const mark = newMark()
    execFileSync('/bin/true', [mark])
    const { exec, process } = await host.exec(mark)
    vantage = new Vantage('/bin/true', { path: String(exec.file.path), ppid: Number(process.ppid) })
  })
  afterAll(() => host[Symbol.asyncDispose]())

  async function shape(name: string, file?: string) {
    const mark = newMark()
    run(name, mark, file)
    return await host.exec(mark)
  }

  test('runs, and proves it', () => {
    expect(host.sensor.report()).toMatchObject({ running: flavour, selfTest: 'alive' })
  })

  test('knows the tree above this test', async () => {
    const event = await shape('plain')
    expect(event.exec.file.path).toBe(vantage.at('/usr/bin/true'))
    expect(event.process.parent.file.name).toBe('process_shapes')
    if (!nested()) {
      expect((event.process.ancestors.pid as number[]).slice(0, 2)).toEqual([event.process.parent.pid, process.pid])
      expect((event.process.ancestors.argv as unknown[])[1]).toEqual(expect.arrayContaining([expect.stringContaining('vitest')]))
    }
    expect(event.event.origin).toBe(flavour)
    expect(event.event.source).toBe('runtime')
    expect(Math.abs(Number(event.event.timestamp) / 1e6 - Date.now())).toBeLessThan(5000)
    expect(event.exec.user).toBe('root')
    expect(event.exec.file.inode).toBeTypeOf('bigint')
  })

  test('vfork', async () => {
    expect((await shape('vfork')).process.parent.file.name).toBe('process_shapes')
  })

  test('an orphan keeps its lineage', async () => {
    const event = await shape('double')
    expect((event.process.ancestors.file.name as string[]).slice(0, 2)).toEqual(['process_shapes', 'process_shapes'])
    if (!nested()) expect((event.process.ancestors.pid as number[])[2]).toBe(process.pid)
    expect(event.process.ppid).not.toBe(event.process.parent.pid)
  })

  test('earlier images of the same process', async () => {
    const event = await shape('chain')
    expect((event.process.ancestors.same_pid as boolean[]).slice(0, 3)).toEqual([true, true, false])
    expect((event.process.ancestors.argv as unknown as string[][]).slice(0, 2).map((argv) => argv[0])).toEqual(['chain3', 'chain2'])
    expect(event.process.parent.pid).not.toBe(event.process.pid)
  })

  test('an exec by a thread', async () => {
    const event = await shape('thread')
    expect(event.process.tid).toBe(event.process.pid)
    expect(event.process.parent.file.name).toBe('process_shapes')
  })

  test('a memory file', async () => {
    const event = await shape('memfd')
    expect(event.exec.file.path).toBe('memfd:cws shape')
    expect(event.exec.file.memfd).toBe(true)
    expect(event.exec.file.unlinked).toBe(true)
  })

  test('a program without a name', async () => {
    const file = join(folder, `gone-${flavour}`)
    copyFileSync('/bin/true', file)
    chmodSync(file, 0o755)
    const event = await shape('unlinked', file)
    expect(event.exec.file.path).toBe(vantage.at(realpathSync(folder) + file.slice(folder.length)))
    expect(event.exec.file.unlinked).toBe(true)
    expect(event.exec.file.nlink).toBe(0)
  })

  test('arguments as they were, byte by byte', async () => {
    expect(((await shape('bytes')).exec.argv as string[]).slice(1)).toEqual(['\\xff\\xfe', 'a\nb', '', '\\x5cxff', 'käse'])
  })

  test('long arguments, beyond what one record holds', async () => {
    const mark = newMark()
    execFileSync('/bin/true', [mark, 'x'.repeat(40_000), 'last'])
    const event = await host.exec(mark)
    expect(event.exec.argv).toEqual([mark, 'x'.repeat(40_000), 'last'])
    expect(event.exec.args_truncated).toBe(false)
  })

  test('a reused pid is not mistaken', async () => {
    const event = await shape('reuse', '/bin/uname')
    const same = host.events.filter((other) => other.type === 'exec' && other.get('process.ns.pid') === event.process.ns.pid)
    expect(same.map((other) => other.get('exec.file.name'))).toEqual(['uname', 'true'])
    expect((event.process.ancestors.file.name as string[])[0]).toBe('process_shapes')
    expect((event.process.ancestors.same_pid as boolean[]).includes(true)).toBe(false)
  })

  test('a script and its interpreter', async () => {
    const script = join(folder, `job-${flavour}.sh`)
    writeFileSync(script, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
    const mark = newMark()
    execFileSync(`./job-${flavour}.sh`, [mark], { cwd: folder })
    const event = await host.exec(mark)
    expect([script, vantage.at(script)]).toContain(event.exec.file.path)
    expect(event.exec.interpreter.file.path).toMatch(/\/(dash|bash|busybox|sh)$/)
  })

  test('environment: names, and values of the chosen ones', async () => {
    const mark = newMark()
    execFileSync('/bin/true', [mark], { env: { LD_PRELOAD: '', SECRET_THING: 'hidden' } })
    const event = await host.exec(mark)
    expect([...(event.exec.envp as string[])].sort()).toEqual(['LD_PRELOAD=', 'SECRET_THING'])
  })

  test('exit', async () => {
    const child = spawn('/bin/sh', ['-c', 'exit 7'])
    await once(child, 'exit')
    const event = await host.find((candidate) => candidate.type === 'exit' && candidate.get('process.ns.pid') === child.pid)
    expect([event.get('exit.cause'), event.get('exit.code')]).toEqual([0, 7])
  })

  test('a container, by its control group', async () => {
    const root = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup/pids', '/sys/fs/cgroup'].find((path) => existsSync(join(path, 'cgroup.procs')))
    const id = 'c'.repeat(32) + 'd'.repeat(32)
    const parent = join(root as string, `cws-test-${process.pid}`)
    const group = join(parent, `docker-${id}.scope`)
    mkdirSync(group, { recursive: true })
    try {
      const mark = newMark()
      execFileSync('/bin/sh', ['-c', `echo $$ > ${group}/cgroup.procs; exec /bin/true ${mark}`])
      const event = await host.exec(mark)
      expect(event.container.id).toBe(id)
      expect(event.process.container.id).toBe(id)
      expect(event.cgroup.id).toMatch(new RegExp(`/docker-${id}.scope$`))
    } finally {
      rmdirSync(group)
      rmdirSync(parent)
    }
  })

  test('a storm: nothing lost, every process with its parent', async () => {
    const count = 2000
    const from = host.events.length
    const child = spawn(join(generators, 'exec_storm'), [String(count)], { stdio: 'ignore' })
    await once(child, 'exit')
    await host.find((event) => event.type === 'exit' && event.get('process.ns.pid') === child.pid)
    const execs = host.events.slice(from).filter((event) => event.type === 'exec' && event.get('process.parent.ns.pid') === child.pid)
    expect(execs.length).toBe(count)
    expect(host.sensor.counts()).toMatchObject({ exec: { lost: 0 }, fork: { lost: 0 }, exit: { lost: 0 } })
  })
})

describe('procfs', () => {
  test('sees what lives long enough, and its end', async () => {
    await using host = await Host.watch({ flavour: 'procfs', pollMs: 50 })
    expect(host.sensor.report()).toMatchObject({ running: 'procfs', selfTest: 'alive' })
    const child = spawn('/bin/sleep', ['30'], { env: { LD_PRELOAD: '', OTHER: '1' } })
    const event = await host.find((candidate) => candidate.type === 'exec' && candidate.get('process.pid') === child.pid)
    expect(event.exec.file.path).toBe('/usr/bin/sleep')
    expect(event.exec.args).toBe('30')
    expect(event.process.parent.pid).toBe(process.pid)
    expect([...(event.exec.envp as string[])].sort()).toEqual(['LD_PRELOAD=', 'OTHER'])
    child.kill()
    const end = await host.find((candidate) => candidate.type === 'exit' && candidate.get('process.pid') === child.pid)
    expect(end.get('process.file.name')).toBe('sleep')
  })
})

describe('what ran before', () => {
  test.skipIf(nested())('is known when it acts, and reported only if wanted', async () => {
    const early = spawn('/bin/sh', ['-c', 'read go; /bin/true "$go"; read end'], { stdio: ['pipe', 'ignore', 'ignore'] })
    try {
      await using host = await Host.watch({ reportRunning: true }, ['exec'])
      const running = await host.find((event) => event.get('process.pid') === early.pid)
      expect(running.event.source).toBe('snapshot')
      expect(running.exec.args).toContain('read go')
      const mark = newMark()
      early.stdin.write(`${mark}\n`)
      const event = await host.exec(mark)
      expect(event.event.source).toBe('runtime')
      expect(event.process.parent.pid).toBe(early.pid)
      expect((event.process.ancestors.args as string[])[0]).toContain('read go')
    } finally {
      early.stdin.end('\n')
      await once(early, 'exit')
    }
  })
})

test.skipIf(!existsSync('/dev/fuse'))('a process that nobody can read holds up no start', async () => {
  const mountPoint = mkdtempSync(join(folder, 'hung-'))
  const hung = spawn(hungArgv, [mountPoint], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    expect(String((await once(hung.stdout, 'data'))[0])).toBe('ready\n')
    await using host = await Host.watch({ flavour: 'tp_btf', reportRunning: true })
    expect(host.sensor.report()).toMatchObject({ selfTest: 'alive' })
    const event = await host.find((candidate) => candidate.type === 'exec' && candidate.get('process.pid') === hung.pid)
    expect(event.exec.file.name).toBe('hung_argv')
    expect(event.exec.argv).toBe(UNKNOWN)
  } finally {
    // Its end wakes whoever waits for it.
    hung.kill('SIGKILL')
    await once(hung, 'exit')
  }
})
