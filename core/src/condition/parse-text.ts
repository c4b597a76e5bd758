import { CwsError } from '../errors/cws-error.ts'
import type { Environment, WarningCode } from './environment.ts'
import { tokenize } from './lexer.ts'
import { lineAndColumn, refuseIn } from './source.ts'
import { type Node, parseTokens } from './syntax.ts'

export const MAX_LENGTH = 65_536
const MIXED = '"&&" and "||" group to the right when they are mixed: add parentheses'

/**
 * What an expression is made of. Nothing is said of what its names mean.
 * @throws CwsError CWS_ERR_CONDITION with the place
 */
export function parseText(text: string, environment: Environment, what: 'rule' | 'macro' = 'rule'): Node {
  if (text.length > MAX_LENGTH)
    throw new CwsError('CWS_ERR_CONDITION', `the condition is longer than ${MAX_LENGTH} characters`, { line: 1, column: 1 })
  const refuse = refuseIn(text)
  const mixed = (at: number): void => {
    if (environment.strict) refuse(at, MIXED)
    reportIn(text, environment, 'mixed-logic', at, MIXED)
  }
  if (last?.text === text && last.what === what) {
    for (const at of last.mixed) mixed(at)
    return last.node
  }
  const places: number[] = []
  const note = (at: number): void => {
    mixed(at)
    places.push(at)
  }
  const node = parseTokens(tokenize(text, refuse), refuse, note, what)
  last = { text, what, node, mixed: places }
  return node
}

/** Expressions are read twice in a row: first for the event that they are about, then for what they say of it. */
let last: { readonly text: string; readonly what: string; readonly node: Node; readonly mixed: readonly number[] } | undefined

export function reportIn(text: string, { report }: Environment, code: WarningCode, at: number, message: string): void {
  report?.({ code, message, ...lineAndColumn(text, at) })
}
