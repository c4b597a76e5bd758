import { constants as everywhere } from '../model/constants.ts'
import type { Field } from '../model/field.ts'
import { legacyField } from '../model/legacy-names.ts'
import type { Environment } from './environment.ts'
import type { Literal, Scope, Value } from './ir.ts'
import type { Operand } from './operand.ts'
import type { Refuse } from './source.ts'

const BUILT_IN = { 'builtins.uuid4': { kind: 'string', array: false } } as const
const KINDS = { string: 'string', path: 'string', ip: 'ip', int: 'int', int64: 'int', bool: 'bool' } as const satisfies Record<
  Field['field'],
  Operand['kind']
>
const ZEROES = { string: '', ip: '', int: 0, bool: false } as const
const SUBSCRIPT = /^([^[\]]*)\[([^[\]]*)\]([^[\]]*)$/

const constantsOf = new WeakMap<Scope, ReadonlyMap<string, number | bigint | boolean>>()

/** A constant that every scope has. */
export function constantNamed(name: string): number | bigint | boolean | undefined {
  if (name === 'true' || name === 'false') return name === 'true'
  return everywhere.get(name)
}

/** Those of the scope's own fields, where everywhere else they would be unknown. */
export function constantsIn(scope: Scope): ReadonlyMap<string, number | bigint | boolean> {
  const known = constantsOf.get(scope)
  if (known) return known
  const constants = new Map<string, number | bigint | boolean>()
  for (const field of scope.fields.values()) for (const [name, value] of Object.entries(field.constants ?? {})) constants.set(name, value)
  constantsOf.set(scope, constants)
  return constants
}

/** The iterator variable of an expression: there can be one. */
export interface Iterator {
  readonly name: string
  /** What it goes over: `process.ancestors`. */
  readonly over: string
}

/** What the names in one expression mean. */
export class Names {
  readonly #scope: Scope
  readonly #environment: Environment
  iterator: Iterator | undefined

  constructor(scope: Scope, environment: Environment) {
    this.#scope = scope
    this.#environment = environment
  }

  constant(name: string): number | bigint | boolean | undefined {
    return constantsIn(this.#scope).get(name) ?? constantNamed(name)
  }

  /** `process.comm`, `process.argv[1]`, `process.ancestors[A].comm`, `open.file.path.length`. */
  field(written: string, at: number, refuse: Refuse): Operand {
    if (/[[\]]/.test(written)) return this.#subscripted(written, at, refuse)
    const known = this.#find(written)
    if (known) return fieldOperand(known, at)
    const measured = written.endsWith('.length') ? this.#find(written.slice(0, -'.length'.length)) : undefined
    if (measured && (measured.field.array || KINDS[measured.field.field] === 'string'))
      return { kind: 'int', array: false, value: { value: 'length', of: { value: 'field', field: measured.name } }, at }
    return (
      this.#rootDomain(written, at, refuse) ??
      refuse(at, `${this.#scope.type} has no field or constant "${written}"`, written, this.#candidates())
    )
  }

  #rootDomain(written: string, at: number, refuse: Refuse): Operand | undefined {
    const named = written.endsWith('.root_domain') ? this.#find(written.slice(0, -'.root_domain'.length)) : undefined
    if (!named) return undefined
    const { name, field } = named
    if (field.field !== 'string') return refuse(at, `${written}: ${name} is no name of a host`)
    return { kind: 'string', array: field.array, value: { value: 'root_domain', of: { value: 'field', field: name } }, at }
  }

  variable(name: string, at: number, refuse: Refuse): Operand {
    if (name === 'process.pid' && this.#scope.fields.has(name)) return this.field(name, at, refuse)
    const type = this.#typeOf(name)
    if (type) return { ...type, value: { value: 'variable', name }, at }
    const measured = name.endsWith('.length') ? name.slice(0, -'.length'.length) : undefined
    const its = measured === undefined ? undefined : this.#typeOf(measured)
    if (measured !== undefined && its && (its.array || its.kind === 'string'))
      return { kind: 'int', array: false, value: { value: 'length', of: { value: 'variable', name: measured } }, at }
    const known = [...(this.#environment.variables?.keys() ?? []), ...Object.keys(BUILT_IN), 'process.pid']
    return refuse(at, `there is no variable "${name}"`, name, known)
  }

  #typeOf(name: string) {
    return this.#environment.variables?.get(name) ?? BUILT_IN[name as keyof typeof BUILT_IN]
  }

  #find(written: string): { name: string; field: Field } | undefined {
    const field = this.#scope.fields.get(written)
    if (field) return { name: written, field }
    const name = legacyField(written)
    const renamed = name === undefined ? undefined : this.#scope.fields.get(name)
    return name !== undefined && renamed ? { name, field: renamed } : undefined
  }

  #subscripted(written: string, at: number, refuse: Refuse): Operand {
    const [, prefix = '', subscript = '', rest = ''] = SUBSCRIPT.exec(written) ?? refuse(at, `${written}: a name has one pair of brackets`)
    if (subscript === '') return refuse(at, `${written}: an iterator variable, or an index, stands between the brackets`)
    if (rest === '') return this.#element(written, prefix, subscript, at, refuse)
    if (!rest.startsWith('.')) return refuse(at, `${written}: after the brackets comes the name of a field: ${prefix}[${subscript}].…`)
    if (subscript === '_') return refuse(at, `${written}: "_" is no name for an iterator variable`)
    if (/^\d/.test(subscript))
      return refuse(
        at,
        `${written}: an index stands at the very end of a name (${prefix}${rest}[${subscript}]); an iterator variable has a letter first`,
      )
    if (!/^\w+$/.test(subscript)) return refuse(at, `${written}: "${subscript}" is no name for an iterator variable`)
    const known = this.#find(prefix + rest)
    if (!known)
      return refuse(at, `${this.#scope.type} has no field or constant "${prefix}${rest}"`, prefix + rest, this.#scope.fields.keys())
    if (!known.field.array || this.#scope.fields.get(`${prefix}.length`)?.array !== false)
      return refuse(at, `${written}: "${prefix}" is no list of which there are elements`)
    this.#bind({ name: subscript, over: prefix }, at, refuse)
    const field: Field = { ...known.field, array: known.field.lists === true }
    return fieldOperand({ name: `${prefix}[]${known.name.slice(prefix.length)}`, field }, at)
  }

  #bind(iterator: Iterator, at: number, refuse: Refuse): void {
    const other = this.iterator
    if (other && other.name !== iterator.name)
      refuse(at, `there is one iterator variable in an expression, not both "${other.name}" and "${iterator.name}"`)
    if (other && other.over !== iterator.over)
      refuse(at, `the iterator variable "${other.name}" goes over ${other.over}, it cannot go over ${iterator.over} too`)
    this.iterator = iterator
  }

  #element(written: string, name: string, index: string, at: number, refuse: Refuse): Operand {
    if (!/^\d{1,9}$/.test(index))
      refuse(at, `${written}: at the end of a name stands an index, a number; an iterator variable stands before a field`)
    const known = this.#find(name)
    if (!known) return refuse(at, `${this.#scope.type} has no field or constant "${name}"`, name, this.#scope.fields.keys())
    if (!known.field.array) return refuse(at, `${written}: ${name} is no array`)
    const kind = KINDS[known.field.field]
    const zero: Literal = ZEROES[kind]
    const value: Value = { value: 'element', field: known.name, index: Number(index), zero }
    return { kind, array: false, value, at, field: { name: known.name, field: { ...known.field, array: false } } }
  }

  #candidates(): string[] {
    const { macros } = this.#environment
    return [...this.#scope.fields.keys(), ...constantsIn(this.#scope).keys(), ...everywhere.keys(), ...(macros?.keys() ?? [])]
  }
}

function fieldOperand({ name, field }: { name: string; field: Field }, at: number): Operand {
  const stamps = field.field === 'int64' && !field.array ? { stamps: 1 } : {}
  return { kind: KINDS[field.field], array: field.array, value: { value: 'field', field: name }, at, field: { name, field }, ...stamps }
}
