import { defineRule, type EventMethods } from '@cws/core'
import { isPackaged, RAN } from '../authors.ts'
import { SHELLS } from '../names.ts'

/** How services of the system call themselves, of which a file among users' has no reason to. */
const DAEMON_ARGV0 =
  '^(?:/usr)?/s?bin/(?:sshd|crond?|httpd|apache2|nginx|rsyslogd|dbus-daemon|agetty|init|auditd|systemd\\S*)\\b|^(?:sshd|crond|rsyslogd|dbus-daemon|agetty|httpd|apache2):?(?:\\s|$)|^/lib/systemd/'

const PLAIN_WORDS: readonly unknown[] = ['init', 'cron', 'login']
const HOME = /^\/(?:home\/[^/]+|root)\/[^.]/

/** A script in no hidden folder of a home, which says what it is when it is read. */
function isScriptAtHome(event: Pick<EventMethods, 'get'>): boolean {
  const interpreter = event.get('exec.interpreter.file.path')
  const path = event.get('exec.file.path')
  return typeof interpreter === 'string' && interpreter !== '' && typeof path === 'string' && HOME.test(path) && !path.includes('/.')
}

export const daemonDisguise = defineRule({
  id: 'daemon-disguise',
  name: 'A program goes by the name of a service of the system',
  severity: 'medium',
  tags: ['mitre:T1036.005', 'mitre:T1036.004'],
  on: 'exec',
  where: {
    any: [
      { 'exec.argv0': { regex: DAEMON_ARGV0 } },
      {
        'exec.file.name': [
          ...['sshd', 'systemd', 'systemd-*', 'cron', 'crond', 'rsyslogd', 'dbus-daemon', 'agetty', 'init', 'auditd', 'udevd', 'polkitd'],
          ...[
            'NetworkManager',
            'containerd',
            'dockerd',
            'kubelet',
            'networkd-dispatcher',
            'irqbalance',
            'acpid',
            'chronyd',
            'sudo',
            'su',
            'login',
          ],
        ],
      },
    ],
    'exec.file.path': ['/tmp/**', '/var/tmp/**', '/dev/shm/**', '/home/**', '/root/**', '/run/user/**', '/var/www/**', '/var/lib/*/.*/**'],
  },
  // Scripts of projects are called so, too.
  when: (event) => !(PLAIN_WORDS.includes(event.get('exec.file.name')) && isScriptAtHome(event)),
  groupBy: ['container.id', 'exec.file.path'],
  message: `${RAN} bears the name of a program of the system, and lies where users write: in a list of processes it is taken for the real one.`,
  advice: 'Keep a copy of the file, then look at who owns it and what the process is connected to.',
  benign: ['Developers of that very program, who run what they have built'],
  tests: {
    fires: [
      { 'exec.file.name': 'sshd', 'exec.file.path': '/tmp/sshd' },
      { 'exec.file.name': 'systemd-worker', 'exec.file.path': '/home/ann/.cache/systemd-worker' },
      { 'exec.file.name': 'crond', 'exec.file.path': '/root/.x/crond' },
      { 'exec.file.name': 'init', 'exec.file.path': '/home/ann/init', 'exec.interpreter.file.path': '' },
      { 'exec.file.name': 'cron', 'exec.file.path': '/home/ann/.cache/cron', 'exec.interpreter.file.path': '/usr/bin/dash' },
      { 'exec.file.name': 'cron', 'exec.file.path': '/tmp/cron', 'exec.interpreter.file.path': '/usr/bin/dash' },
      { 'exec.file.name': 'x', 'exec.file.path': '/tmp/x', 'exec.argv0': '/usr/sbin/httpd' },
      { 'exec.file.name': 'perl', 'exec.file.path': '/home/ann/perl', 'exec.argv0': 'sshd: root@pts/0' },
    ],
    silent: [
      { 'exec.file.name': 'sshd', 'exec.file.path': '/usr/sbin/sshd', 'exec.argv0': '/usr/sbin/sshd' },
      { 'exec.file.name': 'busybox', 'exec.file.path': '/bin/busybox', 'exec.argv0': 'crond' },
      {
        'exec.file.name': 'cron',
        'exec.file.path': '/home/ann/shop/bin/cron',
        'exec.interpreter.file.path': '/usr/bin/dash',
        'exec.argv0': 'bin/cron',
      },
      { 'exec.file.name': 'nginx', 'exec.file.path': '/home/ann/build/nginx', 'exec.argv0': './nginx' },
      { 'exec.file.name': 'systemd-executor', 'exec.file.path': '/usr/lib/systemd/systemd-executor' },
      { 'exec.file.name': 'cargo', 'exec.file.path': '/home/ann/.cargo/bin/cargo', 'exec.argv0': 'cargo' },
    ],
  },
})

export const deceptiveName = defineRule({
  id: 'deceptive-file-name',
  name: 'A program looks like something else by its name',
  severity: 'medium',
  tags: ['mitre:T1036.002', 'mitre:T1036.006', 'mitre:T1036.007'],
  on: 'exec',
  where: {
    'exec.file.name': {
      regex:
        '[\\x{200b}-\\x{200f}\\x{202a}-\\x{202e}\\x{2060}-\\x{2069}\\x{feff}]|\\s$|\\.(?:pdf|docx?|xlsx?|odt|jpe?g|png|gif|mp[34]|csv)$',
    },
  },
  groupBy: ['container.id', 'exec.file.path'],
  message: `${RAN}: its name ends in a blank, turns the direction of writing, holds what nobody sees, or has the extension of a document. It is a program all the same.`,
  advice: 'Keep a copy of the file, see how it came here and who opened it.',
  benign: ['Files on a share or a memory stick, all of which look executable'],
  tests: {
    fires: [{ 'exec.file.name': 'invoice.pdf' }, { 'exec.file.name': 'notes ' }, { 'exec.file.name': 'gpj.\u202etset' }],
    silent: [
      { 'exec.file.name': 'pdftotext' },
      { 'exec.file.name': 'run.sh' },
      { 'exec.file.name': 'a.out' },
      { 'exec.file.name': 'программа' },
    ],
  },
})

const SYSTEM_FOLDER = '(?:^|\\s)/(?:usr|bin|sbin|etc|lib\\S*|boot|root|var/(?:log|www|spool))(?:/|\\s|$)'

export const timestampForged = defineRule({
  id: 'timestamp-forged',
  name: 'A file of the system was given another date',
  severity: 'medium',
  tags: ['mitre:T1070.006'],
  on: 'exec',
  where: {
    'exec.file.name': ['touch', 'busybox', 'coreutils'],
    all: [
      { 'exec.args': { regex: '(?:^|\\s)(?:-[acmhf]*[rdt]|--(?:reference|date))(?:\\s|=|/|\\d|$)' } },
      { 'exec.args': { regex: `${SYSTEM_FOLDER}\\S*$` } },
    ],
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} gives a file a date of the past, often that of its neighbours: whoever looks for what is new does not find it.`,
  advice: 'Look at the change time instead, which `touch` cannot set: `stat`. See what the file is.',
  benign: ['Builds that want to be the same each time', 'Scripts of an administrator that mark when they ran last'],
  tests: {
    fires: [
      { 'exec.file.name': 'touch', 'exec.args': '-r /bin/ls /usr/bin/x' },
      { 'exec.file.name': 'touch', 'exec.args': '-acm -d 2019-01-01 /etc/ld.so.preload', 'process.package_manager': '' },
      { 'exec.file.name': 'touch', 'exec.args': '-t 201901010000 /var/www/html/x.php' },
    ],
    silent: [
      { 'exec.file.name': 'touch', 'exec.args': '/etc/cron.daily/.placeholder' },
      { 'exec.file.name': 'touch', 'exec.args': '-r src/a build/a' },
      { 'exec.file.name': 'touch', 'exec.args': '-r /etc/hosts /tmp/stamp' },
      { 'exec.file.name': 'touch', 'exec.args': '-d @0 /usr/share/x', 'process.package_manager': 'dpkg' },
      { 'exec.file.name': 'busybox', 'exec.args': 'ls /etc' },
    ],
  },
})

export const historySwitchedOff = defineRule({
  id: 'history-switched-off',
  name: 'A shell was told to remember nothing',
  severity: 'medium',
  tags: ['mitre:T1562.003'],
  on: 'exec',
  where: {
    'exec.file.name': SHELLS,
    any: [
      { 'exec.envp': ['HISTFILE=', 'HISTFILE=/dev/null', 'HISTSIZE=0', 'HISTFILESIZE=0'] },
      {
        all: [
          { 'exec.args': ['*HIST*', '*history*'] },
          {
            'exec.args': {
              regex:
                '\\bunset\\s+(?:\\w+\\s+)*HISTFILE\\b|\\bHISTFILE=(?:/dev/null|["\']{2}|\\s|;|$)|\\bHIST(?:FILE)?SIZE=0\\b|\\bset\\s+\\+o\\s+history\\b|\\bhistory\\s+-c\\b',
            },
          },
        ],
      },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} keeps no history of what is typed: the first thing that many intruders do.`,
  advice: 'Look at who is logged in, and at what that session did: the events of programs tell it without the history.',
  benign: ['A user who wants no history', 'Images and sessions for which a history makes no sense'],
  tests: {
    fires: [
      { 'exec.file.name': 'bash', 'exec.args': '', 'exec.envp': ['PATH=/usr/bin', 'HISTFILE=/dev/null'] },
      { 'exec.file.name': 'bash', 'exec.args': '-i', 'exec.envp': ['HISTSIZE=0'] },
      { 'exec.file.name': 'bash', 'exec.args': '-c unset HISTFILE; ./x', 'exec.envp': [] },
    ],
    silent: [
      { 'exec.file.name': 'bash', 'exec.args': '', 'exec.envp': ['HISTFILE=/home/ann/.bash_history', 'HISTSIZE=1000'] },
      { 'exec.file.name': 'ls', 'exec.args': '', 'exec.envp': ['HISTFILE=/dev/null'] },
      { 'exec.file.name': 'bash', 'exec.args': '-c history', 'exec.envp': [] },
    ],
  },
})

export const kernelLogCleared = defineRule({
  id: 'kernel-log-cleared',
  name: 'The messages of the kernel were cleared',
  severity: 'medium',
  tags: ['mitre:T1070.002'],
  on: 'exec',
  where: {
    'exec.file.name': ['dmesg', 'busybox'],
    'exec.args': { regex: '^(?:dmesg )?(?:-\\S+ )*(?:-[a-zA-Z]*[cC][a-zA-Z]*|--clear|--read-clear)(?:\\s|$)' },
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} clears what the kernel has told: modules that were loaded, programs that crashed, promiscuous network cards.`,
  advice: 'The journal has most of it still: `journalctl -k`. Ask the user whether it was them.',
  benign: ['An administrator who looks for what is new', 'Tests of hardware'],
  tests: {
    fires: [
      { 'exec.file.name': 'dmesg', 'exec.args': '-C' },
      { 'exec.file.name': 'dmesg', 'exec.args': '--read-clear' },
      { 'exec.file.name': 'busybox', 'exec.args': 'dmesg -c' },
    ],
    silent: [
      { 'exec.file.name': 'dmesg', 'exec.args': '-T' },
      { 'exec.file.name': 'dmesg', 'exec.args': '--color=always' },
      { 'exec.file.name': 'busybox', 'exec.args': 'ls -C' },
    ],
  },
})

export const processHiddenByMount = defineRule({
  id: 'process-hidden-by-mount',
  name: 'A process was hidden by a mount',
  severity: 'high',
  tags: ['mitre:T1564.013'],
  on: 'exec',
  where: { 'exec.file.name': ['mount', 'busybox'], 'exec.args': { regex: '^(?:mount\\s)?.*\\s/proc/\\d+/?$' } },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} lays a folder over a process in /proc: \`ps\` and all that looks there sees another process, or none.`,
  advice: 'Take it away (`umount` with that path) and look at the process: `ls -l /proc/PID/exe`.',
  tests: {
    fires: [
      { 'exec.file.name': 'mount', 'exec.args': '--bind /tmp/empty /proc/4711' },
      { 'exec.file.name': 'mount', 'exec.args': '-o bind /proc/1 /proc/4711/' },
      { 'exec.file.name': 'busybox', 'exec.args': 'mount -o bind /tmp /proc/4711' },
    ],
    silent: [
      { 'exec.file.name': 'mount', 'exec.args': '-t proc proc /srv/root/proc' },
      { 'exec.file.name': 'mount', 'exec.args': '--bind /dev /proc/4711/root/dev' },
      { 'exec.file.name': 'mount', 'exec.args': '-o remount,hidepid=2 /proc' },
    ],
  },
})

export const firewallSwitchedOff = defineRule({
  id: 'firewall-switched-off',
  name: 'The firewall was switched off',
  severity: 'medium',
  tags: ['mitre:T1562.004'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': ['iptables*', 'ip6tables*', 'xtables-*'],
        'exec.args': {
          regex: '^(?:-w(?: \\d+)? |-t filter )*(?:(?:-F|--flush)(?: (?:INPUT|OUTPUT|FORWARD))?|(?:-P|--policy) INPUT ACCEPT)(?: -w)?$',
        },
      },
      { 'exec.file.name': 'nft', 'exec.args': { regex: '^(?:-\\S+ )*(?:flush ruleset|(?:flush|delete) table \\S+ (?:filter|firewalld))' } },
      { 'exec.file.name': 'ufw', 'exec.args': { regex: '^(?:--force )?(?:disable|reset)' } },
      { 'exec.file.name': 'firewall-cmd', 'exec.args': { regex: '--panic-off|--set-default-zone=trusted' } },
    ],
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} takes away the rules that keep others off this host.`,
  advice: 'Ask the user whether it was them. If not, load the rules again and see what has connected since.',
  benign: ['An administrator who loads other rules', 'A start of a firewall, which begins with none'],
  tests: {
    fires: [
      { 'exec.file.name': 'xtables-nft-multi', 'exec.args': '-F' },
      { 'exec.file.name': 'iptables', 'exec.args': '-P INPUT ACCEPT' },
      { 'exec.file.name': 'xtables-legacy-multi', 'exec.args': '-w --flush INPUT' },
      { 'exec.file.name': 'nft', 'exec.args': 'flush ruleset' },
      { 'exec.file.name': 'ufw', 'exec.args': 'disable', 'process.package_manager': '' },
    ],
    silent: [
      { 'exec.file.name': 'xtables-nft-multi', 'exec.args': '-t nat -F DOCKER' },
      { 'exec.file.name': 'iptables', 'exec.args': '-A INPUT -p tcp --dport 22 -j ACCEPT' },
      { 'exec.file.name': 'iptables', 'exec.args': '-P FORWARD ACCEPT' },
      { 'exec.file.name': 'nft', 'exec.args': 'list ruleset' },
      { 'exec.file.name': 'ufw', 'exec.args': 'allow 22' },
      { 'exec.file.name': 'ufw', 'exec.args': 'disable', 'process.package_manager': 'dpkg' },
    ],
  },
})
