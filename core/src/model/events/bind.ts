import { addressBlock } from '../blocks/address.ts'
import { retval } from '../blocks/retval.ts'
import { L4_PROTOCOLS } from '../constants/network.ts'
import { defineEvent } from '../define-event.ts'
import { int } from '../field.ts'

export const bind = defineEvent('bind', {
  doc: 'A process bound a socket to an address.',
  fields: {
    addr: addressBlock,
    protocol: int('Protocol of the socket', { constants: L4_PROTOCOLS }),
    retval,
  },
})
