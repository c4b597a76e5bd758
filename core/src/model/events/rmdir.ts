import { fileBlock } from '../blocks/file.ts'
import { retval } from '../blocks/retval.ts'
import { syscallPath } from '../blocks/syscall.ts'
import { defineEvent } from '../define-event.ts'

export const rmdir = defineEvent('rmdir', {
  doc: 'A directory was removed.',
  fields: {
    file: fileBlock,
    syscall: { path: syscallPath },
    retval,
  },
})
