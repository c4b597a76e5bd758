import { capGet } from '@cws/native/launch'
import type { ContainerOptions } from './container-options.ts'
import type { Image } from './image.ts'
import { seccompOf } from './seccomp.ts'

/** What managers of containers hide of /proc and /sys, and what they make read-only; with the host's pids too. */
const MASKED = ['acpi', 'asound', 'kcore', 'keys', 'latency_stats', 'timer_list', 'timer_stats', 'sched_debug', 'scsi']
const READ_ONLY = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger']

type Mount = readonly [destination: string, type: string, source: string, ...options: string[]]
const MOUNTS: readonly Mount[] = [
  ['/proc', 'proc', 'proc', 'nosuid', 'noexec', 'nodev'],
  ['/dev', 'tmpfs', 'tmpfs', 'nosuid', 'strictatime', 'mode=755', 'size=65536k'],
  ['/dev/pts', 'devpts', 'devpts', 'nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
  ['/dev/shm', 'tmpfs', 'shm', 'nosuid', 'nodev', 'mode=1777', 'size=65536k'],
  ['/dev/mqueue', 'mqueue', 'mqueue', 'nosuid', 'noexec', 'nodev'],
  ['/sys', 'sysfs', 'sysfs', 'nosuid', 'noexec', 'nodev', 'ro'],
  ['/sys/fs/cgroup', 'cgroup', 'cgroup', 'nosuid', 'noexec', 'nodev', 'relatime', 'ro'],
]

/** The runtime's configuration of a container as Docker makes it of such a line (OCI runtime specification 1.0; no limits). */
export function ociConfig(image: Image, options: ContainerOptions, command: readonly string[], cgroup: string): unknown {
  const shared = new Set(options.host)
  const own = [
    ['mount'],
    ['ipc'],
    ...(shared.has('pid') ? [] : [['pid']]),
    ...(shared.has('uts') ? [] : [['uts']]),
    ...(shared.has('network') ? [] : [['network']]),
    ...(shared.has('cgroupns') ? [] : [['cgroup']]),
  ].flat()
  const sets = ['bounding', 'effective', 'permitted', 'inheritable', 'ambient'] as const
  // What these tests lack themselves nobody can be given.
  const granted = options.capabilities.filter((name) => capGet().bounding.includes(name))
  const capabilities = Object.fromEntries(sets.map((set) => [set, /inheritable|ambient/.test(set) ? [] : granted]))
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: command,
      env: envOf(image),
      cwd: image.workdir,
      capabilities,
      noNewPrivileges: options.noNewPrivileges,
    },
    root: { path: image.root, readonly: options.readOnly },
    ...(shared.has('uts') ? {} : { hostname: 'container' }),
    mounts: [
      ...MOUNTS.map(([destination, type, source, ...rest]) => ({
        destination,
        type,
        source,
        options: options.ownCgroups && type === 'cgroup' ? rest.filter((it) => it !== 'ro') : rest,
      })),
      ...options.tmpfs.map(({ at, options: rest }) => ({
        destination: at,
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'nodev', 'noexec', ...rest],
      })),
      ...options.mounts.map(({ from, at, readOnly }) => ({
        destination: at,
        type: 'bind',
        source: from,
        options: ['rbind', 'rprivate', ...(readOnly ? ['ro'] : [])],
      })),
    ],
    linux: {
      cgroupsPath: cgroup,
      ...(options.seccomp === undefined ? {} : { seccomp: seccompOf(options.seccomp, options.capabilities) }),
      namespaces: own.map((type) => ({ type })),
      maskedPaths: [...MASKED.map((name) => `/proc/${name}`), '/sys/firmware'],
      readonlyPaths: READ_ONLY.map((name) => `/proc/${name}`),
    },
  }
}

export const envOf = (image: Image): readonly string[] => Object.entries(image.env).map(([name, value]) => `${name}=${value}`)
