import { bool, int, int64, path, string, strings } from '../field.ts'

/** A file as the kernel has it. SECL's file block. */
export const fileBlock = {
  path: path('Absolute path in the mount namespace of the process, from the kernel; `memfd:NAME` for a memory file', { recurs: true }),
  name: string('Last component of the path', { recurs: true }),
  extension: string('Extension of the name with its dot, empty if there is none', { recurs: true }),
  filesystem: string('Type of the file system, for example `ext4`, `tmpfs`, `overlay`', { recurs: true }),
  inode: int64('Inode number'),
  mount_id: int('Mount id'),
  device: int('Device number, major << 20 | minor'),
  mode: int('Mode with the file type bits'),
  rights: int('Permission bits of the mode: the lower twelve'),
  uid: int('Owner'),
  gid: int('Group'),
  user: string('Name of the owner on the host'),
  group: string('Name of the group on the host'),
  nlink: int('Number of hard links; 0 for a file without a name'),
  size: int64('Size in bytes'),
  modification_time: int64('mtime, ns since the epoch'),
  change_time: int64('ctime, ns since the epoch'),
  in_upper_layer: bool('Overlay: the file lives in the upper layer, so it was written since the container started'),
  memfd: bool('A file made by memfd_create: it exists in memory alone'),
  unlinked: bool('The file had no name left when the event happened'),
  path_truncated: bool('The path was longer than the sensor could walk: it holds the last components'),
  hashes: strings('Digests, each `algorithm:hex`'),
} as const
