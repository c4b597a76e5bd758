import type { Condition, Leaf, Literal, Matcher, Value } from './ir.ts'

/**
 * What a condition reads: the names of fields, and of variables as `${name}`. So a test of which all of these are known is decided. Fields
 * of an element are those of the list: `process.ancestors.comm`.
 */
export function fieldsIn(condition: Condition, into: Set<string> = new Set()): Set<string> {
  for (const name of fieldNamesIn(condition)) into.add(name.replace('[]', ''))
  return into
}

/** The same, fields of an element as they stand in the condition: `process.ancestors[].comm`. */
export function fieldNamesIn(condition: Condition, into: Set<string> = new Set()): Set<string> {
  switch (condition.op) {
    case 'always':
      return into
    case 'and':
    case 'or':
      for (const part of condition.of) fieldNamesIn(part, into)
      return into
    case 'not':
      return fieldNamesIn(condition.of, into)
    case 'same':
      return into.add(condition.field).add(condition.other)
    case 'age':
      return into.add(condition.field).add('event.timestamp')
    case 'is':
    case 'matches':
      return readBy(condition.value, into)
    case 'relate':
    case 'network':
      return readBy(condition.right, readBy(condition.left, into))
    case 'some':
      return fieldNamesIn(condition.of, into.add(`${condition.over}.length`))
    default:
      return into.add(condition.field)
  }
}

/** What a value reads, as `fieldsIn` has it. */
export function readBy(value: Value, into: Set<string> = new Set()): Set<string> {
  switch (value.value) {
    case 'literal':
    case 'list':
      return into
    case 'field':
    case 'element':
      return into.add(value.field)
    case 'variable':
      return into.add(`\${${value.name}}`)
    case 'arithmetic':
      return readBy(value.right, readBy(value.left, into))
    case 'length':
    case 'root_domain':
    case 'unary':
      return readBy(value.of, into)
    case 'age':
      return readBy(value.of, into.add('event.timestamp'))
    case 'text':
      for (const part of value.of) readBy(part, into)
      return into
    case 'truth':
      return fieldNamesIn(value.of, into)
  }
}

/** Names of the variables that a condition reads. */
export function variablesIn(condition: Condition): Set<string> {
  const names = [...fieldsIn(condition)].filter((name) => name.startsWith('${'))
  return new Set(names.map((name) => name.slice(2, -1)))
}

/** Whether variables decide too. Those that test a field alone never read any. */
export function readsVariables(leaf: Leaf): boolean {
  const isGeneral = leaf.op === 'is' || leaf.op === 'relate' || leaf.op === 'matches' || leaf.op === 'network' || leaf.op === 'some'
  return isGeneral && variablesIn(leaf).size > 0
}

const ALWAYS: Condition = { op: 'always' }
const NEVER: Condition = { op: 'not', of: ALWAYS }

/** True for the condition that no event fulfils, after `simplify`. */
export function isNever(condition: Condition): boolean {
  return condition.op === 'not' && condition.of.op === 'always'
}

/** An equivalent condition without constants, nested groups of one kind and double negations. */
export function simplify(condition: Condition): Condition {
  switch (condition.op) {
    case 'and':
    case 'or':
      return simplifyGroup(condition.op, condition.of)
    case 'not': {
      const inner = simplify(condition.of)
      return inner.op === 'not' ? inner.of : { op: 'not', of: inner }
    }
    case 'match':
    case 'matches':
    case 'oneof':
      return condition.any.length === 0 ? NEVER : condition
    case 'some':
      return { ...condition, of: simplify(condition.of) }
    default:
      return condition
  }
}

function simplifyGroup(op: 'and' | 'or', of: readonly Condition[]): Condition {
  const parts: Condition[] = []
  for (const part of of) {
    const simple = simplify(part)
    if (simple.op === op) parts.push(...simple.of)
    else parts.push(simple)
  }
  const absorbs = op === 'and' ? isNever : (part: Condition) => part.op === 'always'
  const isNeutral = op === 'and' ? (part: Condition) => part.op === 'always' : isNever
  if (parts.some(absorbs)) return op === 'and' ? NEVER : ALWAYS
  const rest = parts.filter((part) => !isNeutral(part))
  if (rest.length === 0) return op === 'and' ? ALWAYS : NEVER
  return rest.length === 1 ? (rest[0] as Condition) : { op, of: rest }
}

/** What a field must be like wherever a condition is true: at least one of these holds. */
export type Required = readonly (Matcher | { readonly kind: 'value'; readonly value: Literal })[]

/**
 * What a condition demands of one field: whenever it is true, one of the returned alternatives holds for the field (for some element of an
 * array). Undefined if it demands nothing of that field; an empty list if it is never true. What in-kernel filters and indexes are made of.
 */
export function required(condition: Condition, field: string): Required | undefined {
  switch (condition.op) {
    case 'match':
      return condition.field === field ? condition.any : undefined
    case 'oneof':
      return condition.field === field ? condition.any.map((value) => ({ kind: 'value', value })) : undefined
    case 'test':
      return condition.field === field ? [{ kind: 'value', value: true }] : undefined
    case 'and': {
      // Any of the parts' demands is a demand of the whole: the shortest selects best.
      const demands = condition.of.map((part) => required(part, field)).filter((one) => one !== undefined)
      return demands.length ? demands.reduce((best, one) => (one.length < best.length ? one : best)) : undefined
    }
    case 'or': {
      const demands = condition.of.map((part) => required(part, field))
      return demands.every((one) => one !== undefined) ? demands.flat() : undefined
    }
    case 'not':
      return isNever(condition) ? [] : undefined
    case 'some': {
      // Of the element that makes it true: so of some element of the list.
      const prefix = `${condition.over}.`
      const own = field.startsWith(prefix) ? required(condition.of, `${condition.over}[].${field.slice(prefix.length)}`) : undefined
      return own ?? required(condition.of, field)
    }
    default:
      return undefined
  }
}
