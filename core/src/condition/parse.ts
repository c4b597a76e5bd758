import { codeFrameColumns } from '@babel/code-frame'
import { CwsError } from '../errors/cws-error.ts'
import { nearest } from '../model/nearest.ts'
import { checkExpression } from './check.ts'
import type { Condition, Scope } from './ir.ts'
import { tokenize } from './lexer.ts'
import { parseTokens } from './syntax.ts'

const MAX_LENGTH = 65_536
const FRAME_WIDTH = 100

/**
 * Parses an expression of the rule language (SECL's core) and checks it against a scope. `warn` hears of what is legal but misleading.
 * @throws CwsError CWS_ERR_CONDITION with `line:column` in the message and a code frame.
 */
export function parseCondition(text: string, scope: Scope, warn?: (warning: string) => void): Condition {
  if (text.length > MAX_LENGTH)
    throw new CwsError('CWS_ERR_CONDITION', `${scope.type}: the condition is longer than ${MAX_LENGTH} characters`)
  const refuse = (at: number, message: string, word?: string, candidates: Iterable<string> = []): never => {
    const suggestion = word === undefined ? undefined : nearest(word, candidates)
    const full = `${message}${suggestion ? `; did you mean "${suggestion}"?` : ''}`
    throw new CwsError('CWS_ERR_CONDITION', `${positionOf(text, at)}: ${full}`, { frame: frameOf(text, at) })
  }
  const node = parseTokens(tokenize(text, refuse), refuse, (at, message) => warn?.(`${positionOf(text, at)}: ${message}`))
  return checkExpression(node, scope, refuse)
}

function lineAndColumn(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: at - lineStart + 1 }
}

function positionOf(text: string, at: number): string {
  const { line, column } = lineAndColumn(text, at)
  return `${line}:${column}`
}

/** The line with a marker below the place; long lines are cut around it. */
function frameOf(text: string, at: number): string {
  const { line, column } = lineAndColumn(text, at)
  const lineStart = at - column + 1
  const lineEnd = text.indexOf('\n', at)
  const whole = text.slice(lineStart, lineEnd < 0 ? undefined : lineEnd)
  const cut = Math.max(0, Math.min(column - 1 - FRAME_WIDTH / 2, whole.length - FRAME_WIDTH))
  const shown = whole.slice(cut, cut + FRAME_WIDTH).replace(/[^\P{C}\t]/gu, '·')
  // Columns of code frames count from 0.
  return codeFrameColumns(shown, { start: { line, column: column - 1 - cut } }, { startLine: line })
}
