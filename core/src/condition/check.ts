import type { Field } from '../model/field.ts'
import type { Comparison, Condition, Scope } from './ir.ts'
import { numberFor, regexMatcher, textMatcher } from './literal.ts'
import type { Arithmetic, Node, Operator } from './syntax.ts'

/** Says what is wrong at an offset; `word` is what may be misspelt for one of `candidates`. */
export type Refuse = (at: number, message: string, word?: string, candidates?: Iterable<string>) => never

/** What a sub-expression is. A field of type bool is a condition that remembers its name. */
type Value =
  | { readonly type: 'condition'; readonly condition: Condition; readonly field?: Field; readonly name?: string }
  | { readonly type: 'field'; readonly name: string; readonly field: Field }
  | { readonly type: 'masked'; readonly name: string; readonly field: Field; readonly mask: bigint }
  | { readonly type: 'int' | 'duration'; readonly value: bigint }
  | { readonly type: 'text'; readonly kind: 'string' | 'pattern' | 'regex'; readonly text: string }

const ALWAYS: Condition = { op: 'always' }
const NEVER: Condition = { op: 'not', of: ALWAYS }
const MIRRORED: Readonly<Record<Operator, Operator>> = {
  '==': '==',
  '!=': '!=',
  '=~': '=~',
  '!~': '!~',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}
const constantsOf = new WeakMap<Scope, ReadonlyMap<string, bigint>>()

/** Checks an expression's types against a scope and brings it to the common form. */
export function checkExpression(root: Node, scope: Scope, refuse: Refuse): Condition {
  const constants = constantsIn(scope)

  function condition(node: Node): Condition {
    const value = evaluate(node)
    return value.type === 'condition' ? value.condition : refuse(node.at, `a condition was expected, but this is ${described(value)}`)
  }

  function evaluate(node: Node): Value {
    switch (node.kind) {
      case 'name':
        return named(node.name, node.at)
      case 'int':
      case 'duration':
        return { type: node.kind, value: node.value }
      case 'string':
      case 'pattern':
      case 'regex':
        return { type: 'text', kind: node.kind, text: node.text }
      case 'list':
        return refuse(node.at, 'a list stands only after "in"')
      case 'logic':
        return { type: 'condition', condition: { op: node.op, of: node.of.map(condition) } }
      case 'unary':
        return unary(node.op, node.of, node.at)
      case 'arithmetic':
        return arithmetic(node.op, evaluate(node.left), evaluate(node.right), node.at)
      case 'compare':
        return { type: 'condition', condition: compare(node.op, evaluate(node.left), evaluate(node.right), node.at, node.right.at) }
      case 'in': {
        const held = membership(evaluate(node.left), node.right, node.at)
        return { type: 'condition', condition: node.negated ? { op: 'not', of: held } : held }
      }
    }
  }

  function named(name: string, at: number): Value {
    if (name === 'true' || name === 'false') return { type: 'condition', condition: name === 'true' ? ALWAYS : NEVER }
    const constant = constants.get(name)
    if (constant !== undefined) return { type: 'int', value: constant }
    if (/[[\]]/.test(name)) refuse(at, `subscripts are not known here: ${name}`)
    const field = scope.fields.get(name)
    if (!field) return refuse(at, `${scope.type} has no field or constant "${name}"`, name, [...scope.fields.keys(), ...constants.keys()])
    if (field.field === 'bool') return { type: 'condition', condition: { op: 'test', field: name }, field, name }
    return { type: 'field', name, field }
  }

  function unary(op: '!' | '-' | '^', of: Node, at: number): Value {
    if (op === '!') {
      const inner = evaluate(of)
      if (inner.type !== 'condition')
        return refuse(of.at, `"!" and "not" bind tightest and take a condition, but this is ${described(inner)}: add parentheses`)
      return { type: 'condition', condition: { op: 'not', of: inner.condition } }
    }
    const inner = evaluate(of)
    if (inner.type !== 'int' && inner.type !== 'duration') return refuse(at, `"${op}" takes a number, but this is ${described(inner)}`)
    return { type: 'int', value: BigInt.asIntN(64, op === '-' ? -inner.value : ~inner.value) }
  }

  function arithmetic(op: Arithmetic, left: Value, right: Value, at: number): Value {
    if (op === '&' && left.type === 'field' && right.type === 'int' && isNumeric(left.field))
      return { ...left, type: 'masked', mask: right.value }
    if (op === '&' && right.type === 'field' && left.type === 'int' && isNumeric(right.field))
      return { ...right, type: 'masked', mask: left.value }
    if ((left.type !== 'int' && left.type !== 'duration') || (right.type !== 'int' && right.type !== 'duration'))
      return refuse(at, `"${op}" of ${described(left)} and ${described(right)} is not known here; fields may be masked with constants`)
    const [a, b] = [left.value, right.value]
    const value = op === '+' ? a + b : op === '-' ? a - b : op === '&' ? a & b : op === '|' ? a | b : a ^ b
    return { type: 'int', value: BigInt.asIntN(64, value) }
  }

  function compare(op: Operator, left: Value, right: Value, at: number, rightAt: number): Condition {
    if (left.type === 'condition') return compareConditions(op, left, right, at, rightAt)
    if (left.type === 'field' || left.type === 'masked') {
      if (left.type === 'field' && right.type === 'field') return compareFields(op, left, right, at, rightAt)
      if (left.type === 'field' && isText(left.field)) return compareText(op, left, right, at, rightAt)
      if (right.type === 'int')
        return left.type === 'field' ? compareNumber(op, left, right.value, at) : compareMasked(op, left, right.value, at)
      if (right.type === 'duration' && left.type === 'field') return compareAge(op, left, right.value, at)
      return refuse(rightAt, `a number was expected, but this is ${described(right)}`)
    }
    if (right.type === 'field' || right.type === 'masked') {
      if (right.field.array && left.type === 'text') return refuse(rightAt, `${right.name} is an array: write it on the left, or use "in"`)
      if (left.type === 'duration') return refuse(at, 'an age is written with the duration on the right: process.created_at < 5s')
      return compare(MIRRORED[op], right, left, at, at)
    }
    return compareConstants(op, left, right, at, rightAt)
  }

  function compareConditions(op: Operator, left: Value & { type: 'condition' }, right: Value, at: number, rightAt: number): Condition {
    if (right.type !== 'condition') return refuse(rightAt, `true, false or a condition was expected, but this is ${described(right)}`)
    if (op !== '==' && op !== '!=') return refuse(at, `"${op}" does not compare conditions`)
    const constant = truthOf(right.condition)
    const positive = (): Condition => {
      // On an array, `== false` means "some element is false", which is not "no element is true".
      if (constant !== undefined && left.field?.array) return { op: 'oneof', field: left.name as string, any: [constant] }
      if (constant !== undefined) return constant ? left.condition : { op: 'not', of: left.condition }
      const both: Condition = { op: 'and', of: [left.condition, right.condition] }
      const neither: Condition = {
        op: 'and',
        of: [
          { op: 'not', of: left.condition },
          { op: 'not', of: right.condition },
        ],
      }
      return { op: 'or', of: [both, neither] }
    }
    if (constant === undefined && truthOf(left.condition) !== undefined) return compareConditions(op, right, left, at, at)
    return op === '==' ? positive() : { op: 'not', of: positive() }
  }

  function compareFields(
    op: Operator,
    left: Value & { type: 'field' },
    right: Value & { type: 'field' },
    at: number,
    rightAt: number,
  ): Condition {
    if (isText(left.field) !== isText(right.field)) return refuse(rightAt, `${left.name} and ${right.name} are of different types`)
    if (op !== '==' && op !== '!=') return refuse(at, `two fields are compared with == and != only`)
    if (isText(left.field) && right.field.array) return refuse(rightAt, `${right.name} is an array: use "in"`)
    const same: Condition = { op: 'same', field: left.name, other: right.name }
    return op === '==' ? same : { op: 'not', of: same }
  }

  function compareText(op: Operator, left: Value & { type: 'field' }, right: Value, at: number, rightAt: number): Condition {
    if (right.type !== 'text') return refuse(rightAt, `a text was expected, but this is ${described(right)}`)
    if (op === '<' || op === '<=' || op === '>' || op === '>=') return refuse(at, `texts have no order: "${op}"`)
    const wild = right.kind === 'pattern' || op === '=~' || op === '!~'
    const match: Condition = { op: 'match', field: left.name, any: [matcher(left, right, wild, rightAt)] }
    return op === '==' || op === '=~' ? match : { op: 'not', of: match }
  }

  function matcher({ name, field }: Value & { type: 'field' }, { kind, text }: Value & { type: 'text' }, wild: boolean, at: number) {
    const fail = (message: string): never => refuse(at, message)
    if (kind === 'regex') {
      if (field.field === 'path') fail(`regular expressions are not for paths: use a glob for ${name}`)
      return regexMatcher(name, text, fail)
    }
    if (wild && field.field === 'path' && text.split('/').filter((segment) => segment === '**').length > 1)
      fail('`**` is allowed once in a glob')
    return textMatcher(name, field, text, wild, fail)
  }

  function compareNumber(op: Operator, { name, field }: Value & { type: 'field' }, value: bigint, at: number): Condition {
    const number = numberFor(name, field, value, (message) => refuse(at, message))
    if (op === '=~' || op === '!~') return refuse(at, `"${op}" matches texts; ${name} is a number`)
    if (op !== '==' && op !== '!=') return { op: 'compare', field: name, cmp: op, value: number }
    const equal: Condition = { op: 'oneof', field: name, any: [number] }
    return op === '==' ? equal : { op: 'not', of: equal }
  }

  function compareMasked(op: Operator, { name, field, mask }: Value & { type: 'masked' }, value: bigint, at: number): Condition {
    const fail = (message: string): never => refuse(at, message)
    const some: Condition = { op: 'bits', field: name, mask: numberFor(name, field, mask, fail) }
    if (value === 0n && (op === '>' || op === '!=')) return some
    if (op !== '==' && op !== '!=') return fail(`masked bits are compared with == and !=, or with > 0`)
    const exactly: Condition = value === 0n ? { op: 'not', of: some } : { ...some, equals: numberFor(name, field, value, fail) }
    return op === '==' ? exactly : { op: 'not', of: exactly }
  }

  function compareAge(op: Operator, { name, field }: Value & { type: 'field' }, value: bigint, at: number): Condition {
    if (op === '<' || op === '<=' || op === '>' || op === '>=') {
      if (field.field !== 'int64') return refuse(at, `${name} is no time stamp`)
      return { op: 'age', field: name, cmp: op satisfies Comparison, value }
    }
    return refuse(at, 'ages are compared with < <= > >=')
  }

  function compareConstants(op: Operator, left: Value, right: Value, at: number, rightAt: number): Condition {
    if (left.type === 'text' && right.type === 'text') {
      if (op !== '==' && op !== '!=') return refuse(at, `"${op}" needs a field`)
      return (left.text === right.text) === (op === '==') ? ALWAYS : NEVER
    }
    if (left.type !== 'int' || (right.type !== 'int' && right.type !== 'duration'))
      return refuse(rightAt, `${described(left)} cannot be compared with ${described(right)}`)
    const [a, b] = [left.value, right.value]
    if (op === '=~' || op === '!~') return refuse(at, `"${op}" matches texts`)
    const holds = { '==': a === b, '!=': a !== b, '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b }[op]
    return holds ? ALWAYS : NEVER
  }

  function membership(left: Value, right: Node, at: number): Condition {
    if (right.kind === 'list') return membershipInList(left, right.items, at)
    const array = evaluate(right)
    if (array.type !== 'field' || !array.field.array)
      return refuse(right.at, `a list or an array field was expected, but this is ${described(array)}`)
    if (left.type === 'field') {
      if (isText(left.field) !== isText(array.field)) return refuse(right.at, `${left.name} and ${array.name} are of different types`)
      return { op: 'same', field: left.name, other: array.name }
    }
    if (left.type === 'text' && isText(array.field))
      return { op: 'match', field: array.name, any: [matcher(array, left, left.kind === 'pattern', at)] }
    if (left.type === 'int' && isNumeric(array.field)) return compareNumber('==', array, left.value, at)
    return refuse(at, `${described(left)} cannot be in ${array.name}`)
  }

  function membershipInList(left: Value, items: readonly Node[], at: number): Condition {
    if (left.type !== 'field') return refuse(at, `"in" with a list needs a field on the left, but this is ${described(left)}`)
    const values = items.map((item) => ({ value: evaluate(item), at: item.at }))
    if (isText(left.field)) {
      const any = values.map(({ value, at: itemAt }) =>
        value.type === 'text'
          ? matcher(left, value, value.kind === 'pattern', itemAt)
          : refuse(itemAt, `a text was expected, but this is ${described(value)}`),
      )
      return { op: 'match', field: left.name, any }
    }
    const any = values.map(({ value, at: itemAt }) =>
      value.type === 'int'
        ? numberFor(left.name, left.field, value.value, (message) => refuse(itemAt, message))
        : refuse(itemAt, `a number was expected, but this is ${described(value)}`),
    )
    return { op: 'oneof', field: left.name, any }
  }

  return condition(root)
}

function constantsIn(scope: Scope): ReadonlyMap<string, bigint> {
  const known = constantsOf.get(scope)
  if (known) return known
  const constants = new Map<string, bigint>()
  for (const field of scope.fields.values())
    for (const [name, value] of Object.entries(field.constants ?? {})) constants.set(name, BigInt(value))
  constantsOf.set(scope, constants)
  return constants
}

function truthOf(condition: Condition): boolean | undefined {
  if (condition.op === 'always') return true
  return condition.op === 'not' && condition.of.op === 'always' ? false : undefined
}

function isText(field: Field): boolean {
  return field.field === 'string' || field.field === 'path'
}

function isNumeric(field: Field): boolean {
  return field.field === 'int' || field.field === 'int64'
}

function described(value: Value): string {
  switch (value.type) {
    case 'condition':
      return value.name ? `${value.name} (bool)` : 'a condition'
    case 'field':
      return `${value.name} (${value.field.field}${value.field.array ? ' array' : ''})`
    case 'masked':
      return 'a number of masked bits'
    case 'int':
      return 'a number'
    case 'duration':
      return 'a duration'
    case 'text':
      return value.kind === 'string' ? 'a text' : `a ${value.kind}`
  }
}
