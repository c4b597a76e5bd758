import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CAPABILITIES, capGet } from '@cws/native/launch'
import { describe, expect, it } from 'vitest'
import type { SensorReport } from '../../core/src/agent/sensors.ts'
import { KEPT_CAPABILITIES } from '../../distributions/host/bin/capabilities.js'
import { type Line, RunningAgent, root } from '../support/agent.ts'
import { runFromSharedMemory, temporaryFolder } from '../support/triggers.ts'
import { nested } from '../support/vantage.ts'

const launcher = join(root, 'distributions/host/bin/cws.js')
/** Of what was run with this argument. */
const of = (argument: string) => (line: Line) => (line['event'] as { process: { args?: string } }).process.args === argument
const short = (name: string) => name.slice('CAP_'.length).toLowerCase()
/** A program with no more than these capabilities. */
const limited = (names: readonly string[], ...command: string[]): [string, ...string[]] => [
  'setpriv',
  '--no-new-privs',
  '--bounding-set',
  ['-all', ...names.map((name) => `+${short(name)}`)].join(','),
  ...command,
]

const config = (watched: string, withFim = true) => `import { defineConfig, defineRule, host } from '@cws/agent'
const changed = defineRule({
  id: 'watched-changed', name: 'Changed', severity: 'medium', on: 'change', where: 'change.file.path =~ "${watched}/**"', message: 'changed',
})
export default defineConfig({ plugins: [host({ files: ${withFim ? `{ watch: ['${watched}/**'] }` : 'false'}, rules: { packs: [[changed]] } })] })
`

describe('what is lost without a capability is told', () => {
  const doctor = (names: readonly string[]): readonly SensorReport[] => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'cws.config.ts')
    writeFileSync(file, config(folder.path), { mode: 0o600 })
    const [program, ...args] = limited(names, process.execPath, launcher, 'doctor', '--format', 'json', '--config', file)
    const env = { ...process.env, CWS_STATE_DIR: join(folder.path, 'state'), CWS_RUN_DIR: join(folder.path, 'run') }
    const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env })
    if (!stdout) throw new Error(stderr)
    return (JSON.parse(stdout) as { sensors: readonly SensorReport[] }).sensors
  }
  const running = (sensors: readonly SensorReport[], name: string) => {
    const sensor = sensors.find((it) => it.sensor === name)
    return { flavour: sensor?.running, told: JSON.stringify(sensor?.flavours) }
  }

  it('none: processes by eBPF, changes with their authors', () => {
    const sensors = doctor(KEPT_CAPABILITIES)
    expect(running(sensors, 'process')).toMatchObject({ flavour: 'tp_btf', told: expect.not.stringContaining('CAP_') })
    expect(running(sensors, 'files')).toMatchObject({ flavour: 'fanotify', told: expect.not.stringContaining('CAP_') })
  })

  it('the least set of host() is as good for processes', () => {
    const process = running(doctor(['CAP_BPF', 'CAP_PERFMON', 'CAP_SYS_PTRACE']), 'process')
    expect(process).toMatchObject({ flavour: 'tp_btf', told: expect.not.stringContaining('CAP_') })
  })

  it.each([
    ['CAP_BPF', 'procfs', 'the map is refused: Operation not permitted'],
    ['CAP_PERFMON', 'procfs', 'the program is refused: Operation not permitted'],
    ['CAP_SYS_PTRACE', 'tp_btf', 'processes that ran before the agent, as other users or with more rights (needs CAP_SYS_PTRACE)'],
  ])('%s', (name, flavour, words) => {
    // CAP_SYS_ADMIN would stand in for the first two.
    const rest = KEPT_CAPABILITIES.filter((it) => it !== name && it !== 'CAP_SYS_ADMIN')
    const process = running(doctor(rest), 'process')
    expect(process.flavour).toBe(flavour)
    expect(process.told).toContain(words)
  })

  it('CAP_SYS_ADMIN', () => {
    const files = running(doctor(KEPT_CAPABILITIES.filter((it) => it !== 'CAP_SYS_ADMIN')), 'files')
    expect(files.flavour).toBe('inotify')
    expect(files.told).toContain('(needs CAP_SYS_ADMIN)')
  })
})

describe('the agent', () => {
  const have = capGet().bounding
  const mask = (names: readonly string[]) =>
    names.filter((name) => have.includes(name)).reduce((set, name) => set | (1n << BigInt(CAPABILITIES[name] as number)), 0n)

  it('has what a reload needs and no more, in every thread, before it and after', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'cws.config.ts')
    const watched = join(folder.path, 'watched')
    writeFileSync(file, config(watched, false), { mode: 0o600 })
    await using agent = await RunningAgent.start({ args: ['--config', file] })
    const check = () => {
      const tasks = readdirSync(`/proc/${agent.agentPid}/task`)
      for (const task of tasks) {
        const status = readFileSync(`/proc/${agent.agentPid}/task/${task}/status`, 'utf8')
        const set = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\s+(\\w+)$`, 'm').exec(status)?.[1]}`)
        for (const name of ['CapEff', 'CapPrm', 'CapBnd']) expect(set(name), `${name} of ${task}`).toBe(mask(KEPT_CAPABILITIES))
        for (const name of ['CapInh', 'CapAmb']) expect(set(name), `${name} of ${task}`).toBe(0n)
        expect(status).toMatch(/^NoNewPrivs:\s+1$/m)
      }
      return tasks.length
    }
    const threads = check()
    expect(threads).toBeGreaterThan(5)

    writeFileSync(file, config(watched), { mode: 0o600 })
    agent.signalProcess('SIGHUP')
    await agent.until(() => agent.stderr.includes('is at work'))
    mkdirSync(watched)
    // Changes until one is told: the watch of a folder that is made now comes a moment later.
    let told = false
    const signal = agent.signal('watched-changed').finally(() => {
      told = true
    })
    for (let i = 0; !told && i < 100; i++) {
      writeFileSync(join(watched, `${i}`), '')
      await Promise.race([signal, new Promise((resolve) => setTimeout(resolve, 100))])
    }
    const { process: author } = (await signal)['event'] as { process: { pid: number | null } }
    if (!nested()) expect(author.pid).toBe(process.pid)
    check()
    runFromSharedMemory('still')
    await agent.signal('exec-from-memory-filesystem', of('still'))
  })

  it.each([
    ['with the least set of host() knows also who ran before it', ['CAP_BPF', 'CAP_PERFMON', 'CAP_SYS_PTRACE'], process.execPath],
    ['without CAP_SYS_PTRACE does not', ['CAP_BPF', 'CAP_PERFMON'], null],
  ])('%s', async (_, names, parent) => {
    await using agent = await RunningAgent.start({ command: limited(names, process.execPath, launcher) })
    const bounding = /^CapBnd:\s+(\w+)$/m.exec(readFileSync(`/proc/${agent.agentPid}/status`, 'utf8'))?.[1]
    expect(BigInt(`0x${bounding}`)).toBe(mask(names))
    const mark = `least-${names.length}`
    runFromSharedMemory(mark)
    const { process: author } = (await agent.signal('exec-from-memory-filesystem', of(mark)))['event'] as {
      process: { parent: { file?: { path?: string } } | null }
    }
    if (!nested()) expect(author.parent?.file?.path ?? null).toBe(parent)
  })
})
