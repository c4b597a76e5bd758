import { type Surroundings, UNKNOWN, type VariableType } from '@cws/core'
import { valueAs } from './given.ts'

/** Variables as they are given: their types for the check, their values for the judgement. */
export interface GivenVariables {
  readonly types: ReadonlyMap<string, VariableType>
  readonly surroundings: Surroundings
}

const TYPE = /^(bool|int|string|ip)(\[\])?$/

/**
 * Variables by name: `true`, `5`, `"text"`, `["a", "b"]`; or with the type where the value does not tell it: `{"type": "int[]", "value": []}`. An
 * empty list without a type is one of texts; a value that is null is UNKNOWN.
 * @throws Error naming the variable that is none of these
 */
export function givenVariables(variables: Readonly<Record<string, unknown>>): GivenVariables {
  const types = new Map<string, VariableType>()
  const values = new Map<string, unknown>()
  for (const [name, given] of Object.entries(variables)) {
    const { type, value } = isTyped(given)
      ? { type: typeNamed(name, given.type), value: given.value }
      : { type: typeOf(name, given), value: given }
    types.set(name, type)
    values.set(name, valueAs({ field: type.kind === 'int' ? 'int64' : type.kind, array: type.array }, value, `\${${name}}`))
  }
  return { types, surroundings: { variable: (name) => (values.has(name) ? () => values.get(name) ?? UNKNOWN : undefined) } }
}

function isTyped(given: unknown): given is { readonly type: unknown; readonly value: unknown } {
  return typeof given === 'object' && given !== null && 'type' in given && 'value' in given
}

function typeNamed(name: string, type: unknown): VariableType {
  const [, kind, array] = TYPE.exec(String(type)) ?? []
  if (kind === undefined) throw new Error(`\${${name}}: a type is bool, int, string or ip, with [] for lists, not ${JSON.stringify(type)}`)
  return { kind: kind as VariableType['kind'], array: array !== undefined }
}

function typeOf(name: string, value: unknown): VariableType {
  const [first] = Array.isArray(value) ? value : [value]
  const array = Array.isArray(value)
  if (typeof first === 'boolean') return { kind: 'bool', array }
  if (typeof first === 'number' || typeof first === 'bigint') return { kind: 'int', array }
  if (typeof first === 'string' || (array && value.length === 0)) return { kind: 'string', array }
  throw new Error(`\${${name}}: a variable is true or false, a whole number, a text or a list of these; or {"type", "value"}`)
}
