import { defineEvent } from '../define-event.ts'
import { int, int64, string } from '../field.ts'

export const agentLostEvents = defineEvent('agent.lost_events', {
  doc: 'Events were lost between the kernel and the rules. Never silent: this event says what, where and how many.',
  fields: {
    event: string('Type of the events that were lost'),
    stage: string('Where: `kernel`, `queue`, `park`, `output`'),
    count: int('How many'),
    since: int64('When the loss began, ns since the epoch'),
  },
})
