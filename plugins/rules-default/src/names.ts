import type { Where } from '@cws/core'

/** Program names as the kernel has them: of the file itself, links followed (`sh` is `dash` on Debian). A name may raise a signal, never silence one. */
export const SHELLS = ['sh', 'bash', 'rbash', 'dash', 'zsh', 'ksh', 'ksh93', 'mksh', 'ash', 'csh', 'tcsh', 'fish'] as const

/** A shell's name in a command line. */
export const SHELL = '(?:/\\S*/)?(?:ba|rba|da|z|k|mk|a|c|tc|fi)?sh\\b'

/** Where the text of `sh -c` is found: shells, and busybox, which is one of them by another name. */
export const SHELL_PROGRAMS = [...SHELLS, 'busybox'] as const

/** A shell is started, be it as an applet of busybox. */
export const startsShell: Where<'exec'> = {
  any: [
    { 'exec.file.name': SHELLS },
    { 'exec.file.name': 'busybox', 'exec.comm': SHELLS },
    { 'exec.file.name': 'busybox', 'exec.args': { regex: '^(?:a|ba|hu)?sh(?:\\s|$)' } },
  ],
}

export const WEB_SERVERS = [
  'nginx',
  'apache2',
  'httpd',
  'httpd.worker',
  'lighttpd',
  'caddy',
  'php-fpm*',
  'php-cgi*',
  'openresty',
  'uwsgi*',
  'gunicorn*',
  'unitd',
  'h2o',
  'litespeed',
  'lshttpd',
] as const

export const DATABASES = [
  'postgres',
  'mysqld',
  'mariadbd',
  'mongod',
  'redis-server',
  'valkey-server',
  'memcached',
  'clickhouse-server',
  'clickhouse',
  'oracle',
  'sqlservr',
  'influxd',
  'couchdb',
] as const

/** Languages that run code from the command line. */
export const INTERPRETERS = ['python*', 'pypy*', 'perl*', 'ruby*', 'php*', 'lua*', 'node', 'nodejs', 'bun', 'deno'] as const

/** They hand bytes to and from a connection, whatever they are. */
export const NETCATS = ['nc', 'ncat', 'netcat', 'nc.traditional', 'nc.openbsd', 'socat', 'socat1', 'telnet'] as const

export const DOWNLOADERS = ['curl', 'wget', 'wget2', 'aria2c', 'axel', 'lwp-download'] as const

/** What watches or protects a host, by the names of its programs, packages and services: alternatives of an expression. */
export const SECURITY_TOOLS =
  'auditd|auditbeat|apparmor|cws|falco\\S*|wazuh\\S*|osqueryd?|ossec\\S*|clamav\\S*|clamd|fail2ban(?:-server)?|crowdsec|datadog-agent\\S*|sysmon|tetragon|aide\\S*|mdatp|wdavdaemon|sentinelone|s1-agent|cbagentd|elastic-agent|rsyslogd?|syslog-ng|firewalld|suricata|snort|aliyun\\S*|aegis\\S*|cloudmonitor\\S*'

/** Programs that take requests of strangers. */
export const SERVERS = [...WEB_SERVERS, ...DATABASES] as const

/** Code stands among the arguments: `-c`, `-e`, `-r`, `--eval`. */
export const INLINE = '(?:^|\\s)(?:-[a-zA-Z]*[cer]|--eval|--run|eval)(?:\\s|$)'
