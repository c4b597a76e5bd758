import { CwsError, type Field, parseValue, type VariableType } from '@cws/core'
import type { Problem } from '../report.ts'
import { actionSchema, type SetDefinition, type WrittenValue } from './action-schema.ts'
import type { Language } from './language.ts'
import type { MergedRule, WrittenAction } from './merge.ts'

export type VariableScope = 'global' | 'process' | 'container' | 'cgroup'
/** A value as variables hold it. Whole numbers of 64 bits that are safe are numbers. */
export type Scalar = boolean | number | bigint | string

/** A variable as policies declare it. */
export interface Declaration {
  /** As expressions name it: `name`, `scope.name`. */
  readonly name: string
  readonly scope: VariableScope
  readonly type: VariableType
  readonly private: boolean
  /** Of the last that declared it. */
  initial: Scalar | readonly Scalar[]
  /** 0: for ever. */
  ttlMs: number
  size: number
  inherited: boolean
}

/** The variables that the rules of all policies declare; what cannot be declared is told of its action, which is then left out. */
export class Declarations {
  readonly byName = new Map<string, Declaration>()
  /** Why an action is left out. */
  readonly refused = new Map<WrittenAction, Problem>()
  readonly #language: Language

  constructor(rules: readonly MergedRule[], language: Language) {
    this.#language = language
    for (const { actions } of rules)
      for (const action of actions) {
        const parsed = actionSchema.safeParse(action.value)
        if (!parsed.success || !parsed.data.set) continue
        const wrong = this.#declare(parsed.data.set)
        if (wrong !== undefined) this.refused.set(action, action.policy.problem('error', `\`set\`: ${wrong}`, [...action.path, 'set']))
      }
  }

  get types(): ReadonlyMap<string, VariableType> {
    return new Map([...this.byName].map(([name, { type }]) => [name, type]))
  }

  /** What is wrong, if something is. */
  #declare(set: SetDefinition): string | undefined {
    const { scope = 'global', append = false, inherited = false, size = 100, ttl = 0 } = set
    const sources = [set.value, set.field, set.expression].filter((one) => one !== undefined).length
    if (sources !== 1) return 'one of `value`, `field` and `expression` is needed'
    if (set.expression !== undefined && set.default_value === undefined) return '`expression` needs a `default_value`, which tells the type'
    if (scope !== 'process' && (inherited || set.scope_field !== undefined))
      return '`inherited` and `scope_field` are for variables of scope process'
    for (const value of [set.value, set.default_value]) if (Array.isArray(value) && value.length === 0) return 'an empty list has no type'
    const type = this.#typeOf(set, append)
    if (typeof type === 'string') return type
    const name = scope === 'global' ? set.name : `${scope}.${set.name}`
    if (this.#language.fields.has(name)) return `"${name}" is a field`
    if (scope === 'global' && isConstant(name)) return `"${name}" is a constant`
    const known = this.byName.get(name)
    const isPrivate = set.private === true
    if (known && (known.type.kind !== type.kind || known.type.array !== type.array))
      return `"${name}" is ${typeText(known.type)} elsewhere, and ${typeText(type)} here`
    if (known && known.private !== isPrivate) return `"${name}" is ${known.private ? '' : 'not '}private elsewhere`
    const initial = initialOf(set.default_value, type)
    if (known) Object.assign(known, { initial, ttlMs: ttl, size, inherited })
    else this.byName.set(name, { name, scope, type, private: isPrivate, initial, ttlMs: ttl, size, inherited })
    return undefined
  }

  #typeOf(set: SetDefinition, append: boolean): VariableType | string {
    const given = [set.default_value, set.value].filter((one) => one !== undefined).map((one) => typeOfValue(one, append))
    const [first, second] = given
    if (first && second && (first.kind !== second.kind || first.array !== second.array))
      return '`value` and `default_value` are of different types'
    const field = set.field === undefined ? undefined : this.#language.fields.get(set.field)
    // What is no field at all is told where the rule is checked.
    const ofField = field && typeOfField(field, append)
    if (first && ofField && (first.kind !== ofField.kind || first.array !== ofField.array))
      return `\`default_value\` is ${typeText(first)}, and ${set.field} is ${typeText(ofField)}`
    return first ?? ofField ?? { kind: 'string', array: append }
  }
}

/** A bool stays a scalar, whatever is appended to it. */
function typeOfValue(value: WrittenValue, append: boolean): VariableType {
  const one = Array.isArray(value) ? value[0] : value
  const kind = typeof one === 'boolean' ? 'bool' : typeof one === 'number' ? 'int' : 'string'
  return { kind, array: Array.isArray(value) || (append && kind !== 'bool') }
}

const KINDS = { string: 'string', path: 'string', int: 'int', int64: 'int', bool: 'bool', ip: 'ip' } as const

function typeOfField({ field, array }: Field, append: boolean): VariableType {
  const kind = KINDS[field]
  return { kind, array: array || kind === 'ip' || (append && kind !== 'bool') }
}

export function typeText({ kind, array }: VariableType): string {
  return array ? `a list of ${kind}` : kind
}

const ZEROES = { bool: false, int: 0, string: '', ip: '' } as const

function initialOf(value: WrittenValue | undefined, { kind, array }: VariableType): Declaration['initial'] {
  if (value === undefined) return array ? [] : ZEROES[kind]
  if (!array) return value as Scalar
  return Array.isArray(value) ? value : [value as Scalar]
}

/** Whether a name means a constant, wherever it stands. */
export function isConstant(name: string): boolean {
  try {
    parseValue(name, { type: 'nothing', fields: new Map() })
    return true
  } catch (error) {
    if (error instanceof CwsError) return false
    throw error
  }
}
