import { fileBlock } from '../blocks/file.ts'
import { retval } from '../blocks/retval.ts'
import { syscallMode, syscallPath } from '../blocks/syscall.ts'
import { FILE_MODES, INODE_MODES } from '../constants/files.ts'
import { defineEvent } from '../define-event.ts'
import { int } from '../field.ts'

export const mkdir = defineEvent('mkdir', {
  doc: 'A directory was made.',
  fields: {
    file: {
      ...fileBlock,
      destination: {
        mode: int('Mode since', { constants: INODE_MODES }),
        rights: int('Permission bits since', { constants: FILE_MODES }),
      },
    },
    syscall: { path: syscallPath, mode: syscallMode },
    retval,
  },
})
