import type { EventDefinition } from '../model/define-event.ts'
import { sourceOf } from '../model/derive.ts'
import type { Readers } from '../plugin/source.ts'
import type { FieldProviders } from './field-providers.ts'

/** Who tells what of events: the doors that sources opened, and who provides fields. */
export class ToldFields {
  /** By event type, what is read at each door; `undefined` of one that takes objects, which may hold any field. */
  readonly #doors = new Map<string, (Readers | undefined)[]>()
  readonly #providers: FieldProviders

  constructor(providers: FieldProviders) {
    this.#providers = providers
  }

  /** A source opened a door. */
  opened(type: string, readers: Readers | undefined): void {
    const doors = this.#doors.get(type)
    if (doors) doors.push(readers)
    else this.#doors.set(type, [readers])
  }

  /** Whether somebody may tell this field of events of this type, or it follows from one that somebody tells. What is not told is UNKNOWN for ever. */
  has({ type, fields, agent }: EventDefinition, name: string): boolean {
    const field = fields.get(name)
    if (!field) return false
    // The agent opens its doors when it has something to tell.
    if (agent) return true
    for (let at = name, derived = field.derived; ; derived = fields.get(at)?.derived) {
      if (this.#doors.get(type)?.some((readers) => !readers || readers[at] !== undefined) || this.#providers.find(type, at)) return true
      if (!derived) return false
      at = sourceOf(at, derived)
    }
  }
}
