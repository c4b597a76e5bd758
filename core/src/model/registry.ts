import { CwsError } from '../errors/cws-error.ts'
import type { EventDefinition } from './define-event.ts'
import { nearest } from './nearest.ts'
import { standardEvents } from './standard-events.ts'

/** The event types of one composition: the standard ones and those of its plugins. */
export class EventRegistry {
  readonly #events = new Map<string, EventDefinition>(standardEvents.map((event) => [event.type, event]))

  /** @throws CwsError CWS_ERR_EVENT_DUPLICATE if another declaration has the name. */
  add(event: EventDefinition, plugin?: string): void {
    const known = this.#events.get(event.type)
    if (known === event) return
    // Two copies of one package declare the same: alike is good enough.
    if (known && [...known.fields.keys()].join() !== [...event.fields.keys()].join())
      throw new CwsError('CWS_ERR_EVENT_DUPLICATE', `event type "${event.type}" is declared twice, with different fields`, { plugin })
    this.#events.set(event.type, event)
  }

  /** @throws CwsError CWS_ERR_EVENT_UNKNOWN naming the nearest type. */
  get(type: string): EventDefinition {
    const event = this.#events.get(type)
    if (!event) {
      const suggestion = nearest(type, this.#events.keys())
      throw new CwsError('CWS_ERR_EVENT_UNKNOWN', `unknown event type "${type}"${suggestion ? `; did you mean "${suggestion}"?` : ''}`)
    }
    return event
  }

  find(type: string): EventDefinition | undefined {
    return this.#events.get(type)
  }

  values(): IterableIterator<EventDefinition> {
    return this.#events.values()
  }
}
