import { RECORD_FLAG } from '@cws/native'

export {
  CHANGE_SIZE,
  EXEC,
  EXEC_SIZE,
  EXIT,
  EXIT_SIZE,
  FILE_FLAG,
  FORK,
  FORK_SIZE,
  HEADER,
  HEADER_SIZE,
  LOST,
  LOST_SIZE,
  TYPE,
} from '@cws/native'

/** enum cws_record_flag, and two flags of this plugin's own for records that it makes from /proc. */
export const FLAG = {
  ...RECORD_FLAG,
  /** Read from /proc: start has the precision of a clock tick; mount and type of the file system are not known. */
  PROCFS: 1 << 14,
  /** A kernel thread: it runs no file. */
  KERNEL_THREAD: 1 << 15,
} as const

/** Bytes of cws_exec.comm, with its terminator. */
export const COMM_BYTES = 16
