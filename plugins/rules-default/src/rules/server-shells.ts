import { defineRule } from '@cws/core'
import { DATABASES, startsShell, WEB_SERVERS } from '../names.ts'

export const shellFromWebServer = defineRule({
  id: 'shell-from-web-server',
  name: 'A web server started a shell',
  severity: 'high',
  tags: ['mitre:T1505.003', 'mitre:T1190', 'mitre:T1059.004'],
  on: 'exec',
  where: { all: [startsShell, { 'process.ancestors.file.name': WEB_SERVERS }] },
  groupBy: ['container.id', 'process.parent.file.path', 'exec.file.path'],
  message:
    '{{author}} was started below a web server. Requests should never reach a shell: this is what a web shell, or a hole that runs commands, looks like.',
  advice:
    'Find the request that came at that time in the access log, and look for files that were written lately below the document root. Isolate the host if the command is not yours.',
  benign: [
    'Applications that call other programs through a shell, such as image converters',
    'Application servers that start their workers by a shell script',
  ],
  tests: {
    fires: [
      { 'exec.file.name': 'dash', 'exec.args': '-c id', 'process.ancestors.file.name': ['php-fpm8.2', 'php-fpm8.2', 'systemd'] },
      { 'exec.file.name': 'bash', 'process.ancestors.file.name': ['dash', 'apache2', 'systemd'] },
      { 'exec.file.name': 'busybox', 'exec.comm': 'sh', 'exec.args': '-c id', 'process.ancestors.file.name': ['nginx'] },
      { 'exec.file.name': 'busybox', 'exec.comm': 'busybox', 'exec.args': 'sh -i', 'process.ancestors.file.name': ['nginx'] },
    ],
    silent: [
      { 'exec.file.name': 'bash', 'process.ancestors.file.name': ['sshd', 'sshd', 'systemd'] },
      { 'exec.file.name': 'convert', 'process.ancestors.file.name': ['php-fpm8.2', 'systemd'] },
      { 'exec.file.name': 'dash', 'exec.args': '/usr/sbin/apachectl start', 'process.ancestors.file.name': ['systemd'] },
      { 'exec.file.name': 'busybox', 'exec.comm': 'ls', 'exec.args': '-l', 'process.ancestors.file.name': ['nginx'] },
    ],
  },
})

export const reconFromWebServer = defineRule({
  id: 'recon-from-web-server',
  name: 'A web server looked around on its host',
  severity: 'high',
  tags: ['mitre:T1505.003', 'mitre:T1033', 'mitre:T1082', 'mitre:T1049'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': [
          'whoami',
          'id',
          'w',
          'who',
          'last',
          'netstat',
          'ss',
          'ifconfig',
          'arp',
          'lsmod',
          'getcap',
          'nmap',
          'masscan',
          'sudo',
          'su',
        ],
      },
      { 'exec.comm': ['whoami', 'id', 'netstat', 'ifconfig', 'arp'], 'exec.file.name': ['busybox', 'coreutils'] },
      { 'exec.file.name': 'uname', 'exec.args': { regex: '-[a-z]*a' } },
      { 'exec.file.name': 'ip', 'exec.args': { regex: '^(?:-\\S+ )*(?:a|addr|address|r|route|n|neigh)\\b' } },
    ],
    'process.ancestors.file.name': WEB_SERVERS,
  },
  groupBy: ['container.id', 'process.parent.file.path'],
  message:
    '{{author}} ran below a web server. These are the first words of an intruder who has just got hold of a server, and nothing that serving pages needs.',
  advice:
    'Look at what else the same process started and at the requests of that minute. If it is not your own health check, treat the host as taken over.',
  benign: ['Health or licence checks of an application'],
  tests: {
    fires: [
      { 'exec.file.name': 'whoami', 'process.ancestors.file.name': ['dash', 'php-fpm8.2', 'systemd'] },
      { 'exec.file.name': 'uname', 'exec.args': '-a', 'process.ancestors.file.name': ['dash', 'apache2'] },
      { 'exec.file.name': 'busybox', 'exec.comm': 'id', 'process.ancestors.file.name': ['busybox', 'nginx'] },
    ],
    silent: [
      { 'exec.file.name': 'whoami', 'process.ancestors.file.name': ['bash', 'sshd', 'systemd'] },
      { 'exec.file.name': 'uname', 'exec.args': '-r', 'process.ancestors.file.name': ['dash', 'apache2'] },
      { 'exec.file.name': 'php8.2', 'exec.comm': 'php', 'process.ancestors.file.name': ['dash', 'apache2'] },
    ],
  },
})

export const shellFromDatabase = defineRule({
  id: 'shell-from-database',
  name: 'A database server started a shell or a download',
  severity: 'high',
  tags: ['mitre:T1190', 'mitre:T1059.004'],
  on: 'exec',
  where: {
    all: [
      { any: [startsShell, { 'exec.file.name': ['curl', 'wget', 'nc', 'ncat', 'socat'] }] },
      { 'process.ancestors.file.name': DATABASES },
    ],
  },
  // `initdb` has a new PostgreSQL ask which locales there are (pg_import_system_collations), by a shell.
  when: (event) => event.get('exec.args') !== '-c locale -a',
  groupBy: ['container.id', 'process.parent.file.path', 'exec.file.path'],
  message:
    '{{author}} ran below a database server. A query that runs programs (COPY … PROGRAM, user-defined functions, modules) is how a stolen database account becomes a stolen host.',
  advice: 'See which database session ran at that time, revoke the right to run programs, change the passwords of that account.',
  benign: [
    'PostgreSQL’s archive_command and restore_command: except them by their arguments in `tune`',
    'Replication helpers of MariaDB Galera',
  ],
  tests: {
    fires: [
      {
        'exec.file.name': 'dash',
        'exec.comm': 'sh',
        'exec.args': '-c id',
        'process.ancestors.file.name': ['postgres', 'postgres', 'systemd'],
      },
      { 'exec.file.name': 'bash', 'process.ancestors.file.name': ['redis-server'] },
      { 'exec.file.name': 'curl', 'exec.comm': 'curl', 'process.ancestors.file.name': ['mysqld'] },
    ],
    silent: [
      {
        'exec.file.name': 'dash',
        'exec.comm': 'sh',
        'exec.args': '-c locale -a',
        'process.ancestors.file.name': ['postgres', 'dash', 'initdb'],
      },
      { 'exec.file.name': 'dash', 'exec.args': '/usr/bin/mysqld_safe', 'process.ancestors.file.name': ['systemd'] },
      { 'exec.file.name': 'postgres', 'exec.comm': 'postgres', 'process.ancestors.file.name': ['postgres', 'systemd'] },
      { 'exec.file.name': 'bash', 'process.ancestors.file.name': ['sudo', 'bash', 'sshd'] },
    ],
  },
})

export const shellFromJavaServer = defineRule({
  id: 'shell-from-java-server',
  name: 'A Java server started a shell',
  severity: 'high',
  tags: ['mitre:T1190', 'mitre:T1059.004'],
  on: 'exec',
  where: {
    all: [
      startsShell,
      { 'process.parent.file.name': 'java' },
      {
        any: [
          {
            'process.parent.args': {
              regex:
                'org\\.apache\\.(?:catalina|tomcat|activemq|solr|kafka|struts|hadoop|spark\\.deploy)|jetty|jboss|wildfly|weblogic|websphere|glassfish|payara|spring-boot|org\\.springframework|confluence|elasticsearch|org\\.keycloak|nexus|geoserver',
            },
          },
          { 'process.parent.args': '*-jar *', 'process.tty_name': '' },
        ],
      },
    ],
  },
  groupBy: ['container.id', 'process.parent.pid', 'exec.file.path'],
  message:
    '{{author}} was started by a Java server: `java {{@process.parent.args}}`. Deserialisation, template and expression holes of Java servers end in just this.',
  advice:
    'Look at the requests of that minute and at the log of the server for exceptions. If the command is not part of your application, isolate the host.',
  benign: ['Build servers such as Jenkins, whose work is to start shells', 'Applications that call scripts'],
  tests: {
    fires: [
      {
        'exec.file.name': 'dash',
        'exec.args': '-c id',
        'process.parent.file.name': 'java',
        'process.parent.args': '-Djava.util.logging org.apache.catalina.startup.Bootstrap start',
      },
      {
        'exec.file.name': 'bash',
        'process.parent.file.name': 'java',
        'process.parent.args': '-Xmx1g -jar /srv/app.jar',
        'process.tty_name': '',
      },
    ],
    silent: [
      {
        'exec.file.name': 'dash',
        'process.parent.file.name': 'java',
        'process.parent.args': '-classpath gradle-wrapper.jar org.gradle.wrapper.GradleWrapperMain build',
        'process.tty_name': '',
      },
      { 'exec.file.name': 'bash', 'process.parent.file.name': 'java', 'process.parent.args': '-jar tool.jar', 'process.tty_name': 'pts0' },
      { 'exec.file.name': 'dash', 'process.parent.file.name': 'make', 'process.parent.args': '-jar x', 'process.tty_name': '' },
    ],
  },
})
