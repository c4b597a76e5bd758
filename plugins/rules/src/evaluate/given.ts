import { isIP } from 'node:net'
import { derive, type EventDefinition, type Field, legacyField, nearest, sourceOf, UNKNOWN } from '@cws/core'

/** What a condition reads: fields that are not given are UNKNOWN. */
export interface Given {
  get(field: string): unknown
}

type Kind = Pick<Field, 'field' | 'array'>

/** Depth of lists: the lists of an ancestor's field stand in one of ancestors. */
const MAX_NESTING = 2

/**
 * The values that somebody gives for an event, as sensors would give them, and what follows from them (`args_flags` from `argv`). Null is UNKNOWN;
 * whole numbers may come as text; names that fields once had are theirs.
 * @throws Error naming the field that there is not, or whose value is of another kind
 */
export function givenFields(fields: Readonly<Record<string, unknown>>, definition: EventDefinition): Given {
  const values = new Map<string, unknown>()
  for (const [written, value] of Object.entries(fields)) {
    const name = definition.fields.has(written) ? written : (legacyField(written) ?? written)
    const field = definition.fields.get(name)
    if (!field) {
      const guess = nearest(written, definition.fields.keys())
      throw new Error(`${definition.type} has no field "${written}"${guess ? `; did you mean "${guess}"?` : ''}`)
    }
    values.set(name, valueAs(field, value, written))
  }
  const get = (name: string): unknown => {
    const value = values.get(name)
    if (value !== undefined) return value
    const derived = definition.fields.get(name)?.derived
    return derived ? derive(derived, get(sourceOf(name, derived))) : UNKNOWN
  }
  return { get }
}

/** A value as a field of this kind has it. @throws Error beginning with `name` if it is of another kind */
export function valueAs(kind: Kind, value: unknown, name: string): unknown {
  const each = (one: unknown, depth: number): unknown => {
    if (one === null) return UNKNOWN
    if (!Array.isArray(one)) return scalarOf(name, kind, one)
    return depth < MAX_NESTING ? one.map((inner) => each(inner, depth + 1)) : wrong(name, kind, one)
  }
  if (value === null) return UNKNOWN
  return kind.array === Array.isArray(value) ? each(value, 0) : wrong(name, kind, value)
}

function scalarOf(name: string, kind: Kind, value: unknown): unknown {
  switch (kind.field) {
    case 'string':
    case 'path':
      return typeof value === 'string' ? value : wrong(name, kind, value)
    case 'ip':
      return isNetwork(value) ? value : wrong(name, kind, value)
    case 'bool':
      return typeof value === 'boolean' ? value : wrong(name, kind, value)
    case 'int':
    case 'int64': {
      const number = wholeNumber(value)
      if (number === undefined) return wrong(name, kind, value)
      if (kind.field === 'int64') return number
      return Number.isSafeInteger(Number(number)) ? Number(number) : wrong(name, kind, value)
    }
  }
}

/** `10.1.2.3`, `fe80::1`, `10.0.0.0/8`. */
function isNetwork(value: unknown): boolean {
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

const WORDS: Readonly<Record<Field['field'], string>> = {
  string: 'a text',
  path: 'a path',
  ip: 'an address or a network',
  bool: 'true or false',
  int: 'a whole number',
  int64: 'a whole number of 64 bits',
}

function wrong(name: string, kind: Kind, value: unknown): never {
  const came = JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))
  throw new Error(`${name} is ${kind.array ? 'a list, each ' : ''}${WORDS[kind.field]}, not ${came.slice(0, 80)}`)
}
