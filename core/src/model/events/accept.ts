import { peerBlock } from '../blocks/address.ts'
import { retval } from '../blocks/retval.ts'
import { defineEvent } from '../define-event.ts'

export const accept = defineEvent('accept', {
  doc: 'A process accepted a connection.',
  fields: {
    addr: peerBlock,
    retval,
  },
})
