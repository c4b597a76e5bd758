/** What the rules that come with the agent say of real deeds, and what their author's tools say of them: one agent, as it runs without a configuration. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { perform } from '@cws/plugin-rules/testing'
import defaults from '@cws/rules-default'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Line, RunningAgent, root } from '../support/agent.ts'
import { plainEnvironment } from '../support/environment.ts'
import { runFromSharedMemory, temporaryFolder } from '../support/triggers.ts'
import { nested, pidNamespace } from '../support/vantage.ts'

const triggers = defaults.triggers ?? {}
/** In namespaces of one's own neither the author nor the path of a change, an opened file or a program is what the host calls it. */
const isByPath = ({ on, id }: (typeof defaults.rules)[number]) => (on !== 'exec' && on !== 'exit') || BY_ANCESTOR.has(id)
/** They fire by where a program lies that stands above. */
const BY_ANCESTOR: ReadonlySet<string> = new Set(['ssh-tunnel-of-editor', 'service-account-used-by-hand'])
const rules = defaults.rules.filter((rule) => !nested() || !isByPath(rule))

let agent: RunningAgent
const undo: (() => void)[] = []
beforeAll(async () => {
  // Of what lies in a folder that is new nobody knows who put it there.
  for (const { id } of rules) {
    const trigger = triggers[id]
    const made = trigger && 'make' in trigger ? mkdirSync(dirname(trigger.make), { recursive: true }) : undefined
    if (made !== undefined) undo.push(() => rmSync(made, { recursive: true }))
  }
  agent = await RunningAgent.start()
})
afterAll(async () => {
  await agent?.[Symbol.asyncDispose]()
  for (const one of undo.reverse()) one()
})

/** Runs the command line, about the agent that runs. How it ends is the caller's matter. */
async function cws(...args: string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const command = start(...args)
  const written = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) command[name].setEncoding('utf8').on('data', (text: string) => (written[name] += text))
  const [code] = await once(command, 'close')
  return { code, ...written }
}

const start = (...args: string[]) =>
  spawn(process.execPath, [join(root, 'distributions/host/bin/cws.js'), ...args], {
    cwd: root,
    env: { ...process.env, CWS_STATE_DIR: join(agent.folder, 'state'), CWS_RUN_DIR: join(agent.folder, 'run') },
  })

/**
 * Whether this process stands above what the signal is about, or is it: others on this machine have signals of their own. In a pid namespace of
 * its own this process has another pid in records, but whoever shares the namespace is ours.
 */
function isOurs({ event }: Line): boolean {
  const { process: subject } = event as { process?: { pid?: number; ns?: { pidns?: number }; ancestors?: readonly { pid: number }[] } }
  if (nested()) return subject?.ns?.pidns === pidNamespace
  return subject?.pid === process.pid || (subject?.ancestors?.some(({ pid }) => pid === process.pid) ?? false)
}

const ruleOf = (line: Line) => (line['rule'] as { id: string }).id

// Who opened a file is not known from within a pid namespace of one's own.
describe.skipIf(nested())('a detection that comes with the agent', () => {
  it('concludes from what one tree does, and says from what', async () => {
    const home = mkdtempSync('/home/cws-test-')
    try {
      const [credentials, key] = ['.aws/credentials', '.ssh/id_ed25519'].map((name) => join(home, name)) as [string, string]
      for (const file of [credentials, key]) {
        mkdirSync(dirname(file))
        writeFileSync(file, 'x')
      }
      // Of files that are new the watch hears a moment later.
      const isWhole = (line: Line) => line.kind === 'signal' && ruleOf(line) === 'secrets-gathered' && isOurs(line)
      const isTold = () => {
        spawnSync('/bin/cat', ['/etc/shadow', credentials, key], { stdio: 'ignore' })
        return agent.lines.some(isWhole)
      }
      await expect.poll(isTold, { interval: 200, timeout: 20_000 }).toBe(true)
      const signal = agent.lines.find(isWhole) as Line
      const rulesOf = (signal['findings'] as { rule: string }[]).map(({ rule }) => rule)
      expect(rulesOf.sort()).toEqual(['cloud-credentials-opened', 'password-hashes-opened', 'private-key-opened'])
      expect(signal).toMatchObject({ severity: 'high', group: { tree: expect.stringMatching(/^(login|pid) \d+$/) } })
      const { stdout } = await cws('rules', 'explain', String(signal['id']))
      expect(stdout).toMatch(
        /^secrets-gathered is a detection, and concluded this from 3 findings\nIt looks for .*, each time with the same tree\n/,
      )
      expect(stdout).toMatch(/^▸ \S+Z password-hashes-opened open\n {6}/m)
    } finally {
      rmSync(home, { recursive: true })
    }
  })
})

describe('each rule that comes with the agent', () => {
  /** Fires by what is found in memory, and by what runs below a path of this run. */
  const [IN_MEMORY, MINER] = ['exec-from-memory-filesystem', 'cryptominer'] as const
  const outcomes = new Map<string, { readonly state: string; readonly signal: string | null; readonly detail: string | null }>()
  const folder = temporaryFolder()
  afterAll(() => folder[Symbol.dispose]())
  const recording = join(folder.path, 'deeds.cws')

  beforeAll(async () => {
    const recorder = start('record', 'exec.file.path =~ "**/cws-simulate-*/*"', '--types', 'exec', '--out', recording)
    let told = ''
    recorder.stderr.setEncoding('utf8').on('data', (text: string) => (told += text))
    const ended = once(recorder, 'close')
    try {
      await vi.waitUntil(() => told.includes('recording exec to'), 60_000)
      const { stdout, stderr } = await cws('rules', 'simulate', '--format', 'json', ...rules.map(({ id }) => id))
      expect(stderr).toBe('')
      for (const outcome of JSON.parse(stdout)) outcomes.set(outcome.rule, outcome)
    } finally {
      recorder.kill('SIGINT')
      await ended
    }
  })

  it.each(rules.map(({ id }) => id))('%s fires on the real thing', async (id) => {
    const { state, signal: told, detail } = outcomes.get(id) ?? {}
    const trigger = triggers[id]
    const rule = rules.find((one) => one.id === id)
    const from = agent.lines.length
    let undo = () => {}
    if (state === 'refused' && trigger?.harm !== undefined) {
      // On a host that matters; this one is the tests' own.
      if (id === 'packages-changed' && !existsSync('/usr/bin/dpkg')) return
      undo = perform(trigger)
    } else {
      expect([state, detail]).toEqual(['fired', rule?.name])
    }
    try {
      const fits = (line: Line) => isOurs(line) && (told ? line['id'] === told : agent.lines.indexOf(line) >= from)
      const signal = await agent.signal(id, fits)
      expect(signal).toMatchObject({ severity: rule?.severity, title: rule?.name, tags: rule?.tags })
      expect(signal['message']).not.toContain('{{')
      if (rule?.on === 'change' || rule?.on === 'open') expect(signal['message']).not.toContain('(unknown)')
    } finally {
      undo()
    }
  })

  it.skipIf(nested())('says nothing of a package manager’s work but that it was done', () => {
    const byDpkg = agent.lines.filter(
      (line) => line.kind === 'signal' && isOurs(line) && JSON.stringify(line).includes('cws-simulate-package'),
    )
    const loud = byDpkg.filter((line) => JSON.stringify(line['event']).includes('"change"'))
    expect([...new Set(loud.map(ruleOf))]).toEqual(existsSync('/usr/bin/dpkg') ? ['packages-changed'] : [])
  })

  it('is quiet about a recording once the exception that its signal asks for is in the configuration', async () => {
    const told = outcomes.get(IN_MEMORY)?.signal as string
    const { exceptions } = JSON.parse((await cws('rules', 'except', told, '--format', 'json')).stdout)
    const signal = await agent.signal(IN_MEMORY, (line) => line['id'] === told)
    const { exec } = signal['event'] as { exec: { file: { path: string } } }
    expect(exceptions[0]).toMatchObject({ unless: expect.stringContaining(`exec.file.path == "${exec.file.path}"`), silences: [] })

    const rulesOf = async (...args: string[]) => {
      const { stdout, stderr } = await cws('replay', recording, '--format', 'json', ...args)
      const lines = stdout.split('\n').filter((line) => line !== '')
      expect(stderr).toMatch(/^[1-9]\d* events .* replayed in /)
      return lines.map((line) => ruleOf(JSON.parse(line)))
    }
    const config = join(folder.path, 'cws.config.json')
    const tune = { [IN_MEMORY]: { unless: exceptions[0].unless } }
    const plugins = ['process-exec', { rules: { packs: ['@cws/rules-default'], tune } }]
    writeFileSync(config, JSON.stringify({ plugins }), { mode: 0o600 })
    expect(await rulesOf()).toEqual(expect.arrayContaining([IN_MEMORY, MINER]))
    const excepted = await rulesOf('--config', config)
    expect(excepted).toContain(MINER)
    expect(excepted).not.toContain(IN_MEMORY)
  })
})

// In a pid namespace of one's own what other tests do at the same time cannot be told from this, and its root may lie where users write.
describe.skipIf(nested())('ordinary work', () => {
  /** What administrators and machines do all day. Programs that are not installed are left out. */
  const work: readonly (readonly [program: string, ...args: string[]])[] = [
    ['ls', '-la', '/etc'],
    ['ps', 'aux'],
    ['df', '-h'],
    ['id'],
    ['git', 'log', '-1', '--oneline'],
    ['git', 'status', '--short'],
    ['tar', 'cf', 'archive.tar', 'hello.c'],
    ['gzip', '-kf', 'archive.tar'],
    ['apt-get', '-v'],
    ['dpkg', '-l', 'bash'],
    ['npm', '-v'],
    ['ssh', '-V'],
    ['curl', '--version'],
    ['openssl', 'version'],
    ['systemctl', '--version'],
    ['find', '/etc', '-maxdepth', '1', '-name', '*.conf'],
    ['grep', '-r', 'PATH', '/etc/profile.d'],
    ['grep', '-c', 'root', '/etc/passwd'],
    ['cat', '/etc/hostname'],
    ['sh', '-c', 'cd / && run-parts --report /nowhere/cron.hourly; exit 0'],
    ['sh', '-c', 'test -x /usr/sbin/anacron || true'],
    ['bash', '-c', 'for i in 1 2 3; do echo $i; done | sort -r | head -1'],
    ['sh', '-c', 'echo aGVsbG8= | base64 -d > decoded.txt'],
    ['python3', '-c', 'print(sum(range(10)))'],
    ['perl', '-e', 'print 1 + 1'],
    ['node', '-e', 'console.log(process.version)'],
    ['gcc', '-o', 'hello', 'hello.c'],
    ['./hello'],
    ['./run.sh'],
    ['make', '-s', '-f', 'rules.mk'],
    ['git', 'init', '-q', 'shop'],
    ['git', 'clone', '-q', 'shop', 'copy'],
    ['python3', '-m', 'venv', '--without-pip', '.venv'],
    ['.venv/bin/python', '-c', 'import base64, sys; print(base64.b64decode("MQ=="), sys.version)'],
    ['npm', 'ci', '--offline', '--no-audit', '--no-fund'],
    ['npm', 'test'],
    ['apt-get', '-s', 'install', 'bash'],
    ['su', '-s', '/bin/sh', '-c', 'true', 'nobody'],
    ['sh', '-c', 'su -s /bin/sh -c "psql --version" postgres'],
    ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', 'key'],
    ['ssh', '-o', 'BatchMode=yes', '-p', '9', 'nobody@127.0.0.1', 'uptime'],
    ['curl', '-fsS', 'http://127.0.0.1:9/health'],
    ['crontab', '-l'],
    ['last', '-n', '1'],
    ['ss', '-tln'],
    ['dmesg', '-T'],
    ['mount'],
    ['sysctl', '-n', 'kernel.randomize_va_space'],
    ['iptables', '-L', '-n'],
    ['touch', '-r', 'hello.c', 'link'],
    ['rm', '-rf', 'copy', 'shop'],
  ]
  const FILES: Readonly<Record<string, string>> = {
    'hello.c': 'int main(void) { return 0; }\n',
    'run.sh': '#!/bin/sh\nexit 0\n',
    'rules.mk': 'all: hello.c\n\tgcc -O2 -c -o hello.o hello.c && ar rc hello.a hello.o\n',
    'package.json': '{ "name": "shop", "version": "1.0.0", "scripts": { "postinstall": "node -e 0", "test": "sh ./run.sh" } }',
    'package-lock.json':
      '{ "name": "shop", "version": "1.0.0", "lockfileVersion": 3, "packages": { "": { "name": "shop", "version": "1.0.0" } } }',
  }

  it('raises nothing above low', async () => {
    using folder = temporaryFolder('/var/tmp')
    const inFolder = { cwd: folder.path, env: plainEnvironment(), stdio: 'ignore', timeout: 60_000 } as const
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder.path, name), text, { mode: 0o755 })
    symlinkSync('/etc/hostname', join(folder.path, 'link'))
    const from = agent.lines.length
    let ran = 0
    for (const [program, ...args] of work) if (spawnSync(program, args, inFolder).error === undefined) ran++
    expect(ran).toBeGreaterThan(30)
    // What comes after all of it has been judged: the signal of a last deed.
    const last = 'the last deed'
    runFromSharedMemory(last)
    const isLast = (line: Line) => JSON.stringify((line['event'] as { exec?: { argv?: unknown } }).exec?.argv) === JSON.stringify([last])
    await agent.signal('exec-from-memory-filesystem', isLast)
    // Not those that were there before and are told once more with a higher count.
    const before = new Set(agent.lines.slice(0, from).map((line) => line['id']))
    const loud = agent.lines
      .slice(from)
      .filter(
        (line) =>
          line.kind === 'signal' &&
          !before.has(line['id']) &&
          isOurs(line) &&
          !isLast(line) &&
          !['info', 'low'].includes(String(line['severity'])),
      )
      // What is concluded of the last deed and of all that was triggered before; rules would be loud themselves.
      .filter((line) => !defaults.detections?.some(({ id }) => id === ruleOf(line)))
    expect(loud.map((line) => `${ruleOf(line)}: ${String(line['message'])}`)).toEqual([])
  })
})
