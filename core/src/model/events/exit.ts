import { processBlock } from '../blocks/process.ts'
import { EXIT_CAUSES } from '../constants/process.ts'
import { defineEvent } from '../define-event.ts'
import { int, sameAs } from '../field.ts'

export const exit = defineEvent('exit', {
  doc: 'The last thread of a process ended: `process`, and `exit` says the same of it.',
  fields: {
    cause: int('Why it ended', { constants: EXIT_CAUSES }),
    code: int('Exit status, or the number of the signal'),
    ...sameAs('process', processBlock),
  },
})
