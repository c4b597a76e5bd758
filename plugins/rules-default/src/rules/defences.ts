import { defineRule } from '@cws/core'
import { AUTHOR, isForeign } from '../authors.ts'
import { allOf, WRITTEN, written, writtenAs } from '../files.ts'
import { WEB_SERVERS } from '../names.ts'

export const loggingChanged = defineRule({
  id: 'logging-changed',
  name: 'What this host writes down was changed',
  severity: 'medium',
  tags: ['mitre:T1562.012', 'mitre:T1562.006'],
  on: 'change',
  where: {
    any: [
      written(
        '/etc/audit/auditd.conf',
        '/etc/audit/audit.rules',
        '/etc/rsyslog.conf',
        '/etc/syslog-ng/syslog-ng.conf',
        '/etc/systemd/journald.conf',
      ),
      writtenAs('^/etc/audit/rules\\.d/[^/]+\\.rules$', '^/etc/(?:rsyslog\\.d|systemd/journald\\.conf\\.d)/[^/]+\\.conf$'),
    ],
  },
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: it decides what is recorded, for how long, and who gets a copy.`,
  advice: 'Compare it with its backup. If nobody of yours wrote it, put it back and look at what was not recorded meanwhile.',
  benign: ['An administrator who sets up logging', 'Configuration management'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/etc/rsyslog.conf' },
      { 'change.kind': 'created', 'change.path': '/etc/audit/rules.d/zz.rules', 'change.file.size': 3n },
      { 'change.kind': 'renamed', 'change.path': '/etc/systemd/journald.conf', 'process.file.path': '/usr/bin/sed' },
    ],
    silent: [
      { 'change.kind': 'renamed', 'change.path': '/etc/rsyslog.conf', 'process.package_manager': 'dpkg' },
      { 'change.kind': 'modified', 'change.path': '/etc/rsyslog.d/.x.conf.swp' },
      { 'change.kind': 'modified', 'change.path': '/etc/logrotate.conf' },
    ],
  },
})

export const confinementChanged = defineRule({
  id: 'confinement-changed',
  name: 'What confines programs of this host was changed',
  severity: 'medium',
  tags: ['mitre:T1562.001'],
  on: 'change',
  where: {
    any: [
      written('/etc/selinux/config', '/etc/fapolicyd/fapolicyd.conf', '/etc/fapolicyd/fapolicyd.rules'),
      allOf('/etc/apparmor.d', '/etc/apparmor.d/disable', '/etc/apparmor.d/local'),
    ],
  },
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'process.sid'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: AppArmor, SELinux or fapolicyd allow from now on, or from the next start on, what they did not.`,
  advice: 'Read what was changed. If nobody of yours did it, put it back and load the profiles again.',
  benign: ['An administrator who lets a program do more', 'Software that brings a profile of its own'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/etc/selinux/config' },
      { 'change.kind': 'created', 'change.path': '/etc/apparmor.d/disable/usr.sbin.mysqld' },
    ],
    silent: [
      {
        'change.kind': 'renamed',
        'change.path': '/etc/apparmor.d/usr.bin.man',
        'process.package_manager': 'dpkg',
      },
      { 'change.kind': 'modified', 'change.path': '/etc/apparmor/parser.conf' },
    ],
  },
})

export const agentSettingsChanged = defineRule({
  id: 'agent-settings-changed',
  name: 'The settings of this agent were changed',
  severity: 'medium',
  tags: ['mitre:T1562.001'],
  on: 'change',
  where: writtenAs('^/etc/cws/[^/.][^/]*$', '^/(?:etc|usr/lib|lib)/systemd/system/cws\\.service(?:\\.d/[^/]+\\.conf)?$'),
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: it decides what CWS sees, and whom it tells.`,
  advice: 'Compare it with what you gave this host. Rules that are off and notifications that are gone are what to look for.',
  benign: ['An administrator who sets the agent up', 'Configuration management'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/etc/cws/cws.config.ts' },
      { 'change.kind': 'created', 'change.path': '/etc/systemd/system/cws.service.d/x.conf', 'change.file.size': 20n },
    ],
    silent: [
      { 'change.kind': 'modified', 'change.path': '/etc/cws/.cws.config.ts.swp' },
      { 'change.kind': 'renamed', 'change.path': '/usr/lib/systemd/system/cws.service', 'process.package_manager': 'dpkg' },
    ],
  },
})

export const hostsChanged = defineRule({
  id: 'host-names-changed',
  name: 'Names of hosts were given other addresses',
  severity: 'low',
  tags: ['mitre:T1565.001', 'mitre:T1562.001'],
  on: 'change',
  where: written('/etc/hosts'),
  when: (event) => isForeign(event),
  groupBy: ['container.id', 'process.file.path', 'process.sid'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: names that stand there are not asked for. Updates and the servers of defenders are cut off so, and other miners too.`,
  advice: 'Look for names that are not yours: those of package sources, of vendors, of this agent’s receivers.',
  benign: ['An administrator, cloud-init, VPNs and development tools'],
  tests: {
    fires: [
      { 'change.kind': 'modified', 'change.path': '/etc/hosts' },
      { 'change.kind': 'renamed', 'change.path': '/etc/hosts', 'process.file.path': '/usr/bin/sed' },
    ],
    silent: [
      { 'change.kind': 'modified', 'change.path': '/etc/hostname' },
      { 'change.kind': 'attributes', 'change.path': '/etc/hosts' },
    ],
  },
})

export const webShellWritten = defineRule({
  id: 'web-shell-written',
  name: 'A web server wrote a script that it will run',
  severity: 'high',
  tags: ['mitre:T1505.003', 'mitre:T1190'],
  on: 'change',
  where: {
    'change.kind': WRITTEN,
    'change.path': {
      regex: ['^/(?:var/www|srv/(?:www|http)|usr/share/nginx|var/lib/tomcat\\d*|opt/tomcat)/.*\\.(?:php\\d?|phtml|phar|jspx?|war|cgi)$'],
    },
    any: [{ 'process.file.name': WEB_SERVERS }, { 'process.ancestors.file.name': WEB_SERVERS }],
  },
  groupBy: ['container.id', 'process.file.path', 'change.path'],
  message: `\`{{@change.path}}\` was {{@change.kind}} by ${AUTHOR}: a request has put a script where the next request runs it. That is a web shell, unless it is an update of the application.`,
  advice:
    'Read the file without calling it. If it is not part of your application, keep a copy, remove it, and find the requests that wrote it and called it.',
  benign: ['Applications that update themselves or their extensions from their own pages', 'Caches of compiled templates'],
  tests: {
    fires: [
      {
        'change.kind': 'created',
        'change.path': '/var/www/html/x.php',
        'process.file.name': 'apache2',
        'process.ancestors.file.name': ['apache2'],
      },
      {
        'change.kind': 'renamed',
        'change.path': '/srv/www/shop/a.phtml',
        'process.file.name': 'mv',
        'process.ancestors.file.name': ['dash', 'php-fpm8.2'],
      },
    ],
    silent: [
      {
        'change.kind': 'created',
        'change.path': '/var/www/html/x.jpg',
        'process.file.name': 'apache2',
        'process.ancestors.file.name': ['apache2'],
      },
      {
        'change.kind': 'created',
        'change.path': '/var/www/html/x.php',
        'process.file.name': 'git',
        'process.ancestors.file.name': ['bash', 'sshd'],
      },
    ],
  },
})
