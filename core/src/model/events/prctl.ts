import { retval } from '../blocks/retval.ts'
import { PRCTL_OPTIONS } from '../constants/process.ts'
import { defineEvent } from '../define-event.ts'
import { bool, int, string } from '../field.ts'

export const prctl = defineEvent('prctl', {
  doc: 'A process changed something of itself by prctl.',
  fields: {
    option: int('What it changed', { constants: PRCTL_OPTIONS }),
    new_name: string('Name that it took, of PR_SET_NAME'),
    is_name_truncated: bool('The name was longer than the sensor keeps'),
    retval,
  },
})
