import { networkBlock } from '../blocks/network.ts'
import { DNS_CLASSES, DNS_RESPONSE_CODES, DNS_TYPES } from '../constants/dns.ts'
import { defineEvent } from '../define-event.ts'
import { int, string } from '../field.ts'

export const dns = defineEvent('dns', {
  doc: 'A name was looked up.',
  blocks: { network: networkBlock },
  fields: {
    id: int('Id of the query'),
    question: {
      name: string('Name that is asked for', { caseless: true }),
      'name.length': int('Length of the name in bytes', { derived: { by: 'bytes', from: 'name' } }),
      type: int('Type of the records that are asked for', { constants: DNS_TYPES }),
      class: int('Class of the records that are asked for', { constants: DNS_CLASSES }),
      count: int('Questions in the query'),
      length: int('Size of the query in bytes'),
    },
    response: { code: int('Code of the response', { constants: DNS_RESPONSE_CODES }) },
  },
})
