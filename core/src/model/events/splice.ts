import { fileBlock } from '../blocks/file.ts'
import { retval } from '../blocks/retval.ts'
import { PIPE_BUFFER_FLAGS } from '../constants/files.ts'
import { defineEvent } from '../define-event.ts'
import { int } from '../field.ts'

export const splice = defineEvent('splice', {
  doc: 'Pages were moved between a file and a pipe.',
  fields: {
    file: fileBlock,
    pipe_entry_flag: int('Flags of the last buffer of the pipe before', { constants: PIPE_BUFFER_FLAGS }),
    pipe_exit_flag: int('Flags of the last buffer of the pipe after', { constants: PIPE_BUFFER_FLAGS }),
    retval,
  },
})
