import { UNKNOWN } from '../model/unknown.ts'
import { fieldNamesIn } from './analyse.ts'
import type { Environment, Surroundings } from './environment.ts'
import { Evaluation, type Explanation } from './evaluate.ts'
import type { Condition, Readable, Scope } from './ir.ts'
import { parseCondition } from './parse.ts'
import { parseText } from './parse-text.ts'
import { MAX_ELEMENTS } from './some.ts'

/**
 * How an expression is judged on one event: each of its parts with its place, its truth, and the values that were read. Nothing is left out
 * because something else decides. With an iterator variable it is the explanation for the first element that fulfils the expression, else for
 * the first that is UNKNOWN (it may be the one beyond a list that was cut), else for the nearest.
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
  if (none.truth !== false) return none
  if (length > MAX_ELEMENTS) return { ...none, truth: UNKNOWN }
  if (!isCut(condition, subject, length)) return none
  const beyond = explain(length)
  return beyond.truth === false ? none : { ...beyond, truth: UNKNOWN, element: length }
}

/** Whether a list of which the elements are tested is longer than is counted, as that of a lineage is which is not known to its root. */
function isCut({ over, of }: Condition & { op: 'some' }, subject: Readable, length: number): boolean {
  for (const name of fieldNamesIn(of)) {
    const list = name.startsWith(`${over}[].`) && subject.get(name.replace('[]', ''))
    if (Array.isArray(list) && list.length > length) return true
  }
  return false
}
