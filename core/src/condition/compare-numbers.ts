import { stampsOf } from './arithmetic.ts'
import type { Checking } from './checking.ts'
import type { Condition, Value } from './ir.ts'
import { numberFor } from './literal.ts'
import { membership } from './membership.ts'
import { ALWAYS, described, integer, isFixed, literalIn, membersOf, NEVER, negated, type Operand, plainField } from './operand.ts'
import type { Operator } from './syntax.ts'

type NumberOperator = Exclude<Operator, '=~' | '!~'>

const MIRRORED: Readonly<Record<NumberOperator, NumberOperator>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

export function compareNumbers(op: Operator, left: Operand, right: Operand, at: number, checking: Checking): Condition {
  const { refuse } = checking
  if (op === '=~' || op === '!~') return refuse(at, `"${op}" matches texts, and these are numbers`)
  if (left.array && right.array) return refuse(right.at, `a number was expected, but this is ${described(right)}: use "in"`)
  if (left.members && right.duration) return refuse(left.at, `a time stamp was expected, but this is ${described(left)}`)
  if (left.members || right.members) return withBound(op, left, right, at, checking)
  if (right.duration && !left.computed) return compareAge(op, left, right, at, checking)
  warnOfConstants(left, right, checking)
  if (isFixed(left) && !isFixed(right)) return related(MIRRORED[op], right, left, checking)
  return related(op, left, right, checking)
}

/** Some number of a constant list is greater than a value if the greatest is. Equality is left to "in". */
function withBound(op: NumberOperator, left: Operand, right: Operand, at: number, checking: Checking): Condition {
  if (op === '==' || op === '!=') {
    const held = left.members ? membership('in', right, left, checking) : membership('in', left, right, checking)
    return either(op, held)
  }
  const list = left.members ? left : right
  const wantsGreatest = (op === '>' || op === '>=') === (list === left)
  const values = membersOf(list).map((member) => BigInt(literalIn(member) as number))
  const bound = values.reduce((best, value) => (value > best === wantsGreatest ? value : best))
  const literal = integer(bound, list.at)
  return list === left ? compareNumbers(op, literal, right, at, checking) : compareNumbers(op, left, literal, at, checking)
}

/** A duration that is compared with a time stamp, not with a difference of two: `5s > process.created_at`. */
function warnOfConstants(left: Operand, right: Operand, { warn }: Checking): void {
  if (!left.timed && !right.timed) return
  if (stampsOf(left) === stampsOf(right)) return
  const place = left.duration ? left.at : right.at
  warn(
    'constant-duration',
    place,
    'this is no age, and so always true or always false: an age is written with the duration alone on the right, process.created_at < 5s',
  )
}

function compareAge(op: NumberOperator, left: Operand, right: Operand, at: number, { refuse, warn }: Checking): Condition {
  if (op === '!=' || (op === '==' && left.array))
    return refuse(at, `ages are compared with < <= > >=${left.array ? '' : ' =='}, not "${op}"`)
  if (isFixed(left)) warn('constant-duration', right.at, 'the age of a constant is compared, which is always true or always false')
  if (left.field && left.field.field.field !== 'int64') return refuse(left.at, `${left.field.name} is no time stamp`)
  const value = BigInt(literalIn(right) as number)
  const field = plainField(left)
  if (field !== undefined && op !== '==') return { op: 'age', field, cmp: op, value }
  return { op: 'relate', cmp: op, left: { value: 'age', of: left.value }, right: right.value }
}

function related(op: NumberOperator, left: Operand, right: Operand, { refuse }: Checking): Condition {
  const [constant, other] = [literalIn(right), literalIn(left)]
  if (constant !== undefined && other !== undefined) return holds(op, BigInt(other), BigInt(constant)) ? ALWAYS : NEVER
  if (constant !== undefined) {
    const of = fieldTest(op, left, BigInt(constant), (message) => refuse(right.at, message))
    if (of) return of
    if (left.array && left.value.value === 'arithmetic')
      return refuse(right.at, 'masked bits of an array are compared with == and !=, or with > 0')
  }
  const [field, second] = [plainField(left), plainField(right)]
  if (field !== undefined && second !== undefined && (op === '==' || op === '!=')) return either(op, { op: 'same', field, other: second })
  return either(op, { op: 'relate', cmp: op === '!=' ? '==' : op, left: left.value, right: right.value })
}

/** What the tests of one field can say: compared with a number, or masked with one and compared. */
function fieldTest(op: NumberOperator, left: Operand, value: bigint, fail: (message: string) => never): Condition | undefined {
  const field = plainField(left)
  if (field !== undefined && left.field) {
    const number = numberFor(field, left.field.field, value, fail)
    if (op === '==' || op === '!=') return either(op, { op: 'oneof', field, any: [number] })
    return { op: 'compare', field, cmp: op, value: number }
  }
  const masked = maskOf(left.value)
  if (!masked) return undefined
  const some: Condition = { op: 'bits', ...masked }
  if (value === 0n && op === '>' && masked.mask >= 0) return some
  // On an array `!= 0` means that no element's bits are 0, which is not "some element's are set".
  if (value === 0n && !left.array && (op === '==' || op === '!=')) return either(op, negated(some))
  if (op !== '==' && op !== '!=') return undefined
  return either(op, { ...some, equals: value > 0x7fff_ffffn || value < 0n ? value : Number(value) })
}

function maskOf(value: Value): { field: string; mask: number | bigint } | undefined {
  if (value.value !== 'arithmetic' || value.op !== '&') return undefined
  const [field, mask] = value.left.value === 'field' ? [value.left, value.right] : [value.right, value.left]
  if (field.value !== 'field' || mask.value !== 'literal') return undefined
  return { field: field.field, mask: mask.of as number | bigint }
}

function either(op: NumberOperator, condition: Condition): Condition {
  if (op !== '!=') return condition
  return condition.op === 'not' ? condition.of : negated(condition)
}

export function holds(op: NumberOperator, a: bigint, b: bigint): boolean {
  switch (op) {
    case '==':
      return a === b
    case '!=':
      return a !== b
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    case '>=':
      return a >= b
  }
}
