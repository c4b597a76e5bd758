import { UNKNOWN } from '../model/unknown.ts'
import { fieldNamesIn } from './analyse.ts'
import { compileCondition } from './compile.ts'
import type { Condition, Leaf } from './ir.ts'

/**
 * Whether a condition can still be true of an event of which only this one value is known. False only if no event with that value fulfils it:
 * it can then be dropped early. For the fields of lists (`process.ancestors.comm`) the value is the whole list.
 */
export function partial(condition: Condition, field: string, value: unknown): boolean {
  const subject = { get: (name: string): unknown => (name === field ? value : UNKNOWN) }
  const isDecided = (leaf: Leaf): boolean => {
    const read = fieldNamesIn(leaf)
    return read.size <= 1 && (read.size === 0 || read.has(field))
  }
  /** Whether it can be true, and whether it can be false. */
  const can = (part: Condition): readonly [boolean, boolean] => {
    switch (part.op) {
      case 'always':
        return [true, false]
      case 'and': {
        const parts = part.of.map(can)
        return [parts.every(([holds]) => holds), parts.some(([, fails]) => fails)]
      }
      case 'or': {
        const parts = part.of.map(can)
        return [parts.some(([holds]) => holds), parts.every(([, fails]) => fails)]
      }
      case 'not': {
        const [holds, fails] = can(part.of)
        return [fails, holds]
      }
      case 'some':
        // Of an empty list it is false. Of any other, some element must fulfil it, whose fields can be anything.
        return [can(part.of)[0], true]
      default: {
        const truth = isDecided(part) ? compileCondition(part)(subject) : UNKNOWN
        return [truth !== false, truth !== true]
      }
    }
  }
  return can(condition)[0]
}
