import { fieldNamesIn } from './analyse.ts'
import type { Condition, Literal, Matcher, Value } from './ir.ts'

const QUOTABLE = /^(?:[^"\\]|\\[\s\S])*$/
const REFERENCE = /[$%]\{[^}]*\}/
/** Any name would do: there is one. */
const ITERATOR = 'A'

/**
 * Writes a condition as an expression of the rule language. What `parseCondition` accepts and this prints mean the same; only a `some` that is
 * part of a larger condition has no words in the language, which has an iterator variable for the whole.
 */
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
      return printField(condition.field)
    case 'match':
      return printList(
        printField(condition.field),
        condition.any.map((one) => printMatcher(one)),
      )
    case 'oneof':
      return printList(printField(condition.field), condition.any.map(printLiteral))
    case 'compare':
      return `${printField(condition.field)} ${condition.cmp} ${condition.value}`
    case 'bits': {
      // Bits are set in what is below zero too.
      const some = condition.mask < 0 ? '!= 0' : '> 0'
      return `${printField(condition.field)} & ${condition.mask} ${condition.equals === undefined ? some : `== ${condition.equals}`}`
    }
    case 'age':
      return `${printField(condition.field)} ${condition.cmp} ${printDuration(condition.value)}`
    case 'same':
      return `${printField(condition.field)} == ${printField(condition.other)}`
    case 'is':
      return printValue(condition.value)
    case 'relate':
      return printRelation(condition)
    case 'matches':
      return `${printValue(condition.value)} in ${bracketed(condition.any.map((one) => printMatcher(one, condition.fold)))}`
    case 'network':
      return printNetwork(condition)
    case 'some': {
      const { over, of } = condition
      const isBound = [...fieldNamesIn(of)].some((name) => name.startsWith(`${over}[]`))
      return isBound ? printCondition(of) : `${over}.length > 0 && ${grouped(of)}`
    }
  }
}

function printGroup(op: 'and' | 'or', of: readonly Condition[]): string {
  if (of.length === 0) return op === 'and' ? 'true' : 'false'
  if (of.length === 1) return printCondition(of[0] as Condition)
  return of
    .map((part) => (part.op === 'and' || part.op === 'or' || part.op === 'some' ? grouped(part) : printCondition(part)))
    .join(op === 'and' ? ' && ' : ' || ')
}

function grouped(condition: Condition): string {
  return condition.op === 'test' ? printField(condition.field) : `(${printCondition(condition)})`
}

function printRelation({ cmp, left, right }: Condition & { op: 'relate' }): string {
  const other = left.value === 'age' && right.value === 'literal' ? printDuration(BigInt(right.of)) : printValue(right)
  return `${printValue(left)} ${cmp} ${other}`
}

function printNetwork({ left, right, every }: Condition & { op: 'network' }): string {
  if (right.value === 'literal') return `${printValue(left)} == ${right.of}`
  const networks = right.value === 'list' ? bracketed(right.of.map(String)) : printValue(right)
  return `${printValue(left)} ${every ? 'allin' : 'in'} ${networks}`
}

/** Parenthesised where it has operators: bits bind tighter than sums, which few expect. */
function printValue(value: Value): string {
  switch (value.value) {
    case 'literal':
      return printLiteral(value.of)
    case 'list':
      return bracketed(value.of.map(printLiteral))
    case 'field':
      return printField(value.field)
    case 'element':
      return `${value.field}[${value.index}]`
    case 'length':
    case 'root_domain':
    case 'variable':
      return printReference(value)
    case 'arithmetic':
      return `(${printValue(value.left)} ${value.op} ${printValue(value.right)})`
    case 'unary':
      return `(${value.op}${printValue(value.of)})`
    case 'text':
      return `"${value.of.map(printPart).join('')}"`
    case 'truth':
      return `(${printCondition(value.of)})`
    case 'age':
      return printValue(value.of)
  }
}

function printPart(value: Value): string {
  return value.value === 'literal' ? String(value.of) : printReference(value)
}

function printReference(value: Value): string {
  switch (value.value) {
    case 'length':
    case 'root_domain':
      return printReference(value.of).replace(/\}$/, `.${value.value}}`)
    case 'variable':
      return `\${${value.name}}`
    default:
      return `%{${printValue(value)}}`
  }
}

/** A field of an element is one of the iterator variable. */
function printField(field: string): string {
  return field.replace('[]', `[${ITERATOR}]`)
}

function printDuration(ns: bigint): string {
  return `${ns / 1_000_000n}ms`
}

function printList(field: string, values: readonly string[]): string {
  if (values.length === 0) return 'false'
  const [only] = values
  // What stands alone may refer to fields and variables; the texts of a list stand for themselves.
  return values.length === 1 && !REFERENCE.test(only as string) ? `${field} == ${only}` : `${field} in ${bracketed(values)}`
}

/** A space keeps the bracket from being part of a word before it. */
function bracketed(values: readonly string[]): string {
  return /\w$/.test(values[values.length - 1] ?? '') ? `[ ${values.join(', ')} ]` : `[${values.join(', ')}]`
}

function printLiteral(literal: Literal): string {
  return typeof literal === 'string' ? quoted('', literal) : String(literal)
}

function printMatcher({ kind, text }: Matcher, fold?: true): string {
  switch (kind) {
    case 'exact':
      return quoted('', text, fold)
    case 'pattern':
    case 'glob':
      return quoted('~', text, fold)
    case 'regex':
      return `r"${QUOTABLE.test(text) ? text : text.replaceAll('"', '\\x22')}"`
  }
}

/** The language has no escapes: a text with a bare quote in it can only be written as a regular expression. */
function quoted(mark: '' | '~', text: string, fold?: true): string {
  if (QUOTABLE.test(text)) return `${mark}"${text}"`
  const parts = (mark ? text.split(/\*+/) : [text]).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('"', '\\x22'))
  return `r"(?${fold ? 'is' : 's'})^${parts.join('.*')}$"`
}
