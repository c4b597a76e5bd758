import { CwsError } from '../errors/cws-error.ts'
import type { EventType } from '../model/event-map.ts'
import type { Field } from '../model/field.ts'
import { nearest } from '../model/nearest.ts'
import type { Comparison, Condition, Literal, Matcher, Scope } from './ir.ts'
import { type Fail, numberFor, regexMatcher, textMatcher } from './literal.ts'
import { parseNetwork } from './network.ts'
import type { Where } from './where.ts'

const MAX_DEPTH = 64
const GROUPS: readonly string[] = ['all', 'any', 'none']
const COMPARISONS: Readonly<Record<string, Comparison>> = { lt: '<', lte: '<=', gt: '>', gte: '>=' }
const KEYS = ['equals', 'regex', ...Object.keys(COMPARISONS), 'bits', 'not']

/**
 * Checks a `where` object against a scope and brings it to the common form.
 * @throws CwsError CWS_ERR_CONDITION naming the field and, for a misspelt one, the nearest.
 */
export function fromWhere<T extends EventType>(where: Where<T>, scope: Scope): Condition {
  return group(where, scope, 0)
}

function refuse(scope: Scope, message: string, candidates: Iterable<string> = [], word = ''): never {
  const suggestion = nearest(word, candidates)
  throw new CwsError('CWS_ERR_CONDITION', `${scope.type}: ${message}${suggestion ? `; did you mean "${suggestion}"?` : ''}`)
}

function group(where: unknown, scope: Scope, depth: number): Condition {
  if (typeof where !== 'object' || where === null || Array.isArray(where))
    refuse(scope, `a condition is an object of fields, not ${shown(where)}`)
  if (depth > MAX_DEPTH) refuse(scope, `conditions nest deeper than ${MAX_DEPTH}`)
  const of: Condition[] = []
  for (const [name, value] of Object.entries(where)) {
    if (GROUPS.includes(name)) {
      if (!Array.isArray(value)) refuse(scope, `\`${name}\` takes a list of conditions, not ${shown(value)}`)
      const parts = value.map((part) => group(part, scope, depth + 1))
      of.push(name === 'all' ? every(parts) : name === 'any' ? { op: 'or', of: parts } : { op: 'not', of: { op: 'or', of: parts } })
      continue
    }
    const field = scope.fields.get(name)
    if (!field) refuse(scope, `there is no field "${name}"`, [...scope.fields.keys(), ...GROUPS], name)
    of.push(test(name, field, value, scope, depth + 1))
  }
  return every(of)
}

function every(of: readonly Condition[]): Condition {
  return of.length === 0 ? { op: 'always' } : of.length === 1 ? (of[0] as Condition) : { op: 'and', of }
}

function test(name: string, field: Field, value: unknown, scope: Scope, depth: number): Condition {
  if (depth > MAX_DEPTH) refuse(scope, `conditions nest deeper than ${MAX_DEPTH}`)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return equals(name, field, value, scope)
  const fail: Fail = (message) => refuse(scope, message)
  const of: Condition[] = []
  for (const [key, wanted] of Object.entries(value)) {
    const cmp = COMPARISONS[key]
    if (key === 'equals') of.push(equals(name, field, wanted, scope))
    else if (key === 'not') of.push({ op: 'not', of: test(name, field, wanted, scope, depth + 1) })
    else if (key === 'regex') {
      if (!isText(field)) refuse(scope, `\`regex\` tests texts; ${name} is ${field.field}`)
      of.push(
        textTest(
          name,
          field,
          list(wanted).map((text) => regexMatcher(name, expectText(name, text, scope), fail)),
        ),
      )
    } else if (cmp) of.push({ op: 'compare', field: name, cmp, value: number(name, field, wanted, scope) })
    else if (key === 'bits') of.push({ op: 'bits', field: name, mask: number(name, field, wanted, scope) })
    else refuse(scope, `${name} has no test "${key}"`, KEYS, key)
  }
  if (of.length === 0) refuse(scope, `${name} is tested for nothing: {}`)
  return every(of)
}

function equals(name: string, field: Field, value: unknown, scope: Scope): Condition {
  const values = list(value)
  if (values.length === 0) refuse(scope, `an empty list for ${name} would never match`)
  if (isText(field)) {
    const fail: Fail = (message) => refuse(scope, message)
    const any = values.map((text): Matcher => textMatcher(name, field, expectText(name, text, scope), true, fail))
    return textTest(name, field, any)
  }
  if (field.field === 'ip') {
    const networks = values.map((text) => network(name, expectText(name, text, scope), scope))
    return { op: 'network', left: { value: 'field', field: name }, right: { value: 'list', of: networks } }
  }
  if (field.field === 'bool') {
    for (const one of values) if (typeof one !== 'boolean') refuse(scope, `${name} is true or false, not ${shown(one)}`)
    if (values.length > 1) refuse(scope, `${name} is true or false: a list makes no sense`)
    return values[0] ? { op: 'test', field: name } : { op: 'not', of: { op: 'test', field: name } }
  }
  return { op: 'oneof', field: name, any: values.map((one): Literal => number(name, field, one, scope)) }
}

/** Names of hosts are the same in any case. */
function textTest(name: string, field: Field, any: readonly Matcher[]): Condition {
  return field.caseless ? { op: 'matches', value: { value: 'field', field: name }, any, fold: true } : { op: 'match', field: name, any }
}

function network(name: string, text: string, scope: Scope): string {
  if (!parseNetwork(text)) refuse(scope, `${name} is an address, and ${shown(text)} is neither one nor a network`)
  return text
}

function number(name: string, field: Field, value: unknown, scope: Scope): number | bigint {
  if (field.field !== 'int' && field.field !== 'int64') refuse(scope, `${name} is ${field.field}, not a number`)
  let resolved = value
  if (typeof value === 'string') {
    const constants = field.constants ?? {}
    if (!Object.hasOwn(constants, value))
      refuse(scope, `${shown(value)} is no number and no constant of ${name}`, Object.keys(constants), value)
    resolved = constants[value]
  }
  if (typeof resolved !== 'number' && typeof resolved !== 'bigint') refuse(scope, `${name} is a number, not ${shown(value)}`)
  return numberFor(name, field, resolved, (message) => refuse(scope, message))
}

function expectText(name: string, value: unknown, scope: Scope): string {
  if (typeof value !== 'string') refuse(scope, `${name} is a text, not ${shown(value)}`)
  return value
}

function isText(field: Field): boolean {
  return field.field === 'string' || field.field === 'path'
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

function shown(value: unknown): string {
  // An object may say anything of itself, or nothing.
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
