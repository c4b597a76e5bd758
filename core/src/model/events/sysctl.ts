import { SYSCTL_ACTIONS } from '../constants/files.ts'
import { defineEvent } from '../define-event.ts'
import { bool, int, string } from '../field.ts'

export const sysctl = defineEvent('sysctl', {
  doc: 'A kernel parameter was read or written.',
  fields: {
    name: string('Name of the parameter'),
    name_truncated: bool('The name was longer than the sensor keeps'),
    action: int('Read or written', { constants: SYSCTL_ACTIONS }),
    file_position: int('Position in the file of the parameter'),
    value: string('Value since'),
    value_truncated: bool('The value was longer than the sensor keeps'),
    old_value: string('Value before'),
    old_value_truncated: bool('The value before was longer than the sensor keeps'),
  },
})
