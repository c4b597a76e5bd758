import type { EventDefinition } from '../model/define-event.ts'
import { UNKNOWN } from '../model/unknown.ts'
import type { Redactor } from '../plugin/context.ts'

/** An event of which fields are shown. */
interface Shown {
  readonly definition: EventDefinition
  readonly redactors: ReadonlyMap<string, Redactor>
  get(field: string): unknown
}

/** Values of some fields as they may leave the agent: redacted, UNKNOWN as null, int64 as text. Fields that the event does not have are left out. */
export function shownFields(event: { get(field: string): unknown }, names: readonly string[]): Record<string, unknown> {
  const { definition, redactors } = event as Shown
  const fields: Record<string, unknown> = {}
  for (const name of names) {
    if (!definition.fields.has(name)) continue
    let value = event.get(name)
    const redact = redactors.get(name)
    if (redact && value !== UNKNOWN) value = redact(value, event)
    fields[name] = value === UNKNOWN ? null : typeof value === 'bigint' ? value.toString() : value
  }
  return fields
}
