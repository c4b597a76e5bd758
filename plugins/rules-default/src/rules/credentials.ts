import { defineRule } from '@cws/core'

const SEARCHERS = ['grep', 'egrep', 'fgrep', 'zgrep', 'rg', 'ag', 'ack', 'ugrep'] as const
const FINDERS = ['find', 'fd', 'fdfind', 'locate', 'plocate', 'mlocate'] as const
const KEY_FILES =
  'id_(?:rsa|dsa|ecdsa|ed25519)|\\.aws/credentials|\\.git-credentials|\\.kube/config|\\.kdbx|wallet\\.dat|\\.pgpass|\\.docker/config\\.json'

export const credentialSearch = defineRule({
  id: 'credential-search',
  name: 'The host was searched for passwords or keys',
  severity: 'medium',
  tags: ['mitre:T1552.001', 'mitre:T1552.004'],
  on: 'exec',
  where: {
    any: [
      { 'exec.file.name': FINDERS, 'exec.args': { regex: `${KEY_FILES}|(?:^|[\\s/])shadow(?:\\s|$)` } },
      {
        'exec.file.name': SEARCHERS,
        'exec.args': { regex: 'BEGIN.{0,20}PRIVATE|(?i:aws_secret_access_key|aws_access_key_id)|\\bAKIA' },
      },
      {
        'exec.file.name': SEARCHERS,
        all: [
          { 'exec.args': { regex: '(?i)passw|\\bsecret|api.?key|credential' } },
          { 'exec.args': { regex: '(?:^|\\s)(?:-[a-zA-Z]*[rR]|--recursive|--dereference-recursive)|^(?:-\\S+ )*\\S+ /' } },
          { 'exec.args': { regex: '\\s/(?:etc|home|root|var|opt|srv|mnt)?/?(?:\\s|$)' } },
        ],
      },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: '{{author}} looks for secrets over large parts of the host.',
  advice: 'Ask the user whether it was them. If not, treat every secret that the search could reach as known to others.',
  benign: ['Audits of your own hosts', 'An administrator who looks for a forgotten password'],
  tests: {
    fires: [
      { 'exec.file.name': 'find', 'exec.args': '/ -name id_rsa' },
      { 'exec.file.name': 'find', 'exec.args': '/home -path */.aws/credentials' },
      { 'exec.file.name': 'grep', 'exec.args': '-rl BEGIN OPENSSH PRIVATE KEY /home' },
      { 'exec.file.name': 'grep', 'exec.args': '-ri password /etc' },
      { 'exec.file.name': 'rg', 'exec.args': '-i AWS_SECRET_ACCESS_KEY' },
    ],
    silent: [
      { 'exec.file.name': 'find', 'exec.args': '/etc/letsencrypt -name *.pem' },
      { 'exec.file.name': 'find', 'exec.args': 'src -name box-shadow.css' },
      { 'exec.file.name': 'grep', 'exec.args': '-r password src' },
      { 'exec.file.name': 'grep', 'exec.args': '-rn password /home/ann/project/src' },
      { 'exec.file.name': 'grep', 'exec.args': '-q Failed password /var/log/auth.log' },
      { 'exec.file.name': 'ls', 'exec.args': '/root/.ssh/id_rsa' },
    ],
  },
})

export const passwordFileRead = defineRule({
  id: 'password-file-read',
  name: 'A password or key file was printed',
  severity: 'medium',
  tags: ['mitre:T1003.008', 'mitre:T1552.004'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': [
          'cat',
          'tac',
          'nl',
          'less',
          'more',
          'head',
          'tail',
          'strings',
          'xxd',
          'od',
          'hexdump',
          'base64',
          'busybox',
          'coreutils',
          ...SEARCHERS,
        ],
        'exec.args': {
          regex: [
            '(?:^|[\\s/])etc/(?:g?shadow-?|security/opasswd)(?:\\s|$)',
            '\\.ssh/id_(?:rsa|dsa|ecdsa|ed25519)(?:\\s|$)',
            '\\.aws/credentials(?:\\s|$)',
          ],
        },
      },
      { 'exec.file.name': 'getent', 'exec.args': { regex: '\\bg?shadow\\b' } },
      {
        'exec.file.name': [
          'unshadow',
          'mimipenguin',
          'mimipenguin.sh',
          'mimipenguin.py',
          'laZagne',
          'laZagne.py',
          'john',
          'hashcat',
          'hashcat.bin',
        ],
      },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: '{{author}} prints password hashes or private keys.',
  advice: 'Ask the user whether it was them. If not, change the passwords and replace the keys of that file.',
  benign: ['An administrator who looks after accounts'],
  tests: {
    fires: [
      { 'exec.file.name': 'cat', 'exec.args': '/etc/shadow' },
      { 'exec.file.name': 'cat', 'exec.args': '/etc/passwd /etc/shadow' },
      { 'exec.file.name': 'grep', 'exec.args': 'root ../../etc/shadow' },
      { 'exec.file.name': 'base64', 'exec.args': '-w0 /root/.ssh/id_ed25519' },
      { 'exec.file.name': 'getent', 'exec.args': 'shadow root' },
    ],
    silent: [
      { 'exec.file.name': 'cat', 'exec.args': '/etc/passwd' },
      { 'exec.file.name': 'cat', 'exec.args': '/home/ann/.ssh/id_ed25519.pub' },
      { 'exec.file.name': 'cp', 'exec.args': '-p /etc/shadow /var/backups/shadow.bak' },
      { 'exec.file.name': 'getent', 'exec.args': 'passwd root' },
    ],
  },
})
