import { defineEvent } from '../define-event.ts'
import { int, string } from '../field.ts'

export const setuid = defineEvent('setuid', {
  doc: 'A process changed its user ids.',
  fields: {
    uid: int('Real user id since'),
    euid: int('Effective user id since'),
    fsuid: int('File system user id since'),
    user: string('Name of the real user since'),
    euser: string('Name of the effective user since'),
    fsuser: string('Name of the file system user since'),
  },
})
