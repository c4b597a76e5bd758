import type { Trigger } from '@cws/core'

const COMMAND = { run: '/bin/sh', args: ['-c', 'exit 0'] } as const

/** What a server starts: a copy of the shell bears its name. */
export const serverTriggers: Readonly<Record<string, Trigger>> = {
  'shell-from-web-server': { ...COMMAND, below: 'nginx' },
  'recon-from-web-server': { run: '/usr/bin/whoami', below: 'apache2' },
  'shell-from-database': { ...COMMAND, below: 'postgres' },
  'shell-from-java-server': { run: '/bin/sh', args: ['-c', 'exit 0', 'org.apache.catalina.startup.Bootstrap'], below: 'java' },
  'shell-from-network-service': { ...COMMAND, below: 'foomatic-rip' },
  'shell-from-notebook': { run: '/bin/sh', args: ['-c', 'exit 0', 'jupyter-lab'], below: 'python3' },
  'temporary-program-from-server': { run: 'dropped', below: 'nginx' },
  'download-from-web-server': { run: 'curl', args: ['http://127.0.0.1:9/x'], below: 'apache2' },
  'ssh-from-server': { run: 'ssh', args: ['nobody@127.0.0.1'], below: 'postgres' },
  'host-shut-down-by-server': { run: 'shutdown', args: ['-h', 'now'], below: 'nginx' },
  'service-account-shell': { ...COMMAND, unprivileged: true, terminal: true },
  'service-account-used-by-hand': { run: '/usr/sbin/runuser', args: ['-u', 'nobody', '--', '/bin/sh', '-c', 'exit 0'], terminal: true },
  'server-crashed': { run: 'nginx', copyOf: '/bin/sh', args: ['-c', 'ulimit -c 0; kill -SEGV $$'] },
}
