import type { Checking } from './checking.ts'
import type { Arithmetic, Value } from './ir.ts'
import { described, integer, isFixed, literalIn, type Operand } from './operand.ts'

/** On 64 bits, as Go has it. */
export function calculate(op: Arithmetic, a: bigint, b: bigint): bigint {
  switch (op) {
    case '+':
      return BigInt.asIntN(64, a + b)
    case '-':
      return BigInt.asIntN(64, a - b)
    case '&':
      return a & b
    case '|':
      return a | b
    case '^':
      return a ^ b
  }
}

/** `sign`: where the operator stands. */
export function arithmeticOf(
  { op, at, sign }: { readonly op: Arithmetic; readonly at: number; readonly sign: number },
  left: Operand,
  right: Operand,
  { refuse }: Checking,
): Operand {
  const isBitwise = op === '&' || op === '|' || op === '^'
  for (const side of [left, right]) {
    // An array may be masked with a constant: that is a test of its elements' bits.
    const masked = side.array && side.field && op === '&'
    if (side.kind !== 'int' || (side.array && !masked)) refuse(side.at, `"${op}" takes numbers, but this is ${described(side)}`)
  }
  if (isBitwise && !isFixed(left) && !isFixed(right)) refuse(sign, `"${op}" needs a constant on one side, but this is ${described(right)}`)
  const stamps = op === '+' ? stampsOf(left) + stampsOf(right) : op === '-' ? stampsOf(left) - stampsOf(right) : 0
  const marks = { computed: true, stamps, ...(left.timed || right.timed ? { timed: true as const } : {}) } as const
  const [a, b] = [literalIn(left), literalIn(right)]
  if (a !== undefined && b !== undefined) return { ...integer(calculate(op, BigInt(a), BigInt(b)), at), ...marks }
  const value: Value = { value: 'arithmetic', op, left: left.value, right: right.value }
  return { kind: 'int', array: left.array || right.array, value, at, ...marks }
}

export function minus(of: Operand, at: number, checking: Checking): Operand {
  return unary('-', of, at, (value) => -value, checking)
}

export function complement(of: Operand, at: number, checking: Checking): Operand {
  return unary('^', of, at, (value) => ~value, checking)
}

function unary(op: '-' | '^', of: Operand, at: number, apply: (value: bigint) => bigint, { refuse }: Checking): Operand {
  if (of.kind !== 'int' || of.array) refuse(of.at, `"${op}" takes a number, but this is ${described(of)}`)
  const marks = { computed: true, ...(of.timed ? { timed: true as const } : {}) } as const
  const literal = literalIn(of)
  if (literal !== undefined) return { ...integer(BigInt.asIntN(64, apply(BigInt(literal))), at), ...marks }
  return { kind: 'int', array: false, value: { value: 'unary', op, of: of.value }, at, ...marks }
}

export function stampsOf({ stamps = 0 }: Operand): number {
  return stamps
}
