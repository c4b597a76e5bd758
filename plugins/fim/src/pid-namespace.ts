/** What helps where this process knows others by other pids than the kernel's records do. */
export const SHARE_PIDS = 'run the agent in that of the host: `hostPID: true` of a pod, `--pid host` of docker and podman'

/**
 * What a sensor says once when it starts, and as long as it runs. Undefined if the kernel names whoever does something; of what inotify tells it
 * never does, in any namespace, and that is said as a gap.
 */
export function namespaceProblem(flavour: string, isInitial: boolean): string | undefined {
  if (isInitial || flavour === 'inotify') return undefined
  return `nobody can be named who changes or opens a file, so that the work of package managers is told like anybody else’s: the agent has a pid namespace of its own; ${SHARE_PIDS}`
}
