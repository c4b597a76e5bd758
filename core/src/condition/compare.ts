import { conditionOf } from './as-condition.ts'
import type { Checking } from './checking.ts'
import { compareNumbers } from './compare-numbers.ts'
import { compareTexts } from './compare-texts.ts'
import type { Condition } from './ir.ts'
import { described, isFixed, kindOf, literalIn, negated, type Operand, plainField } from './operand.ts'
import type { Operator } from './syntax.ts'

/** `left op right`; `at` is where the operator stands. */
export function compare(op: Operator, left: Operand, right: Operand, at: number, checking: Checking): Condition {
  const { refuse } = checking
  if (left.kind !== right.kind)
    refuse(right.at, `${kindOf({ kind: left.kind, array: false })} was expected, but this is ${described(right)}`)
  for (const side of [left, right])
    if (side.members && side.kind !== 'int')
      refuse(side.at, `${kindOf({ kind: side.kind, array: false })} was expected, but this is ${described(side)}: use "in"`)
  switch (left.kind) {
    case 'bool':
      return compareBools(op, left, right, at, checking)
    case 'int':
      return compareNumbers(op, left, right, at, checking)
    case 'string':
      return compareTexts(op, left, right, at, checking)
    case 'ip':
      return compareAddresses(op, left, right, at, checking)
  }
}

function compareBools(op: Operator, left: Operand, right: Operand, at: number, checking: Checking): Condition {
  const { refuse } = checking
  if (op !== '==' && op !== '!=') return refuse(at, `"${op}" does not compare what is true or false`)
  if (right.array) return refuse(right.at, `true or false was expected, but this is ${described(right)}; an array stands on the left`)
  const equal = equalBools(left, right, checking)
  return op === '==' ? equal : negated(equal)
}

function equalBools(left: Operand, right: Operand, checking: Checking): Condition {
  const constant = literalIn(right)
  const field = plainField(left)
  // On an array, `== false` means "some element is false", which is not "no element is true".
  if (left.array && constant !== undefined && field !== undefined) return { op: 'oneof', field, any: [constant] }
  if (!left.array && constant !== undefined) return constant ? conditionOf(left, checking) : negated(conditionOf(left, checking))
  if (!left.array && literalIn(left) !== undefined) return equalBools(right, left, checking)
  const other = plainField(right)
  if (field !== undefined && other !== undefined) return { op: 'same', field, other }
  return { op: 'relate', cmp: '==', left: left.value, right: right.value }
}

function compareAddresses(op: Operator, left: Operand, right: Operand, at: number, { refuse }: Checking): Condition {
  if (op !== '==' && op !== '!=') return refuse(at, `addresses are compared with == and !=, not "${op}"`)
  if (right.array) return refuse(right.at, `an address was expected, but this is ${described(right)}: use "in"`)
  const [one, other] = isFixed(left) ? [right, left] : [left, right]
  const meets: Condition = { op: 'network', left: one.value, right: other.value }
  return op === '==' ? meets : negated(meets)
}
