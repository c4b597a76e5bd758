import { defineEvent } from '../define-event.ts'
import { string } from '../field.ts'

export const agentConfigRejected = defineEvent('agent.config_rejected', {
  doc: 'A changed configuration was not taken: the old one runs on.',
  fields: {
    file: string('Path of the configuration, if one was found'),
    code: string('Code of the error'),
    message: string('What is wrong, and where'),
  },
})
