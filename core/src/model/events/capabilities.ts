import { CAPABILITIES } from '../constants/process.ts'
import { defineEvent } from '../define-event.ts'
import { int64 } from '../field.ts'

export const capabilities = defineEvent('capabilities', {
  doc: 'What capabilities a process has used: told from time to time, and when it ends.',
  fields: {
    attempted: int64('Capabilities that it tried to use, a mask', { constants: CAPABILITIES }),
    used: int64('Capabilities that it used, a mask', { constants: CAPABILITIES }),
  },
})
