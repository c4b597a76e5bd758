import { fileBlock } from '../blocks/file.ts'
import { retval } from '../blocks/retval.ts'
import { syscallPath } from '../blocks/syscall.ts'
import { defineEvent } from '../define-event.ts'
import { int, string } from '../field.ts'

export const chown = defineEvent('chown', {
  doc: 'The owner of a file was changed.',
  fields: {
    file: {
      ...fileBlock,
      destination: {
        uid: int('Owner since; -1: as it was'),
        gid: int('Group since; -1: as it was'),
        user: string('Name of the owner since'),
        group: string('Name of the group since'),
      },
    },
    syscall: { path: syscallPath, uid: int('Owner that was asked for'), gid: int('Group that was asked for') },
    retval,
  },
})
