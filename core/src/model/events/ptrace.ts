import { processContext } from '../blocks/process.ts'
import { retval } from '../blocks/retval.ts'
import { PTRACE_REQUESTS } from '../constants/process.ts'
import { defineEvent } from '../define-event.ts'
import { int } from '../field.ts'

export const ptrace = defineEvent('ptrace', {
  doc: 'A process traced another.',
  fields: {
    request: int('What it asked for', { constants: PTRACE_REQUESTS }),
    tracee: processContext,
    retval,
  },
})
