import { networkBlock } from '../blocks/network.ts'
import { defineEvent } from '../define-event.ts'
import { bool, string } from '../field.ts'

export const imds = defineEvent('imds', {
  doc: 'A process asked the metadata service of a cloud.',
  blocks: { network: networkBlock },
  fields: {
    cloud_provider: string('`aws`, `gcp`, `azure`, `ibm` or `oracle`'),
    host: string('Host of the request'),
    server: string('Server that answered'),
    type: string('`request` or `response`'),
    url: string('URL of the request'),
    user_agent: string('User agent of the request'),
    aws: {
      is_imds_v2: bool('The second version of the service, which asks for a token'),
      security_credentials: { type: string('Type of the credentials that were given') },
    },
  },
})
