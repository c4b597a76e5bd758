import { processContext } from '../blocks/process.ts'
import { retval } from '../blocks/retval.ts'
import { SIGNALS } from '../constants/process.ts'
import { defineEvent } from '../define-event.ts'
import { int } from '../field.ts'

export const signal = defineEvent('signal', {
  doc: 'A process sent a signal to another.',
  fields: {
    type: int('The signal', { constants: SIGNALS }),
    pid: int('Process id of the one that it was sent to'),
    target: processContext,
    retval,
  },
})
