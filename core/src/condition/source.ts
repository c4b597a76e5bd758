import { codeFrameColumns } from '@babel/code-frame'
import type { ErrorCode } from '../errors/codes.ts'
import { CwsError } from '../errors/cws-error.ts'
import { nearest } from '../model/nearest.ts'

const FRAME_WIDTH = 100

/** Says what is wrong at an offset; `word` is what may be misspelt for one of `candidates`. */
export type Refuse = (at: number, message: string, word?: string, candidates?: Iterable<string>) => never

/** @throws CwsError `code` with `line:column` in the message, both as numbers, and a code frame */
export function refuseIn(text: string, code: ErrorCode = 'CWS_ERR_CONDITION'): Refuse {
  return (at, message, word, candidates = []) => {
    const suggestion = word === undefined ? undefined : nearest(word, candidates)
    const full = `${message}${suggestion ? `; did you mean "${suggestion}"?` : ''}`
    const { line, column } = lineAndColumn(text, at)
    throw new CwsError(code, `${line}:${column}: ${full}`, { frame: frameOf(text, at), line, column })
  }
}

/** Both count from 1. */
export function lineAndColumn(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: at - lineStart + 1 }
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
