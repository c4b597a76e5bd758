/** What is ordinary in one place and telling in another: of low severity, for whoever puts a picture together. */
import { defineRule } from '@cws/core'
import { isPackaged, RAN } from '../authors.ts'
import { NETCATS, startsShell } from '../names.ts'

export const networkToolInContainer = defineRule({
  id: 'network-tool-in-container',
  name: 'A network tool ran in a container',
  severity: 'low',
  tags: ['mitre:T1046', 'mitre:T1105'],
  on: 'exec',
  where: {
    'container.id': { not: '' },
    'exec.file.name': [
      ...NETCATS,
      'nmap',
      'tcpdump',
      'tshark',
      'dig',
      'nslookup',
      'arp-scan',
      'ssh',
      'scp',
      'sftp',
      'ftp',
      'mtr',
      'traceroute',
    ],
  },
  groupBy: ['container.id', 'exec.file.path'],
  message: `${RAN} in container {{@container.id}}: an application brings what it needs to connect; these tools are for people.`,
  advice: 'See who has a shell in the container, and whether the tool came with its image.',
  benign: ['An administrator who looks for a fault', 'Containers that are made of such tools, and start scripts that wait for a port'],
  tests: {
    fires: [{ 'exec.file.name': 'nmap', 'exec.args': '10.0.0.0/24', 'container.id': '0123456789ab' }],
    silent: [
      { 'exec.file.name': 'nmap', 'exec.args': '10.0.0.0/24', 'container.id': '' },
      { 'exec.file.name': 'curl', 'exec.args': 'http://localhost/', 'container.id': '0123456789ab' },
    ],
  },
})

export const compilerInContainer = defineRule({
  id: 'compiler-in-container',
  name: 'A program was compiled in a container',
  severity: 'low',
  tags: ['mitre:T1027.004'],
  on: 'exec',
  where: {
    'container.id': { not: '' },
    'exec.file.name': ['cc1', 'cc1plus', 'tcc', 'clang', 'clang-*', 'rustc', 'as', 'collect2', 'ld.bfd', 'ld.lld'],
  },
  groupBy: ['container.id'],
  message: `${RAN} builds a program in container {{@container.id}}: exploits are compiled where they are used, so that they fit.`,
  advice: 'See whether the image is one for building. If not, look at what was compiled and who asked for it.',
  benign: ['Builds, and packages that compile a part of them when they are installed'],
  tests: {
    fires: [{ 'exec.file.name': 'cc1', 'exec.args': 'x.c', 'container.id': '0123456789ab' }],
    silent: [
      { 'exec.file.name': 'cc1', 'exec.args': 'x.c', 'container.id': '' },
      { 'exec.file.name': 'node', 'exec.args': 'build.js', 'container.id': '0123456789ab' },
    ],
  },
})

export const linkToSecret = defineRule({
  id: 'link-to-secret',
  name: 'Another name was made for a file of secrets',
  severity: 'medium',
  tags: ['mitre:T1003.008', 'mitre:T1574'],
  on: 'exec',
  where: {
    'exec.file.name': ['ln', 'busybox', 'coreutils'],
    'exec.args': {
      regex:
        '^(?:ln )?(?:-\\S+ )*/(?:etc/(?:g?shadow-?|sudoers|ssh/ssh_host_\\w+_key|krb5\\.keytab)|(?:root|home/[^/\\s]+)/\\.(?:ssh/id_\\w+|aws/credentials|kube/config))\\s+\\S',
    },
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} gives a file of secrets another name: a program that may read that name, or does so with the rights of another, hands the secrets out.`,
  advice: 'See where the link lies (in a folder of a web server, of backups, of a set-uid program?), and remove it.',
  benign: ['Users who keep one key under two names'],
  tests: {
    fires: [
      { 'exec.file.name': 'ln', 'exec.args': '-s /etc/shadow /var/www/html/x.txt' },
      { 'exec.file.name': 'ln', 'exec.args': '-sf /root/.ssh/id_rsa /tmp/x', 'process.package_manager': '' },
    ],
    silent: [
      { 'exec.file.name': 'ln', 'exec.args': '-s /etc/nginx/sites-available/x /etc/nginx/sites-enabled/' },
      { 'exec.file.name': 'ln', 'exec.args': '-s /run/x /etc/shadow.d' },
      { 'exec.file.name': 'ls', 'exec.args': '/etc/shadow /tmp' },
    ],
  },
})

export const environmentRead = defineRule({
  id: 'process-environment-read',
  name: 'The environment of another process was read',
  severity: 'low',
  tags: ['mitre:T1057', 'mitre:T1552.001'],
  on: 'exec',
  where: {
    'exec.file.name': [
      'cat',
      'strings',
      'xxd',
      'od',
      'grep',
      'base64',
      'head',
      'tail',
      'tr',
      'sed',
      'awk',
      'gawk',
      'mawk',
      'xargs',
      'cp',
      'busybox',
    ],
    'exec.args': { regex: '/proc/(?:\\d+|\\*)/environ(?:\\s|$)' },
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} reads with which variables another process was started: services are given their passwords so.`,
  advice: 'Ask the user whether it was them. If not, change the secrets that services of this host are given.',
  benign: ['An administrator who looks how a service was started'],
  tests: {
    fires: [
      { 'exec.file.name': 'strings', 'exec.args': '/proc/1234/environ' },
      { 'exec.file.name': 'xargs', 'exec.args': '-0 -a /proc/1/environ -n1' },
    ],
    silent: [
      { 'exec.file.name': 'cat', 'exec.args': '/proc/self/environ' },
      { 'exec.file.name': 'cat', 'exec.args': '/proc/1234/cmdline' },
    ],
  },
})

export const transientUnit = defineRule({
  id: 'transient-unit-started',
  name: 'systemd was told to run a command now or later',
  severity: 'low',
  tags: ['mitre:T1053.006', 'mitre:T1569.003'],
  on: 'exec',
  where: {
    'exec.file.name': 'systemd-run',
    'exec.args': { regex: '--on-\\w+|(?:^|\\s)(?:/\\S*/)?(?:ba|da|z)?sh(?:\\s|$)|/(?:tmp|var/tmp|dev/shm)/' },
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} has systemd run a command that belongs to no session any more, without a file of a unit.`,
  advice: 'See what it is (`systemctl list-timers`, `systemctl list-units run-*`), and stop it if it is none of yours.',
  benign: ['Administrators and tools that start something beside themselves'],
  tests: {
    fires: [
      { 'exec.file.name': 'systemd-run', 'exec.args': '--on-calendar=hourly /tmp/x' },
      { 'exec.file.name': 'systemd-run', 'exec.args': 'bash -c id', 'process.package_manager': '' },
    ],
    silent: [
      { 'exec.file.name': 'systemd-run', 'exec.args': '--scope --user firefox' },
      { 'exec.file.name': 'systemctl', 'exec.args': 'start sh' },
    ],
  },
})

export const jobQueued = defineRule({
  id: 'job-queued-by-at',
  name: 'A command was queued for later',
  severity: 'low',
  tags: ['mitre:T1053.002'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': 'at',
        'exec.args': { regex: '^(?:-[a-zA-Z]*[mMfqt]\\s*\\S*\\s*)*(?:now|noon|midnight|teatime|tomorrow|\\d|-f)' },
      },
      { 'exec.file.name': 'batch' },
    ],
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} has a command run when nobody looks, once, and after the session that asked for it.`,
  advice: 'See which commands wait (`atq`, `at -c` with the number), and remove what is none of yours (`atrm`).',
  benign: ['Users and administrators who plan something'],
  tests: {
    fires: [
      { 'exec.file.name': 'at', 'exec.args': 'now + 1 minute' },
      { 'exec.file.name': 'at', 'exec.args': '-f /tmp/x 03:00', 'process.package_manager': '' },
    ],
    silent: [
      { 'exec.file.name': 'at', 'exec.args': '-l' },
      { 'exec.file.name': 'atq', 'exec.args': '' },
    ],
  },
})

export const passwordOnCommandLine = defineRule({
  id: 'ssh-password-on-command-line',
  name: 'A login elsewhere was given its password by a program',
  severity: 'low',
  tags: ['mitre:T1021.004', 'mitre:T1552.001'],
  on: 'exec',
  where: { 'exec.file.name': ['sshpass', 'plink', 'pscp'], 'exec.args': { regex: '(?:^|\\s)-(?:p|pw|f|e|d)' } },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} types a password for somebody: scripts that spread from host to host do, and everybody on this host could read it in the list of processes.`,
  advice: 'Change that password, and use a key instead if the script is yours.',
  benign: ['Scripts of administrators', 'Ansible with passwords'],
  tests: {
    fires: [{ 'exec.file.name': 'sshpass', 'exec.args': '-p secret ssh root@203.0.113.5' }],
    silent: [
      { 'exec.file.name': 'sshpass', 'exec.args': '-V' },
      { 'exec.file.name': 'ssh', 'exec.args': '-p 22 host' },
    ],
  },
})

export const shellFromNotebook = defineRule({
  id: 'shell-from-notebook',
  name: 'A notebook started a shell',
  severity: 'low',
  tags: ['mitre:T1059.006', 'mitre:T1190'],
  on: 'exec',
  where: {
    all: [
      startsShell,
      { 'process.parent.file.name': ['python*', 'pypy*'] },
      { 'process.parent.args': { regex: '\\bjupyter|\\bipykernel|\\bnotebook-app|\\bstreamlit\\b|\\bcode-server\\b' } },
    ],
  },
  groupBy: ['container.id', 'process.parent.pid'],
  message: `${RAN}: whoever reaches the page of a notebook may run commands on its host. Pages without a password are found within hours.`,
  advice: 'See who used the notebook at that time, and that nobody reaches it without a password.',
  benign: ['Users of the notebook: it is made for that'],
  tests: {
    fires: [
      {
        'exec.file.name': 'bash',
        'exec.comm': 'bash',
        'exec.args': '-c id',
        'process.parent.file.name': 'python3.12',
        'process.parent.args': '-m ipykernel_launcher -f x.json',
      },
      {
        'exec.file.name': 'dash',
        'exec.comm': 'sh',
        'exec.args': '-c id',
        'process.parent.file.name': 'python3.12',
        'process.parent.args': '/usr/bin/jupyter-lab --no-browser',
      },
    ],
    silent: [
      {
        'exec.file.name': 'bash',
        'exec.comm': 'bash',
        'exec.args': '-c id',
        'process.parent.file.name': 'python3.12',
        'process.parent.args': 'manage.py runserver',
      },
      {
        'exec.file.name': 'git',
        'exec.comm': 'git',
        'exec.args': 'log',
        'process.parent.file.name': 'python3.12',
        'process.parent.args': '-m ipykernel_launcher',
      },
    ],
  },
})
