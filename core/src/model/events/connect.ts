import { peerBlock } from '../blocks/address.ts'
import { retval } from '../blocks/retval.ts'
import { L4_PROTOCOLS } from '../constants/network.ts'
import { defineEvent } from '../define-event.ts'
import { int } from '../field.ts'

export const connect = defineEvent('connect', {
  doc: 'A process connected a socket.',
  fields: {
    addr: peerBlock,
    protocol: int('Protocol of the socket', { constants: L4_PROTOCOLS }),
    retval,
  },
})
