import { CwsError } from '../errors/cws-error.ts'
import type { EventDefinition } from '../model/define-event.ts'
import { type Field, isField, type Shape } from '../model/field.ts'
import { nearest } from '../model/nearest.ts'
import { UNKNOWN } from '../model/unknown.ts'

/** The fields of an event that came as an object: nested below the event's own name, or dotted in full. @throws CwsError CWS_ERR_FIELD_UNKNOWN */
export function flatten(definition: EventDefinition, fields: object): Map<string, unknown> {
  const values = new Map<string, unknown>()
  const own = definition.type
    .split('.')
    .reduce<Field | Shape | undefined>((node, word) => (node && !isField(node) ? node[word] : undefined), definition.shape)
  walk(definition, own && !isField(own) ? own : {}, fields, `${definition.type}.`, values)
  return values
}

function walk(definition: EventDefinition, shape: Shape, fields: object, prefix: string, values: Map<string, unknown>): void {
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null || value === UNKNOWN) continue
    const node = Object.hasOwn(shape, name) ? shape[name] : undefined
    if (node && !isField(node)) {
      if (typeof value !== 'object') throw new CwsError('CWS_ERR_FIELD_UNKNOWN', `${prefix}${name} is a block of fields, not a value`)
      walk(definition, node, value, `${prefix}${name}.`, values)
    } else if (node) values.set(prefix + name, value)
    else if (definition.fields.has(name)) values.set(name, value)
    else {
      const suggestion = nearest(name, Object.keys(shape))
      throw new CwsError(
        'CWS_ERR_FIELD_UNKNOWN',
        `"${definition.type}" has no field ${prefix}${name}${suggestion ? `; did you mean ${prefix}${suggestion}?` : ''}`,
      )
    }
  }
}
