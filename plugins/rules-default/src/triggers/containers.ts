import type { Trigger } from '@cws/core'

const inside = (run: string, ...args: readonly string[]): Trigger => ({ run, args, container: true })

/** What runs in a container, and what makes one. */
export const containerTriggers: Readonly<Record<string, Trigger>> = {
  'new-program-in-container': inside('added'),
  'host-disk-in-container': inside('mount', '/dev/sda1', '/nowhere'),
  'shell-in-container': { run: '/bin/sh', args: ['-c', ':'], terminal: true, container: true },
  'package-manager-in-container': inside('apk', 'add', 'nothing'),
  'network-tool-in-container': inside('nmap', '127.0.0.1'),
  'compiler-in-container': inside('cc1', 'x.c'),
  'container-client-in-container': inside('kubectl', 'get', 'secrets'),
  'host-namespace-entered': { run: 'nsenter', args: ['-t', '1', '-m', 'true'], session: true },
  'container-socket-used-by-hand': { run: 'curl', args: ['--unix-socket', '/nowhere/docker.sock', 'http://x/'], session: true },
  'privileged-container-started': { run: 'docker', args: ['run', '--privileged', 'nothing'], session: true },
}
