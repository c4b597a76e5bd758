import { defineRule } from '@cws/core'
import { isBelow, isStartedBy } from '../ancestry.ts'
import { isInstalled } from '../authors.ts'
import { INTERPRETERS, SHELL_PROGRAMS } from '../names.ts'
import { LDD } from '../programs.ts'

/** Of distributions, of cri-o, and as k3s, RKE2 and snaps bring them: where only root can write. */
const RUNTIMES =
  /^\/(?:usr\/(?:local\/)?s?bin\/(?:runc|crun)|usr\/lib(?:exec)?\/(?:crio\/|cri-o-runc\/sbin\/|podman\/)?(?:runc|crun)|var\/lib\/rancher\/(?:k3s|rke2)\/data\/[^/]+\/bin\/runc|snap\/(?:docker|microk8s)\/\d+\/bin\/runc)$/
const RUNTIME_CLONES: readonly unknown[] = ['memfd:runc_cloned:/proc/self/exe', 'memfd:crun_cloned:/proc/self/exe']

export const execFromMemory = defineRule({
  id: 'memfd-exec',
  name: 'A program ran from memory, without a file',
  severity: 'critical',
  tags: ['mitre:T1620', 'mitre:T1027.011'],
  on: 'exec',
  where: {
    any: [{ 'exec.file.path': 'memfd:*' }, { 'exec.interpreter.file.path': 'memfd:*' }],
  },
  // Container runtimes copy themselves to memory before they enter a container. In a container, and without them, the name says nothing.
  when: (event) => !(RUNTIME_CLONES.includes(event.get('exec.file.path')) && event.get('container.id') === '' && isBelow(event, RUNTIMES)),
  groupBy: ['container.id', 'process.parent.file.path', 'exec.file.path'],
  message: '{{author}} was started from a file made by memfd_create: it never was on disk. Malware does this to leave nothing to scan.',
  advice: 'Do not end the process before you have a copy of it: `cp /proc/{{@process.pid}}/exe` keeps it. Then look at its parent.',
  benign: ['Container runtimes under other paths than usual', 'Just-in-time launchers of a few programs'],
  tests: {
    fires: [
      {
        'exec.file.path': 'memfd:x',
        'exec.interpreter.file.path': '',
        'process.ancestors.file.path': ['/usr/bin/python3.12'],
        'container.id': '',
      },
      {
        'exec.file.path': 'memfd:runc_cloned:/proc/self/exe',
        'process.ancestors.file.path': ['/usr/bin/bash', '/usr/bin/runc'],
        'container.id': '0123456789ab',
      },
      {
        'exec.file.path': 'memfd:runc_cloned:/proc/self/exe',
        'process.ancestors.file.path': ['/tmp/runc'],
        'container.id': '',
      },
      {
        'exec.file.path': 'memfd:runc_cloned:/proc/self/exe',
        'process.ancestors.file.path': ['/var/lib/rancher/k3s/data/a1/../../x/bin/runc'],
        'container.id': '',
      },
      { 'exec.file.path': 'memfd:runc_cloned:/proc/self/exe' },
    ],
    silent: [
      { 'exec.file.path': '/usr/bin/ls', 'exec.interpreter.file.path': '' },
      { 'exec.file.path': '/usr/bin/ldd', 'exec.interpreter.file.path': '/usr/bin/bash' },
      {
        'exec.file.path': 'memfd:runc_cloned:/proc/self/exe',
        'process.ancestors.file.path': ['/usr/bin/runc', '/usr/bin/containerd-shim-runc-v2'],
        'container.id': '',
      },
      {
        'exec.file.path': 'memfd:runc_cloned:/proc/self/exe',
        'exec.interpreter.file.path': '',
        'process.ancestors.file.path': [
          '/var/lib/rancher/k3s/data/0a1b2c/bin/runc',
          '/var/lib/rancher/k3s/data/0a1b2c/bin/containerd-shim-runc-v2',
        ],
        'process.ancestors.file.uid': [0, 0],
        'container.id': '',
      },
    ],
  },
})

export const execFromMemoryFileSystem = defineRule({
  id: 'exec-from-memory-filesystem',
  name: 'A program ran from a file system in memory',
  severity: 'high',
  tags: ['mitre:T1059.004', 'mitre:T1564'],
  on: 'exec',
  where: {
    any: [
      // Of any root too: who may change root or mount sees them elsewhere.
      { 'exec.file.path': ['/dev/**', '/**/dev/shm/**', '/run/shm/**', '/var/run/shm/**'] },
      {
        'exec.file.filesystem': ['tmpfs', 'ramfs'],
        'container.id': '',
        'exec.file.path': { not: ['/tmp/**', '/var/tmp/**', '/run/**', '/var/run/**', '/build/**', 'memfd:*'] },
        // Of scripts the file system is not known.
        'exec.interpreter.file.path': '',
      },
      {
        'exec.file.name': [...SHELL_PROGRAMS, ...INTERPRETERS],
        'exec.args': { regex: '^(?:-[A-Za-z]+ )*(?:/dev|/run|/var/run)/shm/' },
      },
    ],
  },
  message: '{{author}} ran from a file system in memory: it is writable for all, gone after a reboot and no place for programs.',
  advice: 'Keep a copy of the file before the host is restarted, see who owns it and who started it.',
  benign: ['Build systems that are told to work in /dev/shm', 'A RAM disk of your own: except its path in `tune`'],
  tests: {
    fires: [
      { 'exec.file.path': '/dev/shm/x', 'exec.file.name': 'x' },
      { 'exec.file.path': '/dev/shm/.a/b c\n', 'exec.file.name': 'b c\n' },
      { 'exec.file.path': '/var/tmp/x/dev/shm/y', 'exec.file.name': 'y', 'exec.file.filesystem': 'tmpfs', 'container.id': '' },
      {
        'exec.file.path': '/mnt/ram/kinsing',
        'exec.file.name': 'kinsing',
        'exec.file.filesystem': 'tmpfs',
        'exec.interpreter.file.path': '',
        'container.id': '',
      },
      { 'exec.file.path': '/usr/bin/dash', 'exec.file.name': 'dash', 'exec.args': '/dev/shm/run.sh -q' },
      { 'exec.file.path': '/usr/bin/python3.12', 'exec.file.name': 'python3.12', 'exec.args': '-u /dev/shm/a.py' },
    ],
    silent: [
      { 'exec.file.path': '/usr/bin/ls', 'exec.file.name': 'ls', 'exec.file.filesystem': 'ext4' },
      { 'exec.file.path': '/tmp/go-build1/b001/exe/main', 'exec.file.name': 'main', 'exec.file.filesystem': 'tmpfs', 'container.id': '' },
      { 'exec.file.path': '/srv/dev/shm', 'exec.file.name': 'shm', 'exec.file.filesystem': 'ext4', 'container.id': '' },
      { 'exec.file.path': '/run/user/1000/app', 'exec.file.name': 'app', 'exec.file.filesystem': 'tmpfs', 'container.id': '' },
      { 'exec.file.path': '/build/tool', 'exec.file.name': 'tool', 'exec.file.filesystem': 'tmpfs', 'container.id': '0123456789ab' },
      { 'exec.file.path': '/usr/bin/dash', 'exec.file.name': 'dash', 'exec.args': '-c cp a /dev/shm/b', 'exec.file.filesystem': 'ext4' },
    ],
  },
})

export const executedFileUnlinked = defineRule({
  id: 'executed-file-unlinked',
  name: 'A program ran whose file was deleted',
  severity: 'high',
  tags: ['mitre:T1070.004'],
  on: 'exec',
  where: {
    'exec.file.unlinked': true,
    'exec.interpreter.file.path': '',
    // They have a rule of their own.
    'exec.file.path': { not: 'memfd:*' },
  },
  // They start themselves again after an upgrade: files of root, where only root can write.
  when: (event) => !isInstalled(event.get('exec.file.path'), event.get('exec.file.uid'), event.get('process.ns.user')),
  message:
    '{{author}} had no name left on disk when it was executed. Droppers delete their file before they run it, so that nobody finds it.',
  advice: 'Keep a copy while it runs: `cp /proc/{{@process.pid}}/exe`.',
  benign: ['A self-updating program in a home folder that starts itself again'],
  tests: {
    fires: [
      { 'exec.file.unlinked': true, 'exec.file.path': '/tmp/x', 'exec.interpreter.file.path': '' },
      { 'exec.file.unlinked': true, 'exec.file.path': '/usr/bin/x', 'exec.interpreter.file.path': '', 'exec.file.uid': 1000 },
      { 'exec.file.unlinked': true, 'exec.file.path': '/usr/bin/x', 'exec.interpreter.file.path': '', 'process.ns.user': 4026532801 },
    ],
    silent: [
      { 'exec.file.unlinked': false, 'exec.file.path': '/tmp/x' },
      { 'exec.file.unlinked': true, 'exec.file.path': 'memfd:x', 'exec.interpreter.file.path': '' },
      { 'exec.file.unlinked': true, 'exec.file.path': '/usr/lib/chromium/chromium', 'exec.interpreter.file.path': '', 'exec.file.uid': 0 },
      { 'exec.file.path': '/home/ann/run.sh', 'exec.interpreter.file.path': '/usr/bin/dash' },
    ],
  },
})

export const hiddenExecutable = defineRule({
  id: 'hidden-executable',
  name: 'A hidden program ran',
  severity: 'medium',
  tags: ['mitre:T1564.001'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': '.*',
        'exec.file.path': [
          '/tmp/**',
          '/var/**',
          '/dev/**',
          '/run/**',
          '/etc/**',
          '/usr/**',
          '/opt/**',
          '/boot/**',
          '/bin/*',
          '/sbin/*',
          '/lib/**',
        ],
      },
      {
        'exec.file.path': [
          '/tmp/.*/**',
          '/var/tmp/.*/**',
          '/dev/shm/.*/**',
          '/etc/.*/**',
          '/usr/.*/**',
          '/usr/bin/.*/**',
          '/usr/lib/.*/**',
          '/var/.*/**',
        ],
      },
    ],
  },
  message: '{{author}}: the name of the file or of its folder begins with a dot, in a place where nothing else does.',
  advice: 'Look at the file: who owns it, when it was written, what package it belongs to.',
  benign: [
    'Tools that run with /tmp as their home folder',
    'Installers that unpack to a hidden folder',
    'AppImages, which mount themselves below /tmp: except their path in `tune`',
  ],
  tests: {
    fires: [
      { 'exec.file.name': '.x', 'exec.file.path': '/tmp/.x', 'exec.file.filesystem': 'ext4' },
      { 'exec.file.name': 'sshd', 'exec.file.path': '/var/tmp/.../sshd', 'exec.file.filesystem': 'ext4' },
      { 'exec.file.name': '.ls', 'exec.file.path': '/usr/bin/.ls', 'exec.file.filesystem': 'ext4' },
      // Whoever may mount at all may mount so: that AppImages do it too silences nothing.
      { 'exec.file.name': 'x', 'exec.file.path': '/tmp/.mount_a/x', 'exec.file.filesystem': 'fuse' },
    ],
    silent: [
      { 'exec.file.name': 'cargo', 'exec.file.path': '/home/ann/.cargo/bin/cargo' },
      { 'exec.file.name': 'tsc', 'exec.file.path': '/srv/shop/node_modules/.bin/tsc' },
      { 'exec.file.name': 'pre-commit', 'exec.file.path': '/tmp/clone/.git/hooks/pre-commit' },
    ],
  },
})

export const kernelThreadDisguise = defineRule({
  id: 'kernel-thread-disguise',
  name: 'A program posed as a kernel thread',
  severity: 'high',
  tags: ['mitre:T1036.004', 'mitre:T1036.005'],
  on: 'exec',
  where: {
    any: [
      { 'exec.argv0': '[*]' },
      {
        'exec.file.name': ['[*]', 'kworker*', 'kthreadd', 'ksoftirqd*', 'kswapd*', 'kdevtmpfs*', 'khugepaged', 'kblockd', 'rcu_sched'],
      },
    ],
  },
  message:
    '{{author}} goes by the name `{{@exec.argv0}}`, in the list of processes it looks like a thread of the kernel. Those have no file and nobody executes them.',
  advice: 'Look at the file and at what the process is connected to.',
  tests: {
    fires: [
      { 'exec.argv0': '[kworker/0:1]', 'exec.file.name': 'x' },
      { 'exec.argv0': './kdevtmpfsi', 'exec.file.name': 'kdevtmpfsi' },
      { 'exec.argv0': '[x]', 'exec.file.name': 'bash' },
    ],
    silent: [
      { 'exec.argv0': '[', 'exec.file.name': '[' },
      { 'exec.argv0': '-bash', 'exec.file.name': 'bash' },
      { 'exec.argv0': '', 'exec.file.name': 'ls' },
    ],
  },
})

export const loaderRunByHand = defineRule({
  id: 'loader-run-by-hand',
  name: 'The dynamic loader was told to run a program',
  severity: 'medium',
  tags: ['mitre:T1218', 'mitre:T1574'],
  on: 'exec',
  where: {
    'exec.file.name': ['ld.so', 'ld.so.*', 'ld-linux*.so*', 'ld-musl-*.so*', 'ld64.so*', 'ld-2.*.so'],
    'exec.args': { not: ['', '--verify *', '--list *', '--help', '--version', '--list-tunables', '--list-diagnostics'] },
  },
  // A parent of which nobody knows what it is silences nothing.
  when: (event) => !isStartedBy(event, LDD),
  message: '{{author}}: the loader runs files that are not executable, from places where execution is forbidden, under its own name.',
  advice: 'Look at the program that is named in the arguments.',
  benign: ['Software that brings its own C library, such as Nix, conda or Steam'],
  tests: {
    fires: [
      { 'exec.file.name': 'ld-linux-x86-64.so.2', 'exec.args': '/tmp/x', 'process.parent.file.path': '/usr/bin/bash' },
      { 'exec.file.name': 'ld-2.31.so', 'exec.args': '--library-path /tmp /mnt/noexec/x', 'process.parent.file.path': '/usr/bin/bash' },
      { 'exec.file.name': 'ld.so', 'exec.args': '/tmp/x' },
      { 'exec.file.name': 'ld-musl-x86_64.so.1', 'exec.args': '/dev/shm/x', 'process.parent.file.path': '/bin/busybox' },
    ],
    silent: [
      { 'exec.file.name': 'ld-linux-x86-64.so.2', 'exec.args': '--verify /usr/bin/ls', 'process.parent.file.path': '/usr/bin/bash' },
      { 'exec.file.name': 'ld-linux-x86-64.so.2', 'exec.args': '/usr/lib/libx.so', 'process.parent.file.path': '/usr/bin/ldd' },
      { 'exec.file.name': 'ld', 'exec.args': '-o a.out a.o' },
      { 'exec.file.name': 'x86_64-linux-gnu-ld.bfd', 'exec.args': '-o a.out' },
    ],
  },
})

export const commandBeyondSight = defineRule({
  id: 'command-beyond-sight',
  name: 'A shell or interpreter was given more than can be seen',
  severity: 'medium',
  tags: ['mitre:T1027', 'mitre:T1059'],
  on: 'exec',
  where: { 'exec.file.name': [...SHELL_PROGRAMS, ...INTERPRETERS], 'exec.args_truncated': true },
  groupBy: ['container.id', 'process.parent.file.path', 'exec.file.path'],
  message:
    '{{author}}: the arguments are longer than the agent keeps. What stands at their end no rule has judged: padding before a command hides it.',
  advice: 'Look at the whole of it while it runs: `tr "\\0" "\\n" </proc/{{@process.pid}}/cmdline | tail`.',
  benign: ['`find … | xargs sh -c` over very many files', 'Builds that hand whole scripts to `sh -c`'],
  tests: {
    fires: [
      { 'exec.file.name': 'bash', 'exec.args_truncated': true },
      { 'exec.file.name': 'busybox', 'exec.args_truncated': true },
    ],
    silent: [
      { 'exec.file.name': 'bash', 'exec.args_truncated': false },
      { 'exec.file.name': 'rm', 'exec.args_truncated': true },
    ],
  },
})

export const newProgramInContainer = defineRule({
  id: 'new-program-in-container',
  name: 'A container ran a program that is not in its image',
  severity: 'medium',
  tags: ['mitre:T1105', 'pci:11.5.1'],
  on: 'exec',
  where: { 'exec.file.in_upper_layer': true, 'container.id': { not: '' } },
  groupBy: ['container.id'],
  message:
    '{{author}} was written after container {{@container.id}} started. An image brings all that its container should run; what comes later was downloaded, built or dropped.',
  advice: 'See what the file is and how it came there. Run containers with a read-only root file system where you can.',
  benign: ['Containers that install software when they start', 'Builds of images'],
  tests: {
    fires: [{ 'exec.file.in_upper_layer': true, 'container.id': '0123456789ab' }],
    silent: [
      { 'exec.file.in_upper_layer': false, 'container.id': '0123456789ab' },
      { 'exec.file.in_upper_layer': true, 'container.id': '' },
    ],
  },
})
