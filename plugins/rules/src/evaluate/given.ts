import { isIP } from 'node:net'
import { type EventDefinition, type Field, type FieldKind, nearest, UNKNOWN } from '@cws/core'

/** What a condition reads: fields that are not given are UNKNOWN. */
export interface Given {
  get(field: string): unknown
}

/** Depth of lists: the lists of an ancestor's field stand in one of ancestors. */
const MAX_NESTING = 2

/**
 * The values that somebody gives for an event, as sensors would give them. Null is UNKNOWN; whole numbers may come as text.
 * @throws Error naming the field that there is not, or whose value is of another kind
 */
export function givenFields(fields: Readonly<Record<string, unknown>>, definition: EventDefinition): Given {
  const values = new Map<string, unknown>()
  for (const [name, value] of Object.entries(fields)) {
    const field = definition.fields.get(name)
    if (!field) {
      const guess = nearest(name, definition.fields.keys())
      throw new Error(`${definition.type} has no field "${name}"${guess ? `; did you mean "${guess}"?` : ''}`)
    }
    values.set(name, fieldValue(name, field, value))
  }
  return { get: (name) => values.get(name) ?? UNKNOWN }
}

function fieldValue(name: string, field: Field, value: unknown): unknown {
  if (value === null) return UNKNOWN
  if (!field.array) return scalarOf(name, field, value)
  const each = (one: unknown, depth: number): unknown => {
    if (one === null) return UNKNOWN
    if (!Array.isArray(one)) return scalarOf(name, field, one)
    return depth < MAX_NESTING ? one.map((inner) => each(inner, depth + 1)) : wrong(name, field, one)
  }
  return Array.isArray(value) ? each(value, 0) : wrong(name, field, value)
}

function scalarOf(name: string, field: Field, value: unknown): unknown {
  switch (field.field) {
    case 'string':
    case 'path':
      return typeof value === 'string' ? value : wrong(name, field, value)
    case 'ip':
      return isNetwork(value) ? value : wrong(name, field, value)
    case 'bool':
      return typeof value === 'boolean' ? value : wrong(name, field, value)
    case 'int':
    case 'int64': {
      const number = wholeNumber(value)
      if (number === undefined) return wrong(name, field, value)
      if (field.field === 'int64') return number
      return Number.isSafeInteger(Number(number)) ? Number(number) : wrong(name, field, value)
    }
  }
}

/** `10.1.2.3`, `fe80::1`, `10.0.0.0/8`. */
function isNetwork(value: unknown): value is string {
  const [, address, length] = (typeof value === 'string' && /^([^/]+)(?:\/(\d{1,3}))?$/.exec(value)) || []
  return address !== undefined && isIP(address) !== 0 && (length === undefined || Number(length) <= (isIP(address) === 4 ? 32 : 128))
}

/** Undefined if it is none of 64 bits, with or without a sign. */
function wholeNumber(value: unknown): bigint | undefined {
  const isWhole = typeof value === 'bigint' || Number.isSafeInteger(value) || (typeof value === 'string' && /^-?\d{1,20}$/.test(value))
  if (!isWhole) return undefined
  const number = BigInt(value as bigint | number | string)
  return number >= -(2n ** 63n) && number < 2n ** 64n ? number : undefined
}

const WORDS: Readonly<Record<FieldKind, string>> = {
  string: 'a text',
  path: 'a path',
  ip: 'an address or a network',
  bool: 'true or false',
  int: 'a whole number',
  int64: 'a whole number of 64 bits',
}

function wrong(name: string, field: Field, value: unknown): never {
  const came = typeof value === 'bigint' ? String(value) : JSON.stringify(value)
  throw new Error(`${name} is ${field.array ? 'a list, each ' : ''}${WORDS[field.field]}, not ${came.slice(0, 80)}`)
}
