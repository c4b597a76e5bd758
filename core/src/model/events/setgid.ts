import { defineEvent } from '../define-event.ts'
import { int, string } from '../field.ts'

export const setgid = defineEvent('setgid', {
  doc: 'A process changed its group ids.',
  fields: {
    gid: int('Real group id since'),
    egid: int('Effective group id since'),
    fsgid: int('File system group id since'),
    group: string('Name of the real group since'),
    egroup: string('Name of the effective group since'),
    fsgroup: string('Name of the file system group since'),
  },
})
