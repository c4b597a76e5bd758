import { fileBlock } from '../blocks/file.ts'
import { retval } from '../blocks/retval.ts'
import { syscallPath } from '../blocks/syscall.ts'
import { defineEvent } from '../define-event.ts'

export const rename = defineEvent('rename', {
  doc: 'A file was renamed.',
  fields: {
    file: { ...fileBlock, destination: fileBlock },
    syscall: { path: syscallPath, destination: { path: syscallPath } },
    retval,
  },
})
