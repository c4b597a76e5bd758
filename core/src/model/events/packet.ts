import { networkBlock } from '../blocks/network.ts'
import { TLS_VERSIONS } from '../constants/network.ts'
import { defineEvent } from '../define-event.ts'
import { int, string } from '../field.ts'

export const packet = defineEvent('packet', {
  doc: 'A packet that a filter asks for.',
  fields: {
    ...networkBlock,
    filter: string('Filter in the language of pcap that the packet passes'),
    tls: { version: int('Version of TLS', { constants: TLS_VERSIONS }) },
  },
})
