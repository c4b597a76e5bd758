import { readFileSync } from 'node:fs'

/** Bit of CAP_SYS_PTRACE, linux/capability.h. */
const SYS_PTRACE = 19n

/** Whether /proc shows programs, environments and working folders of processes that have more rights, or another user, than this one. */
export function mayReadOthers(): boolean {
  try {
    const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]
    return effective !== undefined && ((BigInt(`0x${effective}`) >> SYS_PTRACE) & 1n) === 1n
  } catch {
    return false
  }
}
