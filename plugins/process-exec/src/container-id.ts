import { textOf } from '@cws/core'

const HEX = '[0-9a-f]'
/** Docker, containerd, CRI-O, podman: 64 hexadecimal digits. Docker task ids of ECS: 32 and a number. */
const ID = `(?:${HEX}{64}|${HEX}{32}-[0-9]{1,12})`
const PLAIN = new RegExp(`^${ID}$`)
/** `docker-ID.scope`, `cri-containerd-ID.scope`, `crio-ID.scope`, `libpod-ID.scope`; without systemd `crio-ID`, `libpod-ID`, `libpod-payload-ID`. */
const PREFIXED = new RegExp(`^(?:[a-z][a-z0-9-]{0,31}-)(${ID})(?:\\.scope)?$`)
/** Monitors of containers are no containers: `crio-conmon-ID.scope`, `libpod-conmon-ID.scope`. */
const MONITOR = /^(?:crio-conmon|libpod-conmon|conmon)-/
/** containerd through systemd without a prefix: `ID.scope`; cgroupfs drivers of Kubernetes: `cri-containerd:ID` in one segment with slice and prefix. */
const SUFFIXED = new RegExp(`^(${ID})\\.scope$`)
const COLON = new RegExp(`(?:^|:)(${ID})$`)
/** Up to four characters for each of 255 bytes. */
const NSPAWN = /^(?:systemd-nspawn@(.{1,1020})\.service|machine-(.{1,1020})\.scope)$/

/**
 * Id of the container that a cgroup path belongs to, empty for the host. The innermost container counts. Known forms: Docker, containerd,
 * CRI-O and podman, by cgroupfs and by systemd, in Kubernetes and alone; names of systemd-nspawn machines; and cgroups of runc directly
 * below the root or a `runc` folder are told apart only by their 64-digit ids.
 */
export function containerIdOf(cgroup: string): string {
  if (cgroup === '/' || cgroup === '') return ''
  const segments = cgroup.split('/')
  for (let i = segments.length - 1; i >= 0; i--) {
    const segment = segments[i] as string
    if (segment === '' || MONITOR.test(segment)) continue
    if (PLAIN.test(segment)) return segment
    const id = SUFFIXED.exec(segment)?.[1] ?? PREFIXED.exec(segment)?.[1] ?? COLON.exec(segment)?.[1]
    if (id !== undefined) return id
    const machine = NSPAWN.exec(segment)
    if (machine) return unescapeUnit((machine[1] ?? machine[2]) as string)
  }
  return ''
}

/** The name of a machine from that of its unit, where systemd writes `-` and other bytes as `\xNN`; its backslashes come as `\x5c`, as in all text of the kernel. */
function unescapeUnit(name: string): string {
  const bytes = unescaped(unescaped(Buffer.from(name)))
  return textOf(bytes, 0, bytes.length)
}

function unescaped(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(text, 'latin1')
}
