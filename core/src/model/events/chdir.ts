import { fileBlock } from '../blocks/file.ts'
import { retval } from '../blocks/retval.ts'
import { syscallPath } from '../blocks/syscall.ts'
import { defineEvent } from '../define-event.ts'

export const chdir = defineEvent('chdir', {
  doc: 'A process changed its working directory.',
  fields: {
    file: fileBlock,
    syscall: { path: syscallPath },
    retval,
  },
})
