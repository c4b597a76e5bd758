import type { Field } from '../model/field.ts'
import type { VariableType } from './environment.ts'
import type { Condition, Literal, Value } from './ir.ts'

/** A sub-expression with its type. */
export interface Operand extends VariableType {
  readonly value: Value
  /** Where it begins. */
  readonly at: number
  /** The field that it is, or an element of: what matching is chosen by. `name` as it stands in the checked form. */
  readonly field?: { readonly name: string; readonly field: Field }
  /** A text that others are matched with. */
  readonly matching?: 'pattern' | 'regex'
  /** A duration as it is written, which makes the other side an age. */
  readonly duration?: true
  /** The result of arithmetic, of which no age is taken. */
  readonly computed?: true
  /** Some duration went into it. */
  readonly timed?: true
  /** How many more time stamps were added than taken away. */
  readonly stamps?: number
  /** What a constant list holds. */
  readonly members?: readonly Operand[]
  /** Its members are those of a macro, shared by all who use it: their place is that of the list. */
  readonly shared?: true
}

export const ALWAYS: Condition = { op: 'always' }
export const NEVER: Condition = { op: 'not', of: ALWAYS }

export const negated = (of: Condition): Condition => ({ op: 'not', of })

/** A number as the checked form has it: a bigint only where a number would not do. */
export function literalOf(value: bigint): number | bigint {
  const small = Number(value)
  return Number.isSafeInteger(small) ? small : value
}

export function integer(value: bigint, at: number): Operand {
  return { kind: 'int', array: false, value: { value: 'literal', of: literalOf(value) }, at }
}

export function truth(condition: Condition, at: number): Operand {
  const constant = constantOf(condition)
  const value: Value = constant === undefined ? { value: 'truth', of: condition } : { value: 'literal', of: constant }
  return { kind: 'bool', array: false, value, at }
}

/** What is the same whatever happens. */
export function isFixed({ value }: Operand): boolean {
  return value.value === 'literal' || value.value === 'list'
}

/** The literal that an operand is, if it is one. */
export function literalIn({ value }: Operand): Literal | undefined {
  return value.value === 'literal' ? value.of : undefined
}

/** Of a literal, itself; of a list, its members. */
export function membersOf(operand: Operand): readonly Operand[] {
  return operand.members ?? [operand]
}

/** The name of the field that an operand is; undefined for elements and all else. */
export function plainField({ value }: Operand): string | undefined {
  return value.value === 'field' ? value.field : undefined
}

function constantOf(condition: Condition): boolean | undefined {
  if (condition.op === 'always') return true
  return condition.op === 'not' && condition.of.op === 'always' ? false : undefined
}

const WORDS = { bool: 'true or false', int: 'a number', string: 'a text', ip: 'an address' } as const

/** What was expected, for messages. */
export function kindOf({ kind, array }: VariableType): string {
  return array ? `a list of ${{ bool: 'bools', int: 'numbers', string: 'texts', ip: 'addresses' }[kind]}` : WORDS[kind]
}

/** What came, for messages. */
export function described(operand: Operand): string {
  if (operand.duration) return 'a duration'
  if (operand.matching) return operand.matching === 'pattern' ? 'a pattern' : 'a regular expression'
  const { value, field } = operand
  if (value.value === 'field') return `${value.field} (${field?.field.field}${operand.array ? ' array' : ''})`
  if (value.value === 'variable') return `\${${value.name}} (${operand.kind}${operand.array ? ' array' : ''})`
  if (value.value === 'truth') return 'a condition'
  return kindOf(operand)
}
