import { fileBlock } from '../blocks/file.ts'
import { defineEvent } from '../define-event.ts'
import { int } from '../field.ts'

export const open = defineEvent('open', {
  doc: 'A file was opened.',
  fields: {
    file: fileBlock,
    flags: int('Flags of the open; UNKNOWN where the sensor cannot see them', {
      constants: {
        O_RDONLY: 0,
        O_WRONLY: 1,
        O_RDWR: 2,
        O_CREAT: 0o100,
        O_EXCL: 0o200,
        O_TRUNC: 0o1000,
        O_APPEND: 0o2000,
        O_TMPFILE: 0o20200000,
      },
    }),
    retval: int('0 or a positive number on success, else a negative errno'),
  },
})
