import { CwsError, type EventDefinition, nearest, standardEvents } from '@cws/core'
import type { Model } from './answer.ts'

const byType = new Map<string, EventDefinition>(standardEvents.map((event) => [event.type, event]))

/** The event types that core declares. */
export const standardModel: Model = {
  get(type) {
    const event = byType.get(type)
    if (event) return event
    const guess = nearest(type, byType.keys())
    throw new CwsError('CWS_ERR_EVENT_UNKNOWN', `unknown event type "${type}"${guess ? `; did you mean "${guess}"?` : ''}`)
  },
  types: () => [...byType.keys()],
}
