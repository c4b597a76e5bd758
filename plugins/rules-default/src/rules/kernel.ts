import { defineRule } from '@cws/core'
import { isPackaged, RAN } from '../authors.ts'
import { SHELL_PROGRAMS } from '../names.ts'

/** One module where those of packages are, by a path that leads nowhere else, with its parameters. */
const MODULES = '^(?:-\\S+ )*(?:/usr)?/lib/modules/(?:[^/\\s.][^/\\s]*/)+[^/\\s]+(?:\\s\\w+=\\S*)*$'

export const strangeModuleLoaded = defineRule({
  id: 'strange-kernel-module',
  name: 'A kernel module was loaded from a strange place',
  severity: 'high',
  tags: ['mitre:T1547.006', 'mitre:T1014'],
  on: 'exec',
  where: {
    'exec.file.name': ['insmod', 'modprobe', 'kmod', 'busybox'],
    'exec.args': { regex: '(?:^|\\s)\\S+\\.ko(?:\\.(?:gz|xz|zst))?(?:\\s|$)' },
    none: [{ 'exec.args': { regex: MODULES } }],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} loads a module that lies outside /lib/modules: code that runs in the kernel, and can hide whatever it likes. Rootkits come so.`,
  advice: 'Keep a copy of the file. If it is not yours, isolate the host: nothing that it tells can be believed.',
  benign: ['Developers of drivers', 'Installers of drivers that bring their own module'],
  tests: {
    fires: [
      { 'exec.file.name': 'kmod', 'exec.args': '/tmp/diamorphine.ko' },
      { 'exec.file.name': 'kmod', 'exec.args': '-f ./x.ko' },
      { 'exec.file.name': 'busybox', 'exec.args': 'insmod x.ko' },
      { 'exec.file.name': 'kmod', 'exec.args': '/lib/modules/../../tmp/x.ko' },
      { 'exec.file.name': 'kmod', 'exec.args': '/lib/modules/6.1.0/x.ko /tmp/x.ko' },
    ],
    silent: [
      { 'exec.file.name': 'kmod', 'exec.args': 'br_netfilter' },
      { 'exec.file.name': 'kmod', 'exec.args': '/lib/modules/6.1.0/kernel/fs/x.ko' },
      { 'exec.file.name': 'kmod', 'exec.args': '-f /usr/lib/modules/6.1.0/updates/dkms/x.ko.xz debug=1' },
      { 'exec.file.name': 'rm', 'exec.args': 'x.ko' },
    ],
  },
})

/** Files by which the kernel is told which program to run when something happens. */
const HOOKS =
  '/proc/sys/kernel/(?:core_pattern|modprobe|hotplug|poweroff_cmd)|/sys/kernel/uevent_helper|/proc/sys/fs/binfmt_misc/register|\\brelease_agent\\b'

export const kernelHookWritten = defineRule({
  id: 'kernel-hook-written',
  name: 'The kernel was told to run a program of somebody’s',
  severity: 'high',
  tags: ['mitre:T1611', 'mitre:T1546', 'mitre:T1068'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': SHELL_PROGRAMS,
        all: [
          {
            'exec.args': [
              '*core_pattern*',
              '*/kernel/modprobe*',
              '*hotplug*',
              '*poweroff_cmd*',
              '*uevent_helper*',
              '*binfmt_misc*',
              '*release_agent*',
            ],
          },
          { 'exec.args': { regex: `(?s)(?:>\\s*|\\btee\\s+(?:-\\w+\\s+)*|\\bof=)["']?\\S*(?:${HOOKS})` } },
        ],
      },
      { 'exec.file.name': ['tee', 'dd', 'cp'], 'exec.args': { regex: `(?:${HOOKS})(?:\\s|$)` } },
      {
        'exec.file.name': 'sysctl',
        'exec.args': { regex: 'kernel[./](?:core_pattern\\s*=\\s*["\']?\\||modprobe\\s*=|hotplug\\s*=|poweroff_cmd\\s*=)' },
      },
    ],
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} names a program that the kernel runs as root, outside of every container, when a process crashes, a module is missing or a control group is empty. Escapes from containers end so.`,
  advice: 'Read the file that is named in the arguments. If the program in it is not yours, put the old value back and isolate the host.',
  benign: ['Crash reporters such as apport and systemd-coredump, when they are set up by hand'],
  tests: {
    fires: [
      { 'exec.file.name': 'dash', 'exec.args': '-c echo "|/tmp/x" > /proc/sys/kernel/core_pattern' },
      { 'exec.file.name': 'bash', 'exec.args': '-c echo /cmd >> /tmp/cgrp/release_agent', 'process.package_manager': '' },
      { 'exec.file.name': 'tee', 'exec.args': '/proc/sys/kernel/modprobe' },
      { 'exec.file.name': 'sysctl', 'exec.args': '-w kernel.core_pattern=|/tmp/x' },
    ],
    silent: [
      { 'exec.file.name': 'dash', 'exec.args': '-c cat /proc/sys/kernel/core_pattern' },
      { 'exec.file.name': 'sysctl', 'exec.args': '-w kernel.core_pattern=core' },
      { 'exec.file.name': 'sysctl', 'exec.args': '-n kernel.modprobe' },
      { 'exec.file.name': 'dash', 'exec.args': '-c echo x > /proc/sys/kernel/core_pattern', 'process.package_manager': 'dpkg' },
    ],
  },
})

export const kernelProtectionWeakened = defineRule({
  id: 'kernel-protection-weakened',
  name: 'A protection of the kernel was switched off',
  severity: 'medium',
  tags: ['mitre:T1562.001', 'mitre:T1068'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': 'sysctl',
        'exec.args': {
          regex:
            'kernel[./](?:(?:randomize_va_space|kptr_restrict|dmesg_restrict|unprivileged_bpf_disabled|kexec_load_disabled|yama[./]ptrace_scope)\\s*=\\s*["\']?0|perf_event_paranoid\\s*=\\s*["\']?-1|unprivileged_userns_clone\\s*=\\s*["\']?1)|vm[./](?:mmap_min_addr|unprivileged_userfaultfd)\\s*=\\s*["\']?(?:0$|0\\s|1)',
        },
      },
      {
        'exec.file.name': SHELL_PROGRAMS,
        all: [
          { 'exec.args': ['*/proc/sys/kernel/*'] },
          {
            'exec.args': {
              regex:
                '\\b0\\s*["\']?\\s*(?:>|\\|\\s*(?:sudo\\s+)?tee)\\s*(?:-a\\s+)?/proc/sys/kernel/(?:randomize_va_space|kptr_restrict|dmesg_restrict|unprivileged_bpf_disabled|yama/ptrace_scope)',
            },
          },
        ],
      },
    ],
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} lets users see addresses of the kernel, look into processes of others or load programs into the kernel: exploits need it.`,
  advice: 'Ask the user whether it was them. `sysctl --system` loads the settings of this host again.',
  benign: ['Developers who debug or measure', 'Settings that some databases and emulators ask for'],
  tests: {
    fires: [
      { 'exec.file.name': 'sysctl', 'exec.args': '-w kernel.randomize_va_space=0' },
      { 'exec.file.name': 'sysctl', 'exec.args': 'kernel.yama.ptrace_scope=0' },
      { 'exec.file.name': 'bash', 'exec.args': '-c echo 0 > /proc/sys/kernel/kptr_restrict', 'process.package_manager': '' },
    ],
    silent: [
      { 'exec.file.name': 'sysctl', 'exec.args': '-w kernel.kptr_restrict=2' },
      { 'exec.file.name': 'sysctl', 'exec.args': '-n kernel.randomize_va_space' },
      { 'exec.file.name': 'sysctl', 'exec.args': '-w vm.max_map_count=262144' },
      { 'exec.file.name': 'bash', 'exec.args': '-c cat /proc/sys/kernel/kptr_restrict' },
    ],
  },
})

export const kernelReplaced = defineRule({
  id: 'kernel-replaced-at-run-time',
  name: 'Another kernel was made ready to take over',
  severity: 'medium',
  tags: ['mitre:T1542'],
  on: 'exec',
  where: { 'exec.file.name': 'kexec', 'exec.args': { regex: '(?:^|\\s)(?:-[a-z]*[le]|--load|--exec|-s)(?:\\s|=|$)' } },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} loads or starts a kernel past the boot loader, and past what it checks.`,
  advice: 'See which kernel it is. If nobody of yours did it, restart the host by its boot loader and look at what was loaded.',
  benign: ['Crash dumps by kdump', 'Fast restarts by an administrator'],
  tests: {
    fires: [
      { 'exec.file.name': 'kexec', 'exec.args': '-l /boot/x --initrd=/boot/y' },
      { 'exec.file.name': 'kexec', 'exec.args': '-e', 'process.package_manager': '' },
    ],
    silent: [
      { 'exec.file.name': 'kexec', 'exec.args': '--version' },
      { 'exec.file.name': 'kexec', 'exec.args': '-p /boot/vmlinuz' },
      { 'exec.file.name': 'kexec', 'exec.args': '-l /boot/x', 'process.package_manager': 'dpkg' },
    ],
  },
})

export const cpuRegistersWritten = defineRule({
  id: 'cpu-registers-written',
  name: 'Registers of the processor were written',
  severity: 'medium',
  tags: ['mitre:T1496', 'mitre:T1082'],
  on: 'exec',
  where: {
    any: [
      { 'exec.file.name': ['wrmsr', 'randomx_boost.sh', 'enable_1gb_pages.sh'] },
      { 'exec.file.name': ['modprobe', 'kmod'], 'exec.args': { regex: '^(?:-\\S+ )*msr(?:\\s|$)' } },
    ],
  },
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} makes ready to change registers of the processor: coin miners do, to be faster.`,
  advice: 'Look for programs that use much processor (`top`), and at what started this one.',
  benign: ['Tools that measure or tune hardware, such as turbostat'],
  tests: {
    fires: [
      { 'exec.file.name': 'wrmsr', 'exec.args': '-a 0x1a4 0xf' },
      { 'exec.file.name': 'kmod', 'exec.args': 'msr allow_writes=on' },
    ],
    silent: [
      { 'exec.file.name': 'kmod', 'exec.args': 'msrblk' },
      { 'exec.file.name': 'rdmsr', 'exec.args': '0x1a4' },
    ],
  },
})

export const bpfProgramLoaded = defineRule({
  id: 'bpf-program-loaded',
  name: 'A program was loaded into the kernel by hand',
  severity: 'medium',
  tags: ['mitre:T1014', 'mitre:T1205.002'],
  on: 'exec',
  where: {
    any: [
      {
        'exec.file.name': 'bpftool',
        'exec.args': { regex: '^(?:-\\S+ )*(?:prog|net|cgroup|struct_ops|iter)\\s+(?:load|loadall|attach|register|pin)\\b' },
      },
      { 'exec.file.name': 'ip', 'exec.args': { regex: '\\blink\\s+set\\s.*\\bxdp\\w*\\s+(?:obj|object|pinned)\\b' } },
      { 'exec.file.name': 'tc', 'exec.args': { regex: '\\bbpf\\s.*\\b(?:obj|object-file|pinned|object-pinned)\\b' } },
      { 'exec.file.name': 'xdp-loader', 'exec.args': 'load *' },
      { 'exec.file.name': 'bpftrace', 'exec.args': { regex: '(?:^|\\s)--unsafe(?:\\s|$)' } },
    ],
  },
  when: (event) => !isPackaged(event),
  groupBy: ['container.id', 'process.sid', 'process.user'],
  message: `${RAN} puts a BPF program into the kernel: it sees all traffic and all calls, can change what programs are told, and answer to packets that nobody else sees.`,
  advice: 'See what is loaded (`bpftool prog`, `bpftool net`) and whose it is. If it is not yours, isolate the host.',
  benign: ['Network plugins of clusters', 'Developers and administrators who measure'],
  tests: {
    fires: [
      { 'exec.file.name': 'bpftool', 'exec.args': 'prog load x.o /sys/fs/bpf/x' },
      { 'exec.file.name': 'bpftool', 'exec.args': 'net attach xdp id 7 dev eth0', 'process.package_manager': '' },
      { 'exec.file.name': 'ip', 'exec.args': 'link set dev eth0 xdp obj x.o sec xdp' },
      { 'exec.file.name': 'tc', 'exec.args': 'filter add dev eth0 ingress bpf da obj x.o sec x' },
      { 'exec.file.name': 'bpftrace', 'exec.args': '--unsafe -e kprobe:x { system("id") }' },
    ],
    silent: [
      { 'exec.file.name': 'bpftool', 'exec.args': 'prog list' },
      { 'exec.file.name': 'ip', 'exec.args': 'link set dev eth0 up' },
      { 'exec.file.name': 'tc', 'exec.args': 'qdisc show dev eth0' },
      { 'exec.file.name': 'bpftrace', 'exec.args': '-e tracepoint:syscalls:sys_enter_open { @[comm] = count(); }' },
    ],
  },
})
