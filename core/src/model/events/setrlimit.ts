import { processContext } from '../blocks/process.ts'
import { retval } from '../blocks/retval.ts'
import { RLIMITS } from '../constants/process.ts'
import { defineEvent } from '../define-event.ts'
import { int, int64 } from '../field.ts'

export const setrlimit = defineEvent('setrlimit', {
  doc: 'A resource limit of a process was changed.',
  fields: {
    resource: int('What is limited', { constants: RLIMITS }),
    rlim_cur: int64('Soft limit since'),
    rlim_max: int64('Hard limit since'),
    target: processContext,
    retval,
  },
})
