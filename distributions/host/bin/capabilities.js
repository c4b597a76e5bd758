/** What the agent keeps when root starts it; the launcher gives up all others for good. docs/privileges.md says the same with reasons. */
export const KEPT_CAPABILITIES = [
  'CAP_BPF', // load programs and maps
  'CAP_PERFMON', // attach them to tracepoints
  'CAP_SYS_ADMIN', // the same before Linux 5.8; fanotify
  'CAP_SYS_RESOURCE', // locked memory for maps before Linux 5.11
  'CAP_SYS_PTRACE', // /proc/PID/exe, environ and ns of other users' processes
  'CAP_DAC_READ_SEARCH', // configuration and secrets that their owner alone can read; file handles
  'CAP_CHOWN', // give the control socket to its group
]
