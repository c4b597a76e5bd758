import { defineRule } from '@cws/core'
import { isPackaged, RAN } from '../authors.ts'
import { SHELLS } from '../names.ts'

export const capabilityGranted = defineRule({
  id: 'capability-granted',
  name: 'A program was given rights of root',
  severity: 'medium',
  tags: ['mitre:T1548'],
  on: 'exec',
  where: {
    'exec.file.name': 'setcap',
    'exec.args': {
      regex:
        '(?i)(?:cap_(?:setuid|setgid|sys_admin|sys_module|sys_ptrace|dac_override|dac_read_search|chown|fowner|setfcap|sys_rawio|bpf)|\\ball)\\S*[+=]\\S*[eip]',
    },
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN}: whoever runs that program may from now on what else root alone may. With one of these capabilities an interpreter is as good as a password of root.`,
  advice: 'See which file it is (`getcap`). If nobody of yours did it, take the capability away: `setcap -r` with the file.',
  benign: ['An administrator who sets up a program that needs it, and no more'],
  tests: {
    fires: [
      { 'exec.file.name': 'setcap', 'exec.args': 'cap_setuid+ep /usr/bin/python3.12' },
      { 'exec.file.name': 'setcap', 'exec.args': 'cap_net_raw,cap_dac_override=eip /tmp/x', 'process.package_manager': '' },
    ],
    silent: [
      { 'exec.file.name': 'setcap', 'exec.args': 'cap_net_bind_service=+ep /usr/bin/node' },
      { 'exec.file.name': 'setcap', 'exec.args': 'cap_net_raw+ep /usr/bin/ping' },
      { 'exec.file.name': 'setcap', 'exec.args': '-r /usr/bin/x' },
      { 'exec.file.name': 'setcap', 'exec.args': 'cap_sys_admin+ep /usr/lib/x', 'process.package_manager': 'dpkg' },
    ],
  },
})

export const rightsSearched = defineRule({
  id: 'set-id-search',
  name: 'Programs that give rights were searched for',
  severity: 'low',
  tags: ['mitre:T1083', 'mitre:T1548.001'],
  on: 'exec',
  where: {
    any: [
      { 'exec.file.name': ['find', 'fd', 'fdfind'], 'exec.args': { regex: '-perm\\s+[-/+]?(?:0?[2467][0-7]{3}|[ugo]=s|[ugo]*\\+s)' } },
      { 'exec.file.name': 'getcap', 'exec.args': { regex: '(?:^|\\s)-r\\s+/' } },
      {
        'exec.file.name': ['find', 'fd', 'fdfind'],
        'exec.args': { regex: '-writable\\s.*|\\s/(?:etc)?\\s.*-perm\\s+[-/](?:0?002|o\\+?=?w)' },
      },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} lists programs that run with the rights of another, or files that anybody can write.`,
  advice: 'Ask the user whether it was them. If not, see what that session did next.',
  benign: ['Audits of your own hosts, by packages of the distribution too', 'An administrator'],
  tests: {
    fires: [
      { 'exec.file.name': 'find', 'exec.args': '/ -perm -4000 -type f' },
      { 'exec.file.name': 'find', 'exec.args': '/ -perm -u=s' },
      { 'exec.file.name': 'getcap', 'exec.args': '-r /' },
    ],
    silent: [
      { 'exec.file.name': 'find', 'exec.args': '. -perm 644' },
      { 'exec.file.name': 'getcap', 'exec.args': '/usr/bin/ping' },
      { 'exec.file.name': 'find', 'exec.args': '/etc -maxdepth 1 -name *.conf' },
    ],
  },
})

export const setIdOddEnvironment = defineRule({
  id: 'set-id-with-odd-environment',
  name: 'A set-uid program was given an environment of exploits',
  severity: 'high',
  tags: ['mitre:T1068', 'mitre:T1574'],
  on: 'exec',
  where: {
    'exec.file.mode': { bits: 0o4000 },
    'exec.envp': { regex: '^(?:GCONV_PATH|GETCONF_DIR|LOCALDOMAIN|MALLOC_TRACE|NLSPATH|RESOLV_HOST_CONF)(?:=|$)' },
  },
  groupBy: ['container.id', 'exec.file.path', 'process.user'],
  message: `${RAN} runs with the rights of its owner, and has a variable in its environment that makes the C library load a file of the caller's. Exploits set it, users do not.`,
  advice: 'See whether the program is patched, and whether a shell of root came of it.',
  benign: ['Developers who test the C library'],
  tests: {
    fires: [
      { 'exec.file.name': 'pkexec', 'exec.file.mode': 0o104755, 'exec.envp': ['GCONV_PATH'] },
      { 'exec.file.name': 'su', 'exec.file.mode': 0o104755, 'exec.envp': ['PATH', 'GCONV_PATH=.'] },
    ],
    silent: [
      { 'exec.file.name': 'su', 'exec.file.mode': 0o104755, 'exec.envp': ['PATH=/usr/bin', 'LANG'] },
      { 'exec.file.name': 'iconv', 'exec.file.mode': 0o100755, 'exec.envp': ['GCONV_PATH=/usr/lib/gconv'] },
    ],
  },
})

export const sudoWithLoader = defineRule({
  id: 'sudo-with-loader-variable',
  name: 'sudo was told to load a library of the caller’s',
  severity: 'medium',
  tags: ['mitre:T1574.006', 'mitre:T1548.003'],
  on: 'exec',
  where: {
    'exec.file.name': ['sudo', 'sudo-rs', 'doas'],
    'exec.args': {
      regex: '^(?:-\\S+ )*(?:env )?(?:\\w+=\\S* )*(?:LD_PRELOAD|LD_AUDIT|LD_LIBRARY_PATH|PERL5LIB|PERL5OPT|BASH_ENV)=',
    },
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN}: where sudo lets such a variable through, a library or a script of the caller's runs as root.`,
  advice: 'See whether sudo is told to keep that variable (`sudo -V`, env_keep), and look at the file that it names.',
  benign: ['Developers who run their own build as root'],
  tests: {
    fires: [
      { 'exec.file.name': 'sudo', 'exec.args': 'LD_PRELOAD=/tmp/x.so apache2' },
      { 'exec.file.name': 'sudo', 'exec.args': '-n LD_LIBRARY_PATH=. /usr/bin/ping' },
    ],
    silent: [
      { 'exec.file.name': 'sudo', 'exec.args': 'apt-get update' },
      { 'exec.file.name': 'sudo', 'exec.args': 'DEBIAN_FRONTEND=noninteractive apt-get install x' },
      { 'exec.file.name': 'bash', 'exec.args': 'LD_PRELOAD=x' },
    ],
  },
})

/** Programs from which a shell can be had: what sudo allows one of them for, it allows all. */
const SHELL_GIVERS = [
  ...[
    'vim*',
    'vi',
    'nvim',
    'view',
    'nano',
    'ed',
    'emacs*',
    'less',
    'more',
    'man',
    'find',
    'awk',
    'gawk',
    'mawk',
    'nmap',
    'ftp',
    'sftp',
    'gdb',
    'tar',
  ],
  ...[
    'zip',
    'git',
    'mysql',
    'psql',
    'sqlite3',
    'tcpdump',
    'screen',
    'watch',
    'script',
    'python*',
    'perl',
    'ruby*',
    'lua*',
    'php*',
    'node',
    'expect',
  ],
] as const

export const shellOutOfTool = defineRule({
  id: 'shell-out-of-allowed-tool',
  name: 'A tool that sudo allows became a shell of root',
  severity: 'medium',
  tags: ['mitre:T1548.003', 'mitre:T1059.004'],
  on: 'exec',
  where: {
    'exec.file.name': SHELLS,
    'exec.args': { regex: '^(?:-[ip]{1,2})?$' },
    'exec.euid': 0,
    'process.parent.file.name': SHELL_GIVERS,
    'process.ancestors.file.name': ['sudo', 'sudo-rs', 'doas'],
  },
  groupBy: ['container.id', 'process.sid', 'process.parent.file.path'],
  message: `${RAN}: a shell of root without a command of its own came out of a tool that was started by sudo. Many tools can start one, so that who may run the tool may run everything.`,
  advice: 'Ask the user whether it was them. If they should not have all rights, take that tool out of sudoers, or allow it with `NOEXEC`.',
  benign: ['An administrator who types `:!sh` in an editor'],
  tests: {
    fires: [
      {
        'exec.file.name': 'dash',
        'exec.args': '',
        'exec.euid': 0,
        'process.parent.file.name': 'find',
        'process.ancestors.file.name': ['find', 'sudo', 'bash'],
      },
      {
        'exec.file.name': 'bash',
        'exec.args': '-p',
        'exec.euid': 0,
        'process.parent.file.name': 'vim.basic',
        'process.ancestors.file.name': ['vim.basic', 'sudo', 'bash'],
      },
    ],
    silent: [
      {
        'exec.file.name': 'dash',
        'exec.args': '-c ls',
        'exec.euid': 0,
        'process.parent.file.name': 'find',
        'process.ancestors.file.name': ['find', 'sudo', 'bash'],
      },
      {
        'exec.file.name': 'bash',
        'exec.args': '',
        'exec.euid': 0,
        'process.parent.file.name': 'sudo',
        'process.ancestors.file.name': ['sudo', 'bash'],
      },
      {
        'exec.file.name': 'bash',
        'exec.args': '',
        'exec.euid': 0,
        'process.parent.file.name': 'vim.basic',
        'process.ancestors.file.name': ['vim.basic', 'bash'],
      },
    ],
  },
})

export const userNamespaceMade = defineRule({
  id: 'user-namespace-by-hand',
  name: 'A user made itself root of a namespace of its own',
  severity: 'low',
  tags: ['mitre:T1611', 'mitre:T1068'],
  on: 'exec',
  where: {
    'exec.file.name': 'unshare',
    'exec.uid': { not: 0 },
    'exec.args': { regex: '(?:^|\\s)(?:-[a-zA-Z]*[Urc][a-zA-Z]*|--user|--map-root-user|--map-current-user|--map-auto)(?:\\s|=|$)' },
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} is root in a namespace of its own, and so reaches parts of the kernel that are closed to users: most holes of the last years begin there.`,
  advice:
    'Ask the user whether it was them. Where nobody needs it, switch it off: `kernel.unprivileged_userns_clone=0` or `user.max_user_namespaces=0`.',
  benign: ['Containers without root, builds in a sandbox'],
  tests: {
    fires: [
      { 'exec.file.name': 'unshare', 'exec.args': '-Urm sh', 'exec.uid': 1000 },
      { 'exec.file.name': 'unshare', 'exec.args': '--map-root-user --net id', 'exec.uid': 33 },
    ],
    silent: [
      { 'exec.file.name': 'unshare', 'exec.args': '-Urm sh', 'exec.uid': 0 },
      { 'exec.file.name': 'unshare', 'exec.args': '--help', 'exec.uid': 1000 },
    ],
  },
})

export const privilegedGroupJoined = defineRule({
  id: 'privileged-group-joined',
  name: 'A user was put into a group that may become root',
  severity: 'medium',
  tags: ['mitre:T1098.007'],
  on: 'exec',
  where: {
    'exec.file.name': ['usermod', 'gpasswd', 'adduser', 'useradd', 'groupmems', 'addgroup'],
    'exec.args': {
      regex: '(?:^|[\\s,=])(?:sudo|wheel|root|admin|docker|podman|lxd|incus|disk|shadow|adm|libvirt|kvm|systemd-journal)(?:[\\s,]|$)',
    },
    none: [{ 'exec.args': { regex: '(?:^|\\s)(?:-d|--delete|--system|-r|-[A-Za-z]*c)(?:\\s|$)' } }],
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'exec.args'],
  message: `${RAN}: members of that group may become root, or read what only root should.`,
  advice: 'See whether the user should have these rights. If not, take it out again: `gpasswd -d` with user and group.',
  benign: ['An administrator who sets up a colleague', 'The installation of Docker, where the user is added by hand'],
  tests: {
    fires: [
      { 'exec.file.name': 'usermod', 'exec.args': '-aG sudo ann' },
      { 'exec.file.name': 'gpasswd', 'exec.args': '-a ann docker' },
      { 'exec.file.name': 'adduser', 'exec.args': 'ann wheel', 'process.package_manager': '' },
      { 'exec.file.name': 'useradd', 'exec.args': '-m -G users,sudo ann' },
    ],
    silent: [
      { 'exec.file.name': 'usermod', 'exec.args': '-aG users ann' },
      { 'exec.file.name': 'gpasswd', 'exec.args': '-d ann sudo' },
      { 'exec.file.name': 'adduser', 'exec.args': 'ann docker', 'process.package_manager': 'dpkg' },
    ],
  },
})

export const secondRoot = defineRule({
  id: 'second-root-account',
  name: 'A second account with the rights of root was made',
  severity: 'high',
  tags: ['mitre:T1136.001', 'mitre:T1098'],
  on: 'exec',
  where: { 'exec.file.name': ['useradd', 'usermod', 'adduser'], 'exec.args': { regex: '(?:^|\\s)(?:-[a-zA-Z]*u|--uid)[\\s=]*0(?:\\s|$)' } },
  groupBy: ['container.id', 'process.sid', 'exec.args'],
  message: `${RAN}: user 0 is root, by whatever name. A second one is a door that nobody looks for.`,
  advice: 'Remove the account (`awk -F: "$3 == 0" /etc/passwd` shows them), and see who has logged in with it.',
  benign: ['Systems that have had an account such as `toor` all along'],
  tests: {
    fires: [
      { 'exec.file.name': 'useradd', 'exec.args': '-o -u 0 -g 0 support' },
      { 'exec.file.name': 'usermod', 'exec.args': '-ou0 games' },
    ],
    silent: [
      { 'exec.file.name': 'useradd', 'exec.args': '-u 1001 ann' },
      { 'exec.file.name': 'useradd', 'exec.args': '-m ann' },
    ],
  },
})

export const passwordRemoved = defineRule({
  id: 'password-removed',
  name: 'An account needs no password any more',
  severity: 'medium',
  tags: ['mitre:T1098', 'mitre:T1556'],
  on: 'exec',
  where: {
    any: [
      { 'exec.file.name': 'passwd', 'exec.args': { regex: '(?:^|\\s)(?:-d|--delete|-[a-z]*u[a-z]*f|-f\\s+-u)(?:\\s|$)' } },
      { 'exec.file.name': 'usermod', 'exec.args': { regex: '(?:^|\\s)(?:-p|--password)(?:\\s\\s|\\s*$|=\\s|\\s(?:""|\'\')(?:\\s|$))' } },
    ],
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'exec.args'],
  message: `${RAN}: anybody can log in as that user now, at the console and wherever empty passwords are allowed.`,
  advice: 'Lock the account (`passwd -l` with its name) unless somebody of yours did it.',
  benign: ['Set-up of images and of machines for tests', 'Accounts that are meant to log in by key alone'],
  tests: {
    fires: [
      { 'exec.file.name': 'passwd', 'exec.args': '-d ann' },
      { 'exec.file.name': 'usermod', 'exec.args': '-p  ann' },
      { 'exec.file.name': 'passwd', 'exec.args': '--delete root', 'process.package_manager': '' },
    ],
    silent: [
      { 'exec.file.name': 'passwd', 'exec.args': '-l ann' },
      { 'exec.file.name': 'usermod', 'exec.args': '-p $6$x$y ann' },
      { 'exec.file.name': 'passwd', 'exec.args': '' },
      { 'exec.file.name': 'passwd', 'exec.args': '-d x', 'process.package_manager': 'dpkg' },
    ],
  },
})

export const sudoWithRoot = defineRule({
  id: 'sudo-with-folder-as-root',
  name: 'sudo was told to take another folder for the root',
  severity: 'medium',
  tags: ['mitre:T1068', 'mitre:T1548.003'],
  on: 'exec',
  where: {
    'exec.file.name': ['sudo', 'sudo-rs'],
    'exec.args': { regex: '^(?:-[ugCDhprtT]\\s*\\S+\\s+|-[AbEHiKklnPSsv]+\\s+)*(?:-[AbEHikKlnPS]*R|--chroot)(?:[\\s=]|$)' },
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN}: sudo goes into that folder before it knows who may do so, and loads libraries from there (CVE-2025-32463). Hardly anybody needs it.`,
  advice: 'See whether sudo is patched (1.9.17p1), and whether a shell of root came of it.',
  benign: ['Hosts whose sudoers allow it on purpose'],
  tests: {
    fires: [
      { 'exec.file.name': 'sudo', 'exec.args': '-R woot woot' },
      { 'exec.file.name': 'sudo', 'exec.args': '-n --chroot=/tmp/x id' },
      { 'exec.file.name': 'sudo', 'exec.args': '-u root -R /tmp/x id' },
    ],
    silent: [
      { 'exec.file.name': 'sudo', 'exec.args': 'grep -R x /etc' },
      { 'exec.file.name': 'sudo', 'exec.args': '-u postgres psql' },
      { 'exec.file.name': 'sudo', 'exec.args': '-i' },
    ],
  },
})
