import type { Truth } from '../model/unknown.ts'
import { fieldsIn } from './analyse.ts'
import { compileCondition } from './compile.ts'
import type { Condition, Readable } from './ir.ts'
import { printCondition } from './print.ts'

/** A part of a condition, judged. */
export interface Decision {
  /** As an expression. */
  readonly text: string
  readonly truth: Truth
  /** It made the whole what it is: were it otherwise, the whole could be. */
  readonly decides: boolean
  /** The fields that it reads with their values; of what is made of other parts none. */
  readonly values: Readonly<Record<string, unknown>>
  readonly of: readonly Decision[]
}

/** How a condition is judged, part by part, and which parts decide. It is the checked form that is explained: what runs, not what was written. */
export function decisionOf(whole: Condition, subject: Readable, decides = true): Decision {
  const condition = unwrapped(whole)
  const truth = compileCondition(condition)(subject)
  const parts = partsOf(condition)
  return {
    text: printCondition(condition),
    truth,
    decides,
    values: parts.length > 0 ? {} : Object.fromEntries([...fieldsIn(condition)].map((name) => [name, subject.get(name)])),
    of: parts.map((part) => decisionOf(part, subject, decides && (condition.op === 'not' || compileCondition(part)(subject) === truth))),
  }
}

/** A group of one is what it holds. */
function unwrapped(condition: Condition): Condition {
  if ((condition.op === 'and' || condition.op === 'or') && condition.of.length === 1) return unwrapped(condition.of[0] as Condition)
  return condition.op === 'not' ? { op: 'not', of: unwrapped(condition.of) } : condition
}

/** Of what is joined by && or ||, those parts decide that are what the whole is; what is negated always does. */
function partsOf(condition: Condition): readonly Condition[] {
  if (condition.op === 'and' || condition.op === 'or') return condition.of
  return condition.op === 'not' && (condition.of.op === 'and' || condition.of.op === 'or') ? [condition.of] : []
}

/** The parts that decide and that no other parts decide in their stead. */
export function decidersOf(decision: Decision): readonly Decision[] {
  if (!decision.decides) return []
  const below = decision.of.flatMap(decidersOf)
  return below.length > 0 ? below : [decision]
}
