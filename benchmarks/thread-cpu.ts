/**
 * CPU time of this thread, µs. Linux adds what a thread has used to its sum at a tick or when it stops; getrusage(RUSAGE_THREAD) gives the sum as it
 * stands. So a burst that is shorter than a tick (4 ms) and follows a wait would take no time at all, a longer one half a tick too little.
 * Asking for the whole process makes the kernel bring the sum of the asking thread up to date.
 */
export function threadCpu(): number {
  process.cpuUsage()
  const { user, system } = process.threadCpuUsage()
  return user + system
}
