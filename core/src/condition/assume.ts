import type { Truth } from '../model/unknown.ts'
import { simplify } from './analyse.ts'
import type { Condition, Leaf } from './ir.ts'

/** The tests that a condition is made of, from left to right. A `some` is one, whatever is tested of its elements. */
export function leavesIn(condition: Condition): Leaf[] {
  switch (condition.op) {
    case 'always':
      return []
    case 'and':
    case 'or':
      return condition.of.flatMap(leavesIn)
    case 'not':
      return leavesIn(condition.of)
    default:
      return [condition]
  }
}

const ALWAYS: Condition = { op: 'always' }
const NEVER: Condition = { op: 'not', of: ALWAYS }

/**
 * What is left to judge of a condition once some of its tests are known: those of which `truthOf` gives true or false are decided, the others
 * stay, the same objects as before. Simplified.
 */
export function assume(condition: Condition, truthOf: (leaf: Leaf) => Truth | undefined): Condition {
  const decide = (part: Condition): Condition => {
    switch (part.op) {
      case 'always':
        return part
      case 'and':
      case 'or':
        return { op: part.op, of: part.of.map(decide) }
      case 'not':
        return { op: 'not', of: decide(part.of) }
      default: {
        const truth = truthOf(part)
        return truth === true ? ALWAYS : truth === false ? NEVER : part
      }
    }
  }
  return simplify(decide(condition))
}
