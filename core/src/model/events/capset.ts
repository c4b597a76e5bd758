import { CAPABILITIES } from '../constants/process.ts'
import { defineEvent } from '../define-event.ts'
import { int64 } from '../field.ts'

export const capset = defineEvent('capset', {
  doc: 'A process changed its capabilities.',
  fields: {
    cap_effective: int64('Effective capabilities since, a mask', { constants: CAPABILITIES }),
    cap_permitted: int64('Permitted capabilities since, a mask', { constants: CAPABILITIES }),
  },
})
