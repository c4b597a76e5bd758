import { fileBlock } from '../blocks/file.ts'
import { retval } from '../blocks/retval.ts'
import { syscallPath } from '../blocks/syscall.ts'
import { UNLINK_FLAGS } from '../constants/files.ts'
import { defineEvent } from '../define-event.ts'
import { int } from '../field.ts'

export const unlink = defineEvent('unlink', {
  doc: 'A name of a file was removed.',
  fields: {
    file: fileBlock,
    flags: int('Flags of unlinkat', { constants: UNLINK_FLAGS }),
    syscall: {
      path: syscallPath,
      flags: int('Flags as the call was given them', { constants: UNLINK_FLAGS }),
      dirfd: int('Descriptor of the directory that the path is relative to'),
    },
    retval,
  },
})
