import type { Condition, Literal, Matcher } from './ir.ts'

const QUOTABLE = /^(?:[^"\\]|\\[\s\S])*$/

/** Writes a condition as an expression of the rule language. What `parseCondition` accepts and this prints mean the same. */
export function printCondition(condition: Condition): string {
  switch (condition.op) {
    case 'always':
      return 'true'
    case 'and':
    case 'or':
      return printGroup(condition.op, condition.of)
    case 'not':
      return condition.of.op === 'always' ? 'false' : `!${grouped(condition.of)}`
    case 'test':
      return condition.field
    case 'match':
      return printList(condition.field, condition.any.map(printMatcher))
    case 'oneof':
      return printList(condition.field, condition.any.map(printLiteral))
    case 'compare':
      return `${condition.field} ${condition.cmp} ${condition.value}`
    case 'bits':
      return `${condition.field} & ${condition.mask} ${condition.equals === undefined ? '> 0' : `== ${condition.equals}`}`
    case 'age':
      return `${condition.field} ${condition.cmp} ${condition.value / 1_000_000n}ms`
    case 'same':
      return `${condition.field} == ${condition.other}`
  }
}

function printGroup(op: 'and' | 'or', of: readonly Condition[]): string {
  if (of.length === 0) return op === 'and' ? 'true' : 'false'
  if (of.length === 1) return printCondition(of[0] as Condition)
  return of
    .map((part) => (part.op === 'and' || part.op === 'or' ? grouped(part) : printCondition(part)))
    .join(op === 'and' ? ' && ' : ' || ')
}

function grouped(condition: Condition): string {
  return condition.op === 'test' ? condition.field : `(${printCondition(condition)})`
}

function printList(field: string, values: readonly string[]): string {
  if (values.length === 0) return 'false'
  return values.length === 1 ? `${field} == ${values[0]}` : `${field} in [${values.join(', ')}]`
}

function printLiteral(literal: Literal): string {
  return typeof literal === 'string' ? quoted('', literal) : String(literal)
}

function printMatcher({ kind, text }: Matcher): string {
  switch (kind) {
    case 'exact':
      return quoted('', text)
    case 'pattern':
    case 'glob':
      return quoted('~', text)
    case 'regex':
      return `r"${QUOTABLE.test(text) ? text : text.replaceAll('"', '\\x22')}"`
  }
}

/** The language has no escapes: a text with a bare quote in it can only be written as a regular expression. */
function quoted(mark: '' | '~', text: string): string {
  if (QUOTABLE.test(text)) return `${mark}"${text}"`
  const parts = (mark ? text.split(/\*+/) : [text]).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('"', '\\x22'))
  return `r"(?s)^${parts.join('.*')}$"`
}
