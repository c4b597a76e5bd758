// What a launcher needs to become the agent: give up capabilities, then execute. Plain JavaScript that runs on Node 20 without a build.
import { load } from './load.js'

export { NativeUnavailableError } from './load.js'

/** Numbers of linux/capability.h, by name. */
export const CAPABILITIES = Object.freeze({
  CAP_CHOWN: 0,
  CAP_DAC_OVERRIDE: 1,
  CAP_DAC_READ_SEARCH: 2,
  CAP_FOWNER: 3,
  CAP_FSETID: 4,
  CAP_KILL: 5,
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_SETPCAP: 8,
  CAP_LINUX_IMMUTABLE: 9,
  CAP_NET_BIND_SERVICE: 10,
  CAP_NET_BROADCAST: 11,
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_IPC_LOCK: 14,
  CAP_IPC_OWNER: 15,
  CAP_SYS_MODULE: 16,
  CAP_SYS_RAWIO: 17,
  CAP_SYS_CHROOT: 18,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_PACCT: 20,
  CAP_SYS_ADMIN: 21,
  CAP_SYS_BOOT: 22,
  CAP_SYS_NICE: 23,
  CAP_SYS_RESOURCE: 24,
  CAP_SYS_TIME: 25,
  CAP_SYS_TTY_CONFIG: 26,
  CAP_MKNOD: 27,
  CAP_LEASE: 28,
  CAP_AUDIT_WRITE: 29,
  CAP_AUDIT_CONTROL: 30,
  CAP_SETFCAP: 31,
  CAP_MAC_OVERRIDE: 32,
  CAP_MAC_ADMIN: 33,
  CAP_SYSLOG: 34,
  CAP_WAKE_ALARM: 35,
  CAP_BLOCK_SUSPEND: 36,
  CAP_AUDIT_READ: 37,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
  CAP_CHECKPOINT_RESTORE: 40,
})

const names = Object.keys(CAPABILITIES)
const nameOf = (number) => names[number] ?? `CAP_${number}`

/** The calling thread's capability sets, as arrays of names. */
export function capGet() {
  const sets = load().addon.capGet()
  return Object.fromEntries(Object.entries(sets).map(([set, numbers]) => [set, numbers.map(nameOf)]))
}

/**
 * Drops every capability but those named from the bounding, permitted, effective and inheritable sets of the calling thread, for good: also what
 * it executes cannot have them. Other threads keep theirs (the call is per thread), so execute right after.
 */
export function capDrop(keep) {
  const numbers = keep.map((name) => {
    const number = CAPABILITIES[name]
    if (number === undefined) throw new RangeError(`unknown capability ${name}`)
    return number
  })
  load().addon.capDrop(Buffer.from(numbers))
}

/** What is executed from now on gains no privileges by set-id bits or file capabilities. */
export function noNewPrivileges() {
  load().addon.noNewPrivileges()
}

/** Replaces this process. Returns only by throwing. `env`: an object, as process.env. */
export function execve(path, argv, env) {
  load().addon.execve(
    path,
    argv,
    Object.entries(env)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${value}`),
  )
  throw new Error('execve returned')
}
