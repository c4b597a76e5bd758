import { defineRule } from '@cws/core'
import { SHELLS } from '../names.ts'

export const preloadFromWritableFolder = defineRule({
  id: 'preload-from-writable-folder',
  name: 'A library from a folder that all can write was forced into a program',
  severity: 'high',
  tags: ['mitre:T1574.006'],
  on: 'exec',
  where: { 'exec.envp': { regex: '^LD_(?:PRELOAD|AUDIT)=(?:.*[: ])?/(?:tmp|var/tmp|dev/shm)/' } },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: '{{author}} loads a library from a temporary folder before its own: the library sees and changes all that the program does.',
  advice: 'Look at LD_PRELOAD and LD_AUDIT of the process and keep a copy of the library.',
  benign: ['Debugging and test tools that put a helper library into a temporary folder'],
  tests: {
    fires: [
      { 'exec.envp': ['PATH=/usr/bin', 'LD_PRELOAD=/tmp/x.so'] },
      { 'exec.envp': ['LD_PRELOAD=/usr/lib/a.so:/dev/shm/.x.so'] },
      { 'exec.envp': ['LD_AUDIT=/var/tmp/a.so'] },
    ],
    silent: [
      { 'exec.envp': ['LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2'] },
      { 'exec.envp': ['LD_PRELOAD=libfakeroot-sysv.so', 'TMPDIR=/tmp/x'] },
      { 'exec.envp': ['LD_LIBRARY_PATH=/tmp/build/lib'] },
      { 'exec.envp': [] },
    ],
  },
})

export const setIdExploit = defineRule({
  id: 'set-id-exploit',
  name: 'A set-uid program was called the way an exploit does',
  severity: 'critical',
  tags: ['mitre:T1068', 'mitre:T1548.001', 'mitre:T1548.003'],
  on: 'exec',
  where: {
    any: [
      // CVE-2021-4034: pkexec without any argument, not even its name.
      { 'exec.file.name': 'pkexec', 'exec.argv0': '', 'exec.args': '' },
      // CVE-2021-3156: sudoedit -s with an argument that ends in a single backslash.
      { 'exec.file.name': ['sudo', 'sudoedit'], 'exec.argv0': { regex: 'sudoedit$' }, 'exec.args': { regex: '-\\w*[si].*\\\\(?:\\s|$)' } },
      // CVE-2019-14287: a user who is none, and so is root.
      { 'exec.file.name': 'sudo', 'exec.args': { regex: '(?:^|\\s)(?:-[a-zA-Z]*u|--user)[\\s=]*#(?:-1|4294967295)(?:\\s|$)' } },
      // CVE-2023-4911: a tunable within a tunable, in a program that runs with the rights of its owner.
      { 'exec.file.mode': { bits: 0o4000 }, 'exec.envp': { regex: '^GLIBC_TUNABLES=glibc\\.[\\w.]+=glibc\\.[\\w.]+=' } },
    ],
  },
  groupBy: ['container.id', 'exec.file.path', 'process.user'],
  message: '{{author}} was called in a form that only exploits of known holes use: PwnKit, Baron Samedit, Looney Tunables and the like.',
  advice: 'See whether the program is patched. If it is not, the caller is root by now: isolate the host.',
  benign: ['Scanners for these holes'],
  tests: {
    fires: [
      { 'exec.file.name': 'pkexec', 'exec.argv0': '', 'exec.args': '', 'exec.file.mode': 0o104755 },
      { 'exec.file.name': 'sudo', 'exec.argv0': 'sudoedit', 'exec.args': '-s AAAA\\' },
      { 'exec.file.name': 'sudo', 'exec.argv0': 'sudo', 'exec.args': '-u#-1 /bin/bash' },
      { 'exec.file.name': 'su', 'exec.file.mode': 0o104755, 'exec.envp': ['GLIBC_TUNABLES=glibc.malloc.mxfast=glibc.malloc.mxfast=A'] },
    ],
    silent: [
      { 'exec.file.name': 'pkexec', 'exec.argv0': 'pkexec', 'exec.args': '--version', 'exec.file.mode': 0o104755, 'exec.envp': [] },
      {
        'exec.file.name': 'sudo',
        'exec.argv0': 'sudoedit',
        'exec.args': '/etc/hosts',
        'exec.file.mode': 0o104755,
        'exec.envp': ['PATH=/bin'],
      },
      {
        'exec.file.name': 'sudo',
        'exec.argv0': 'sudo',
        'exec.args': '-s',
        'exec.file.mode': 0o104755,
        'exec.envp': ['GLIBC_TUNABLES=glibc.malloc.mxfast=1'],
      },
      { 'exec.file.name': 'ls', 'exec.argv0': 'ls', 'exec.args': '', 'exec.file.mode': 0o100755 },
    ],
  },
})

export const shellWithSetIdRights = defineRule({
  id: 'shell-with-set-id-rights',
  name: 'A shell runs as root without a login as root',
  severity: 'high',
  tags: ['mitre:T1548.001'],
  on: 'exec',
  where: { 'exec.file.name': SHELLS, 'exec.euid': 0, 'exec.uid': { not: 0 } },
  groupBy: ['container.id', 'process.parent.file.path', 'process.user'],
  message:
    '{{author}} was started with the effective rights of root, while its user is {{@process.user}}. sudo and su change both; a shell with the set-uid bit, or a set-uid program that was talked into one, does this.',
  advice: 'Look for files with the set-uid bit that no package brought: `find / -perm -4000`.',
  benign: ['Old set-uid programs that call a shell'],
  tests: {
    fires: [{ 'exec.file.name': 'bash', 'exec.args': '-p', 'exec.uid': 1000, 'exec.euid': 0 }],
    silent: [
      { 'exec.file.name': 'bash', 'exec.uid': 0, 'exec.euid': 0 },
      { 'exec.file.name': 'bash', 'exec.uid': 1000, 'exec.euid': 1000 },
      { 'exec.file.name': 'sudo', 'exec.uid': 1000, 'exec.euid': 0 },
    ],
  },
})
