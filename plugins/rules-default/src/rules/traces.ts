import { defineRule } from '@cws/core'
import { isBelow } from '../ancestry.ts'
import { AUTHOR, authorWhich, isBy, isPackaged } from '../authors.ts'
import { inHomes } from '../files.ts'
import { LOGGERS, LOGIN_PROGRAMS, ROTATORS, SHELLS } from '../programs.ts'

/** Logs in which people look for intruders, by the name that is written to and those of yesterday. */
const LOGS =
  '^/var/log/(?:auth\\.log|secure|syslog|messages|kern\\.log|cron(?:\\.log)?|daemon\\.log|user\\.log|faillog|tallylog|wtmp(?:\\.db)?|btmp|lastlog(?:2\\.db)?|dpkg\\.log|sudo\\.log|audit/audit\\.log|journal/[^/]+/[^/]+\\.journal)(?:[.-]\\d+)?$'
const LOG = new RegExp(LOGS)
const LOGIN_RECORDS = ['/var/log/wtmp', '/var/log/btmp', '/var/log/lastlog', '/var/log/faillog', '/var/log/tallylog'] as const

export const logCleared = defineRule({
  id: 'log-cleared',
  name: 'A log of the system was cleared',
  severity: 'high',
  tags: ['mitre:T1070.002', 'mitre:T1070.006'],
  on: 'change',
  where: {
    any: [
      { 'change.kind': ['deleted', 'renamed'], 'change.file.path': { regex: LOGS } },
      { 'change.kind': 'modified', 'change.file.size': 0, 'change.file.path': { regex: LOGS } },
      { 'change.kind': 'modified', 'change.file.path': LOGIN_RECORDS },
      { 'change.kind': ['renamed', 'linked'], 'change.path': LOGIN_RECORDS },
    ],
  },
  when: (event) => {
    if (isBy(event, ROTATORS) || isBy(event, LOGGERS) || isBelow(event, ROTATORS)) return false
    const emptied = event.get('change.kind') !== 'modified' || event.get('change.file.size') === 0n
    return emptied || !isBy(event, LOGIN_PROGRAMS)
  },
  groupBy: ['container.id', 'process.file.path', 'process.sid'],
  message: `\`{{@change.file.path}}\` was {{@change.kind}} by ${authorWhich('neither rotates logs nor writes this one')}: who does that mostly has something to hide.`,
  advice: 'Keep what is left: copies on a log server, `journalctl`, older files in /var/log. Then see what else that session did.',
  benign: [
    'An administrator who makes room on a full disk, by `journalctl --vacuum-size` too',
    'A log rotation of your own',
    'Building an image',
  ],
  tests: {
    fires: [
      {
        'change.kind': 'deleted',
        'change.file.path': '/var/log/auth.log',
        'change.path': '/var/log/auth.log',
        'process.file.path': '/usr/bin/rm',
      },
      { 'change.kind': 'modified', 'change.file.path': '/var/log/auth.log', 'change.path': '/var/log/auth.log', 'change.file.size': 0n },
      {
        'change.kind': 'modified',
        'change.file.path': '/var/log/wtmp',
        'process.file.path': '/usr/bin/python3.11',
        'change.file.size': 384n,
      },
      { 'change.kind': 'modified', 'change.file.path': '/var/log/wtmp', 'process.file.path': '/usr/sbin/sshd', 'change.file.size': 0n },
      { 'change.kind': 'renamed', 'change.file.path': '/tmp/w', 'change.path': '/var/log/wtmp' },
      { 'change.kind': 'deleted', 'change.file.path': '/var/log/journal/0a1b/system.journal', 'process.file.path': '/usr/bin/rm' },
      {
        'change.kind': 'deleted',
        'change.file.path': '/var/log/journal/0a1b/system@1.journal',
        'process.file.path': '/usr/bin/journalctl',
      },
      { 'change.kind': 'deleted', 'change.file.path': '/var/log/auth.log.1', 'process.file.path': '/tmp/logrotate' },
    ],
    silent: [
      {
        'change.kind': 'modified',
        'change.file.path': '/var/log/auth.log',
        'change.path': '/var/log/auth.log',
        'change.file.size': 90n,
        'process.file.path': '/usr/sbin/rsyslogd',
      },
      {
        'change.kind': 'renamed',
        'change.file.path': '/var/log/auth.log',
        'change.path': '/var/log/auth.log.1',
        'process.file.path': '/usr/sbin/logrotate',
        'process.file.uid': 0,
      },
      {
        'change.kind': 'deleted',
        'change.file.path': '/var/log/syslog.1',
        'change.path': '/var/log/syslog.1',
        'process.file.path': '/usr/bin/gzip',
        'process.ancestors.file.path': ['/usr/sbin/logrotate', '/usr/lib/systemd/systemd'],
      },
      { 'change.kind': 'modified', 'change.file.path': '/var/log/wtmp', 'change.file.size': 768n, 'process.file.path': '/usr/sbin/sshd' },
      { 'change.kind': 'deleted', 'change.file.path': '/var/log/nginx/access.log', 'change.path': '/var/log/nginx/access.log' },
      {
        'change.kind': 'deleted',
        'change.file.path': '/var/log/journal/0a1b/system@1.journal',
        'process.file.path': '/usr/lib/systemd/systemd-journald',
      },
    ],
  },
})

export const logReplaced = defineRule({
  id: 'log-replaced',
  name: 'A log of the system was replaced by another file',
  severity: 'high',
  tags: ['mitre:T1070.002'],
  on: 'change',
  where: { 'change.kind': ['renamed', 'linked'], 'change.path': { regex: LOGS }, none: [{ 'change.path': LOGIN_RECORDS }] },
  when: (event) => {
    // What was a log under another name is being rotated, by hand or not: that is told as cleared.
    if (LOG.test(String(event.get('change.file.path'))) && event.get('change.kind') === 'renamed') return false
    return !isBy(event, ROTATORS) && !isBy(event, LOGGERS) && !isBelow(event, ROTATORS) && !isPackaged(event)
  },
  groupBy: ['container.id', 'process.file.path', 'process.sid'],
  message: `\`{{@change.file.path}}\` took the place of \`{{@change.path}}\`, by ${authorWhich('neither rotates logs nor writes this one')}: lines are taken out of a log so, with \`sed -i\` or an editor.`,
  advice: 'Compare it with what the journal or a log server has of that time: what is missing is what somebody wanted to hide.',
  benign: ['An administrator who edits a log', 'A log rotation of your own'],
  tests: {
    fires: [
      {
        'change.kind': 'renamed',
        'change.file.path': '/var/log/sedAbC123',
        'change.path': '/var/log/auth.log',
        'process.file.path': '/usr/bin/sed',
      },
      {
        'change.kind': 'renamed',
        'change.file.path': '/tmp/x',
        'change.path': '/var/log/audit/audit.log',
        'process.file.path': '/tmp/logrotate',
      },
      { 'change.kind': 'linked', 'change.file.path': '/tmp/x', 'change.path': '/var/log/secure', 'process.file.path': '/usr/bin/ln' },
    ],
    silent: [
      {
        'change.kind': 'renamed',
        'change.file.path': '/var/log/auth.log',
        'change.path': '/var/log/auth.log.1',
        'process.file.path': '/usr/sbin/logrotate',
        'process.file.uid': 0,
      },
      {
        'change.kind': 'renamed',
        'change.file.path': '/var/log/syslog.tmp',
        'change.path': '/var/log/syslog',
        'process.file.path': '/usr/bin/mv',
        'process.ancestors.file.path': ['/usr/bin/savelog'],
      },
      {
        'change.kind': 'renamed',
        'change.file.path': '/var/log/dpkg.log.new',
        'change.path': '/var/log/dpkg.log',
        'process.package_manager': 'dpkg',
      },
      { 'change.kind': 'renamed', 'change.file.path': '/var/log/x', 'change.path': '/var/log/nginx/access.log' },
    ],
  },
})

const HISTORIES = inHomes('.bash_history', '.zsh_history', '.histfile', '.ash_history', '.sh_history', '.mysql_history', '.psql_history')

export const historyRemoved = defineRule({
  id: 'history-removed',
  name: 'The history of a shell was removed',
  severity: 'medium',
  tags: ['mitre:T1070.003'],
  on: 'change',
  where: {
    any: [
      { 'change.kind': ['deleted', 'renamed'], 'change.file.path': HISTORIES },
      { 'change.kind': 'modified', 'change.file.size': 0, 'change.file.path': HISTORIES },
      { 'change.kind': 'renamed', 'change.file.destination.size': 0, 'change.path': HISTORIES },
    ],
  },
  when: (event) => {
    const moved = event.get('change.file.destination.size') !== 0n && event.get('change.kind') !== 'modified'
    return !(moved && isBy(event, SHELLS))
  },
  groupBy: ['container.id', 'process.file.path', 'change.file.path'],
  message: `\`{{@change.file.path}}\` was {{@change.kind}} by ${AUTHOR}: what was typed before is gone.`,
  advice: 'Ask the user whether it was them. If not, the signals and the process events of the last hours tell what was typed.',
  benign: ['A user who typed a password by mistake', '`history -c` out of habit', 'Building an image'],
  tests: {
    fires: [
      {
        'change.kind': 'deleted',
        'change.file.path': '/root/.bash_history',
        'change.path': '/root/.bash_history',
        'process.file.path': '/usr/bin/rm',
      },
      {
        'change.kind': 'modified',
        'change.file.path': '/home/ann/.bash_history',
        'change.file.size': 0n,
        'process.file.path': '/usr/bin/bash',
      },
      {
        'change.kind': 'renamed',
        'change.file.path': '/root/.bash_history',
        'change.path': '/root/0000',
        'process.file.path': '/usr/bin/shred',
      },
      {
        'change.kind': 'renamed',
        'change.file.path': '/root/.bash_history-01234.tmp',
        'change.path': '/root/.bash_history',
        'change.file.destination.size': 0n,
        'process.file.path': '/usr/bin/bash',
      },
    ],
    silent: [
      {
        'change.kind': 'renamed',
        'change.file.path': '/root/.bash_history-01234.tmp',
        'change.path': '/root/.bash_history',
        'change.file.destination.size': 910n,
        'process.file.path': '/usr/bin/bash',
      },
      {
        'change.kind': 'modified',
        'change.file.path': '/root/.bash_history',
        'change.path': '/root/.bash_history',
        'change.file.size': 30n,
      },
      {
        'change.kind': 'renamed',
        'change.file.path': '/root/.bash_history',
        'change.path': '/root/.bash_history-',
        'change.file.destination.size': 30n,
        'process.file.path': '/usr/bin/bash',
      },
      { 'change.kind': 'deleted', 'change.file.path': '/root/.lesshst', 'change.path': '/root/.lesshst' },
    ],
  },
})

export const fileMadeImmutable = defineRule({
  id: 'file-made-immutable',
  name: 'A file was made immutable, or mutable again',
  severity: 'medium',
  tags: ['mitre:T1222.002'],
  on: 'exec',
  where: { 'exec.file.name': ['chattr', 'busybox'], 'exec.args': { regex: '^(?:chattr )?(?:-\\w+ )*[+=-][a-zA-Z]*[ia]' } },
  groupBy: ['container.id', 'process.sid', 'exec.args'],
  message:
    '{{author}}: what is immutable not even root can change or remove. Intruders protect what they leave so, or take the protection of logs and settings away.',
  advice: 'See which file it is (`lsattr`). Take the flag away with `chattr -i` if it is none of yours.',
  benign: ['An administrator who protects /etc/resolv.conf', 'Backup software that protects its archives'],
  tests: {
    fires: [
      { 'exec.file.name': 'chattr', 'exec.args': '+i /etc/ld.so.preload' },
      { 'exec.file.name': 'chattr', 'exec.args': '-R -f +ia /root/.ssh' },
      { 'exec.file.name': 'chattr', 'exec.args': '-i /var/log/auth.log' },
      { 'exec.file.name': 'busybox', 'exec.args': 'chattr +i /tmp/x' },
    ],
    silent: [
      { 'exec.file.name': 'chattr', 'exec.args': '+C /var/lib/images' },
      { 'exec.file.name': 'chattr', 'exec.args': '-R +d /srv' },
      { 'exec.file.name': 'busybox', 'exec.args': 'ls -i' },
      { 'exec.file.name': 'lsattr', 'exec.args': '+i' },
    ],
  },
})
