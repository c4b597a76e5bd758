import { shellWords } from './containerfile.ts'

/** What a `docker run` line asks for. */
export interface ContainerOptions {
  /** Namespaces of the host that the container uses instead of its own: `pid`, `uts`, `cgroupns`, `network`. */
  readonly host: readonly string[]
  readonly readOnly: boolean
  readonly capabilities: readonly string[]
  readonly noNewPrivileges: boolean
  /** File of a seccomp profile, in the form of Docker and podman; none if absent. */
  readonly seccomp?: string
  /** Control groups that the container may arrange itself, as a manager of services does. */
  readonly ownCgroups?: boolean
  readonly tmpfs: readonly { readonly at: string; readonly options: readonly string[] }[]
  readonly mounts: readonly { readonly from: string; readonly at: string; readonly readOnly: boolean }[]
}

/**
 * Reads the options of a `docker run` or `podman run` line, up to the image. What concerns the manager of containers (name, restart, mandatory access
 * control) is known and left out. @throws Error for an option that is not known
 */
export function containerOptions(line: string): ContainerOptions {
  const words = [...shellWords(line.replace(/\\\n/g, ' '))]
  const host: string[] = []
  const capabilities: string[] = []
  const tmpfs: { at: string; options: string[] }[] = []
  const mounts: { from: string; at: string; readOnly: boolean }[] = []
  const flags = new Set<string>()
  for (let i = words.indexOf('run') + 1; words[i]?.startsWith('-'); i++) {
    const option = words[i] as string
    if (['--read-only', '-d'].includes(option)) {
      flags.add(option)
      continue
    }
    const value = words[++i] as string
    if (['--pid', '--uts', '--cgroupns', '--network'].includes(option) && value === 'host') host.push(option.slice(2))
    else if (option === '--cap-drop' && value === 'ALL') flags.add('drop')
    else if (option === '--cap-add') capabilities.push(`CAP_${value}`)
    else if (option === '--security-opt') flags.add(value)
    else if (option === '--tmpfs') {
      const [at = '', options = ''] = value.split(':')
      tmpfs.push({ at, options: options.split(',').filter(Boolean) })
    } else if (option === '-v') {
      const [from = '', at = '', mode] = value.split(':')
      mounts.push({ from, at, readOnly: mode === 'ro' })
    } else if (!['--name', '--restart'].includes(option)) throw new Error(`${option} ${value} is not known`)
  }
  if (!flags.has('drop')) throw new Error('all capabilities but those named are to be dropped')
  return {
    host,
    readOnly: flags.has('--read-only'),
    capabilities,
    noNewPrivileges: flags.has('no-new-privileges'),
    tmpfs,
    mounts,
  }
}
