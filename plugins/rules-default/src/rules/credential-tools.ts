import { defineRule } from '@cws/core'
import { RAN } from '../authors.ts'
import { DOWNLOADERS, INTERPRETERS, SHELL_PROGRAMS } from '../names.ts'

/** Programs that show a file, whatever is in it. */
const SHOWERS = [
  'cat',
  'tac',
  'head',
  'tail',
  'less',
  'more',
  'strings',
  'xxd',
  'od',
  'hexdump',
  'base64',
  'grep',
  'dd',
  'cp',
  'busybox',
  'coreutils',
] as const

export const processMemoryRead = defineRule({
  id: 'process-memory-read',
  name: 'The memory of another process was read',
  severity: 'medium',
  tags: ['mitre:T1003.007', 'mitre:T1055.008'],
  on: 'exec',
  where: {
    any: [
      { 'exec.file.name': ['gcore', 'procdump', 'memfetch', '3snake', 'pamspy', 'mimipenguin*', 'linikatz*'] },
      { 'exec.file.name': 'gdb', 'exec.args': { regex: '(?:^|\\s)(?:-p|--pid)[\\s=]*\\d|\\battach\\s+\\d' } },
      { 'exec.file.name': SHOWERS, 'exec.args': { regex: '/proc/(?:\\d+/mem|kcore)(?:\\s|$)|/dev/(?:k?mem)(?:\\s|$)' } },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} reads the memory of a process that runs: passwords, keys and sessions are in there in plain text.`,
  advice: 'See which process it is. If it holds secrets and nobody of yours debugs it, change what it knows.',
  benign: ['Developers and administrators who look for a fault', 'Crash reporters'],
  tests: {
    fires: [
      { 'exec.file.name': 'gcore', 'exec.args': '1234' },
      { 'exec.file.name': 'gdb', 'exec.args': '-batch -p 1234 -ex "call system(0)"' },
      { 'exec.file.name': 'dd', 'exec.args': 'if=/proc/1234/mem of=/tmp/x bs=4096' },
      { 'exec.file.name': 'strings', 'exec.args': '/dev/mem' },
    ],
    silent: [
      { 'exec.file.name': 'gdb', 'exec.args': './a.out core' },
      { 'exec.file.name': 'cat', 'exec.args': '/proc/meminfo' },
      { 'exec.file.name': 'cat', 'exec.args': '/proc/1234/status' },
    ],
  },
})

export const cloudMetadataAsked = defineRule({
  id: 'cloud-metadata-asked',
  name: 'The cloud was asked for the keys of this host',
  severity: 'medium',
  tags: ['mitre:T1552.005', 'mitre:T1580'],
  on: 'exec',
  where: {
    'exec.file.name': [...DOWNLOADERS, ...INTERPRETERS, ...SHELL_PROGRAMS],
    all: [
      {
        'exec.args': [
          '*169.254.169.254*',
          '*169.254.170.2*',
          '*metadata.google.internal*',
          '*fd00:ec2::254*',
          '*100.100.100.200*',
          '*0xa9fea9fe*',
          '*2852039166*',
        ],
      },
      {
        'exec.args': {
          regex:
            'security-credentials|/service-accounts/|identity/oauth2|/v2/credentials|/user-data|instance/attributes|identity-credentials|ram/security',
        },
      },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} asks the metadata service for the credentials of this machine, or for what it was set up with: they are good from anywhere.`,
  advice: 'See whether the script is one of yours. If not, revoke the sessions of the role of this machine and see what was done with it.',
  benign: ['Scripts that run at the start of a machine', 'An administrator who looks at the set-up'],
  tests: {
    fires: [
      { 'exec.file.name': 'curl', 'exec.args': '-s http://169.254.169.254/latest/meta-data/iam/security-credentials/web' },
      {
        'exec.file.name': 'wget',
        'exec.args': '-qO- --header=x http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token',
      },
      { 'exec.file.name': 'dash', 'exec.args': '-c curl http://169.254.169.254/latest/user-data | sh' },
    ],
    silent: [
      { 'exec.file.name': 'curl', 'exec.args': '-s http://169.254.169.254/latest/meta-data/instance-id' },
      { 'exec.file.name': 'curl', 'exec.args': 'https://example.com/service-accounts/' },
    ],
  },
})

export const serviceTokenRead = defineRule({
  id: 'service-token-read',
  name: 'The token of a container’s service account was read by hand',
  severity: 'medium',
  tags: ['mitre:T1528', 'mitre:T1552.001'],
  on: 'exec',
  where: {
    'exec.file.name': [...SHOWERS, ...SHELL_PROGRAMS, ...DOWNLOADERS, 'tar'],
    'exec.args': ['*/secrets/kubernetes.io/*', '*/secrets/eks.amazonaws.com/*', '*/secrets/azure/tokens*'],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} reads the token by which container {{@container.id}} is known to its cluster or cloud: whoever has it may do there what the container may.`,
  advice: 'See what that account may do (`kubectl auth can-i --list`), revoke the token, and look at the audit log of the cluster.',
  benign: ['Start scripts that call the cluster by curl'],
  tests: {
    fires: [
      { 'exec.file.name': 'cat', 'exec.args': '/var/run/secrets/kubernetes.io/serviceaccount/token' },
      {
        'exec.file.name': 'dash',
        'exec.args': '-c T=$(cat /run/secrets/kubernetes.io/serviceaccount/token); curl -H "x $T" https://kubernetes',
      },
      { 'exec.file.name': 'base64', 'exec.args': '/var/run/secrets/eks.amazonaws.com/serviceaccount/token' },
    ],
    silent: [
      { 'exec.file.name': 'cat', 'exec.args': '/run/secrets/db_password' },
      { 'exec.file.name': 'ls', 'exec.args': '/var/run/secrets/kubernetes.io' },
    ],
  },
})

export const secretScanner = defineRule({
  id: 'secret-scanner',
  name: 'A tool that collects secrets was started',
  severity: 'medium',
  tags: ['mitre:T1552.001', 'mitre:T1555'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': [
          'laZagne*',
          'lazagne*',
          'firefox_decrypt*',
          'HackBrowserData*',
          'hack-browser-data*',
          'keychaindump',
          'noseyparker',
        ],
      },
      {
        'exec.file.name': ['trufflehog', 'gitleaks'],
        'exec.args': { regex: '^(?:filesystem|--\\S+ filesystem|.*\\s/(?:root|home|etc|var)?(?:/|\\s|$))' },
      },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} gathers passwords and keys of this host. Worms that come with packages bring such scanners along.`,
  advice: 'Ask the user whether it was them. If not, treat every secret that the user could read as known to others.',
  benign: ['Audits of your own hosts and repositories'],
  tests: {
    fires: [
      { 'exec.file.name': 'trufflehog', 'exec.args': 'filesystem /home --json' },
      { 'exec.file.name': 'laZagne.py', 'exec.args': 'all' },
    ],
    silent: [
      { 'exec.file.name': 'gitleaks', 'exec.args': 'protect --staged' },
      { 'exec.file.name': 'trufflehog', 'exec.args': 'git https://example.com/shop.git' },
    ],
  },
})

export const diskReadDirectly = defineRule({
  id: 'disk-read-directly',
  name: 'Files were read past the rights that protect them',
  severity: 'medium',
  tags: ['mitre:T1006', 'mitre:T1003.008'],
  on: 'exec',
  where: {
    any: [
      { 'exec.file.name': 'debugfs', 'exec.args': { regex: '/dev/' } },
      { 'exec.file.name': ['icat', 'fls', 'xfs_db', 'extundelete', 'photorec', 'testdisk'] },
    ],
    'container.id': '',
  },
  groupBy: ['process.sid', 'process.user'],
  message: `${RAN} reads a disk beside its file system: neither rights nor the sensors of files see which files were read.`,
  advice: 'Ask the user whether it was them. If not, treat what lies on that disk as known to others.',
  benign: ['An administrator who rescues files', 'Forensics'],
  tests: {
    fires: [
      { 'exec.file.name': 'debugfs', 'exec.args': '-R cat /etc/shadow /dev/sda1', 'container.id': '' },
      { 'exec.file.name': 'icat', 'exec.args': '/dev/sda1 12', 'container.id': '' },
    ],
    silent: [
      { 'exec.file.name': 'debugfs', 'exec.args': '-R stats disk.img', 'container.id': '' },
      { 'exec.file.name': 'dumpe2fs', 'exec.args': '/dev/sda1', 'container.id': '' },
    ],
  },
})
