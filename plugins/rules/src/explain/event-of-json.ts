import type { EventDefinition, Field } from '@cws/core'
import { type Given, givenFields } from '../evaluate/given.ts'

const ANCESTORS = 'process.ancestors.'

/**
 * An event as JSON has it: fields by dotted name (`{"exec.file.name": "sh"}`), or nested as signals and lines of events are. What is not there is
 * UNKNOWN. @throws Error naming a dotted field that there is not, or a value of another kind
 */
export function eventOfJson(json: Readonly<Record<string, unknown>>, definition: EventDefinition): Given {
  if (Object.keys(json).some((key) => key.includes('.'))) {
    const { type: _, ...fields } = json
    return givenFields(fields, definition)
  }
  const fields: Record<string, unknown> = {}
  for (const [name, field] of definition.fields) {
    const value = nestedAt(json, name, field)
    if (value !== undefined) fields[name] = value
  }
  return givenFields(fields, definition)
}

/** The type of event that some JSON tells of: it says so, or has a block that only events of the type have. */
export function typeOfJson(json: Readonly<Record<string, unknown>>, types: readonly string[]): string | undefined {
  if (typeof json['type'] === 'string') return json['type']
  return types.find((type) => Object.keys(json).some((key) => key === type || key.startsWith(`${type}.`)) || at(json, type) !== undefined)
}

function nestedAt(json: Readonly<Record<string, unknown>>, name: string, field: Field): unknown {
  if (!name.startsWith(ANCESTORS)) return plain(at(json, name), field)
  const ancestors = at(json, 'process.ancestors')
  if (!Array.isArray(ancestors)) return undefined
  const own = name.slice(ANCESTORS.length)
  if (own === 'length') return ancestors.length
  return ancestors.map((each: unknown) => plain(at(each, own), field) ?? null)
}

/** `2026-11-30T00:43:04.178403115Z` */
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/

/** Integers beyond 2^53 come as raw JSON numbers, times as RFC 3339. */
function plain(value: unknown, { field }: Field): unknown {
  if (field !== 'int64') return value
  if (typeof value === 'object' && value !== null && 'rawJSON' in value) return value.rawJSON
  const [, seconds, fraction = ''] = (typeof value === 'string' && TIME.exec(value)) || []
  if (seconds === undefined) return value
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}

function at(json: unknown, name: string): unknown {
  let value: unknown = json
  for (const word of name.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<string, unknown>)[word]
  }
  return value
}
