import { defineEvent } from '../define-event.ts'
import { int } from '../field.ts'

export const exit = defineEvent('exit', {
  doc: 'The last thread of a process ended.',
  fields: {
    cause: int('Why it ended', { constants: { EXITED: 0, COREDUMPED: 1, SIGNALED: 2 } }),
    code: int('Exit status, or the number of the signal'),
  },
})
