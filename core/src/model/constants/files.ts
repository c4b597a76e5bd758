import { table } from './table.ts'

/** Flags of open. Linux, asm-generic/fcntl.h on x86-64; `O_RSYNC` and `O_FSYNC` are glibc's names for `O_SYNC`. */
export const OPEN_FLAGS = table(`
  O_RDONLY=0o0 O_WRONLY=0o1 O_RDWR=0o2 O_ACCMODE=0o3 O_CREAT=0o100 O_EXCL=0o200 O_NOCTTY=0o400 O_TRUNC=0o1000 O_APPEND=0o2000
  O_NONBLOCK=0o4000 O_NDELAY=0o4000 O_DSYNC=0o10000 O_ASYNC=0o20000 O_DIRECT=0o40000 O_DIRECTORY=0o200000 O_NOFOLLOW=0o400000
  O_NOATIME=0o1000000 O_CLOEXEC=0o2000000 O_SYNC=0o4010000 O_FSYNC=0o4010000 O_RSYNC=0o4010000 O_PATH=0o10000000 O_TMPFILE=0o20200000
`)

/** Permission bits. Linux, linux/stat.h. */
export const FILE_MODES = table(`
  S_ISUID=0o4000 S_ISGID=0o2000 S_ISVTX=0o1000
  S_IRWXU=0o700 S_IRUSR=0o400 S_IWUSR=0o200 S_IXUSR=0o100
  S_IRWXG=0o070 S_IRGRP=0o040 S_IWGRP=0o020 S_IXGRP=0o010
  S_IRWXO=0o007 S_IROTH=0o004 S_IWOTH=0o002 S_IXOTH=0o001
`)

/** Types of file within a mode. Linux, linux/stat.h. */
export const INODE_TYPES = table(`
  S_IFMT=0o170000 S_IFSOCK=0o140000 S_IFLNK=0o120000 S_IFREG=0o100000 S_IFBLK=0o060000 S_IFDIR=0o040000 S_IFCHR=0o020000 S_IFIFO=0o010000
`)

/** A mode with its type. */
export const INODE_MODES = { ...INODE_TYPES, ...FILE_MODES }

/** Flags of unlinkat. Linux, linux/fcntl.h. */
export const UNLINK_FLAGS = table('AT_REMOVEDIR=0x200')

/** Flags of a pipe's buffers. Linux, include/linux/pipe_fs_i.h: the kernel's own header. */
export const PIPE_BUFFER_FLAGS = table(`
  PIPE_BUF_FLAG_LRU=0x1 PIPE_BUF_FLAG_ATOMIC=0x2 PIPE_BUF_FLAG_GIFT=0x4 PIPE_BUF_FLAG_PACKET=0x8 PIPE_BUF_FLAG_CAN_MERGE=0x10
  PIPE_BUF_FLAG_WHOLE=0x20 PIPE_BUF_FLAG_LOSS=0x40
`)

/** What was done to a kernel parameter, numbered as SECL does. */
export const SYSCTL_ACTIONS = table('SYSCTL_READ=1 SYSCTL_WRITE=2')
