import { fieldsIn } from './analyse.ts'
import type { Condition } from './ir.ts'

/** What a condition can become. */
interface Possible {
  readonly true: boolean
  readonly false: boolean
}

/**
 * The fields for want of which a condition can never be true: of those that nobody tells, all that it reads. Empty if it can be true without
 * them. A test of a field that nobody tells is UNKNOWN for ever, and so is its negation. Variables may be anything.
 */
export function lackingFields(condition: Condition, isTold: (field: string) => boolean): readonly string[] {
  const told = (name: string) => name.startsWith('${') || isTold(name)
  return possible(condition, told).true ? [] : [...fieldsIn(condition)].filter((name) => !told(name))
}

function possible(condition: Condition, isTold: (field: string) => boolean): Possible {
  switch (condition.op) {
    case 'always':
      return { true: true, false: false }
    case 'not': {
      const inner = possible(condition.of, isTold)
      return { true: inner.false, false: inner.true }
    }
    case 'and': {
      const parts = condition.of.map((part) => possible(part, isTold))
      return { true: parts.every((part) => part.true), false: parts.some((part) => part.false) }
    }
    case 'or': {
      const parts = condition.of.map((part) => possible(part, isTold))
      return { true: parts.some((part) => part.true), false: parts.every((part) => part.false) }
    }
    case 'some':
      // Of an empty list it is false, whatever it asks of the elements.
      return { true: possible(condition.of, isTold).true && isTold(`${condition.over}.length`), false: isTold(`${condition.over}.length`) }
    default: {
      const known = [...fieldsIn(condition)].every(isTold)
      return { true: known, false: known }
    }
  }
}
