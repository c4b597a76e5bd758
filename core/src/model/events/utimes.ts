import { fileBlock } from '../blocks/file.ts'
import { retval } from '../blocks/retval.ts'
import { syscallPath } from '../blocks/syscall.ts'
import { defineEvent } from '../define-event.ts'

export const utimes = defineEvent('utimes', {
  doc: 'Times of a file were changed.',
  fields: {
    file: fileBlock,
    syscall: { path: syscallPath },
    retval,
  },
})
