import type { Field, FieldKind } from '../model/field.ts'
import { UNKNOWN } from '../model/unknown.ts'

/** A value in a recording: JSON; int64 are decimal texts, what is not known within a list is null. */
export function writeValue(value: unknown): string {
  if (typeof value === 'bigint') return `"${value}"`
  if (Array.isArray(value)) return `[${value.map(writeValue).join(',')}]`
  return value === UNKNOWN ? 'null' : (JSON.stringify(value) ?? 'null')
}

/** Reads a value as the field is declared; undefined if it is none of that kind. */
export function readValue({ field, array }: Field, value: unknown): unknown {
  return array ? listOf(field, value) : scalarOf(field, value)
}

/** A list of scalars, or of lists of them: what processes above have as lists. What is null is UNKNOWN. */
function listOf(kind: FieldKind, value: unknown): unknown[] | undefined {
  if (!Array.isArray(value)) return undefined
  const list: unknown[] = []
  for (const element of value) {
    const read = element === null ? UNKNOWN : Array.isArray(element) ? flatOf(kind, element) : scalarOf(kind, element)
    if (read === undefined) return undefined
    list.push(read)
  }
  return list
}

function flatOf(kind: FieldKind, values: readonly unknown[]): unknown[] | undefined {
  const list: unknown[] = []
  for (const value of values) {
    const read = value === null ? UNKNOWN : scalarOf(kind, value)
    if (read === undefined) return undefined
    list.push(read)
  }
  return list
}

/** Undefined if the value is not of that kind. */
function scalarOf(kind: FieldKind, value: unknown): unknown {
  switch (kind) {
    case 'int':
      return Number.isSafeInteger(value) ? value : undefined
    case 'int64':
      return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined
    case 'bool':
      return typeof value === 'boolean' ? value : undefined
    default:
      return typeof value === 'string' ? value : undefined
  }
}
