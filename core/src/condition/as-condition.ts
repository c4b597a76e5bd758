import type { Checking } from './checking.ts'
import type { Condition } from './ir.ts'
import { ALWAYS, described, NEVER, type Operand } from './operand.ts'

/** A bool as a condition. Of an array field: some element is true. */
export function conditionOf(operand: Operand, { refuse }: Checking): Condition {
  const { value } = operand
  switch (value.value) {
    case 'literal':
      return value.of === true ? ALWAYS : NEVER
    case 'truth':
      return value.of
    case 'field':
      return { op: 'test', field: value.field }
    case 'list':
      return refuse(operand.at, `a condition was expected, but this is ${described(operand)}`)
    default:
      return { op: 'is', value }
  }
}
