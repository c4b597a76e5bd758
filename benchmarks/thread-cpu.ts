/**
 * CPU time of this thread, µs. Linux adds what a thread has used to its sum at a tick or when it stops; getrusage(RUSAGE_THREAD) gives the sum as it
 * stands. So a burst that follows a wait lacks half a tick on average (2 ms where there are 250 a second), and a shorter one most of its time.
 * Asking for the whole process makes the kernel bring the sum of the asking thread up to date.
 */
export function threadCpu(): number {
  process.cpuUsage()
  const { user, system } = process.threadCpuUsage()
  return user + system
}
