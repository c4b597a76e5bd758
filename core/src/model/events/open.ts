import { fileBlock } from '../blocks/file.ts'
import { retval } from '../blocks/retval.ts'
import { syscallMode, syscallPath } from '../blocks/syscall.ts'
import { INODE_MODES, OPEN_FLAGS } from '../constants/files.ts'
import { defineEvent } from '../define-event.ts'
import { int } from '../field.ts'

export const open = defineEvent('open', {
  doc: 'A file was opened.',
  fields: {
    file: { ...fileBlock, destination: { mode: int('Mode of the file that was made', { constants: INODE_MODES }) } },
    flags: int('Flags of the open; UNKNOWN where the sensor cannot see them', { constants: OPEN_FLAGS }),
    syscall: {
      path: syscallPath,
      flags: int('Flags as the call was given them', { constants: OPEN_FLAGS }),
      mode: syscallMode,
    },
    retval,
  },
})
