import { UNKNOWN } from '../model/unknown.ts'
import type { Environment, Surroundings } from './environment.ts'
import { Evaluation, type Explanation } from './evaluate.ts'
import type { Readable, Scope } from './ir.ts'
import { parseCondition } from './parse.ts'
import { parseText } from './parse-text.ts'
import { MAX_ELEMENTS } from './some.ts'

/**
 * How an expression is judged on one event: each of its parts with its place, its truth, and the values that were read. Nothing is left out
 * because something else decides. With an iterator variable it is the explanation for the first element that fulfils the expression, else for
 * the first that is UNKNOWN, else for the nearest.
 * @throws CwsError CWS_ERR_CONDITION if the text is no condition
 */
export function explainExpression(
  text: string,
  scope: Scope,
  subject: Readable,
  environment: Environment = {},
  surroundings: Surroundings = {},
): Explanation {
  const condition = parseCondition(text, scope, undefined, environment)
  const node = parseText(text, { ...environment, report: () => {} })
  const explain = (element?: number): Explanation =>
    new Evaluation({ text, scope, environment, surroundings, subject, ...(element === undefined ? {} : { element }) }).explain(node)
  if (condition.op !== 'some') return explain()
  const length = subject.get(`${condition.over}.length`)
  if (typeof length !== 'number') return { ...explain(0), truth: UNKNOWN }
  let best: Explanation | undefined
  for (let element = 0; element < Math.min(length, MAX_ELEMENTS); element++) {
    const one = { ...explain(element), element }
    if (one.truth === true) return one
    if (!best || (best.truth === false && one.truth === UNKNOWN)) best = one
  }
  const none = best ?? { ...explain(0), truth: false as const }
  return none.truth === false && length > MAX_ELEMENTS ? { ...none, truth: UNKNOWN } : none
}
