import { int, int64, string } from '../field.ts'

/** A control group. */
export const cgroupBlock = {
  id: string('Path of the control group'),
  version: int('Version of the control group file system: 1 or 2'),
  file: {
    inode: int64('Inode number of its directory'),
    mount_id: int('Mount id of its directory'),
  },
} as const
