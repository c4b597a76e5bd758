/**
 * Where the fields of a record lie: offsets in bytes from the start of the record, from bpf/include/cws_event.h.
 */

/** enum cws_type */
export const TYPE = { EXEC: 1, FORK: 2, EXIT: 3, LOST: 240, PAD: 255 } as const

/** enum cws_record_flag; the last two are this plugin's own, set on records that it makes from /proc. */
export const FLAG = {
  ARGV_TRUNCATED: 1 << 0,
  ENVP_TRUNCATED: 1 << 1,
  ARGV_UNKNOWN: 1 << 2,
  ENVP_UNKNOWN: 1 << 3,
  SCRIPT: 1 << 6,
  CWD_TRUNCATED: 1 << 7,
  CGROUP_TRUNCATED: 1 << 8,
  /** Read from /proc: start has the precision of a clock tick, the mount and the type of the file system are not known. */
  PROCFS: 1 << 14,
  /** A kernel thread: it runs no file. */
  KERNEL_THREAD: 1 << 15,
} as const

/** enum cws_file_flag */
export const FILE_FLAG = {
  MEMFD: 1,
  UPPER_LAYER: 2,
  LOWER_LAYER: 4,
  UNLINKED: 8,
  PATH_TRUNCATED: 16,
  DETACHED: 32,
  ABSENT: 64,
} as const

/** struct cws_header */
export const HEADER = { size: 0, type: 4, flags: 6, time: 8, pid: 16, tid: 20, start: 24 } as const
export const HEADER_SIZE = 32

/** struct cws_exec */
export const EXEC = {
  parent_start: 32,
  ppid: 40,
  ns_pid: 44,
  sid: 48,
  pgid: 52,
  tty: 56,
  argc: 60,
  argv_len: 64,
  envp_len: 68,
  uid: 72,
  gid: 76,
  euid: 80,
  egid: 84,
  fsuid: 88,
  fsgid: 92,
  auid: 96,
  session_id: 100,
  cap_effective: 104,
  cap_permitted: 112,
  ns_mnt: 120,
  ns_pidns: 124,
  ns_net: 128,
  ns_user: 132,
  cgroup_id: 152,
  inode: 160,
  mtime: 168,
  ctime: 176,
  file_size: 184,
  dev: 192,
  mode: 196,
  file_uid: 200,
  file_gid: 204,
  nlink: 208,
  fs_magic: 212,
  mount_id: 216,
  file_flags: 220,
  path: 224,
  fstype: 232,
  comm: 240,
  filename: 256,
  cwd: 264,
  cgroup: 272,
  argv: 280,
  envp: 288,
} as const
export const EXEC_SIZE = 296
export const COMM_BYTES = 16

/** struct cws_fork */
export const FORK = { parent_start: 32, ppid: 40, real_ppid: 44, ns_pid: 48 } as const
export const FORK_SIZE = 56

/** struct cws_exit */
export const EXIT = { code: 32 } as const
export const EXIT_SIZE = 40

/** struct cws_lost */
export const LOST = { count: 32, lost_type: 40, stage: 44 } as const
export const LOST_SIZE = 48
