import { RE2JS } from 're2js'
import { type Truth, UNKNOWN } from '../model/unknown.ts'
import { costOf } from './cost.ts'
import { compileGlob } from './glob.ts'
import type { Comparison, Condition, Literal, Matcher, Predicate, Readable } from './ir.ts'
import { compilePattern, type TextTest } from './pattern.ts'

/**
 * Compiles a condition to a three-valued predicate (Kleene): UNKNOWN where the fields that nobody knows decide. Within `and` and `or` the
 * cheap tests run first; that changes no truth, for tests have no effects.
 */
export function compileCondition(condition: Condition): Predicate {
  switch (condition.op) {
    case 'always':
      return () => true
    case 'and':
      return all(inOrderOfCost(condition.of))
    case 'or':
      return some(inOrderOfCost(condition.of))
    case 'not': {
      const inner = compileCondition(condition.of)
      return (subject) => {
        const truth = inner(subject)
        return truth === UNKNOWN ? UNKNOWN : !truth
      }
    }
    case 'test':
      return onValue(condition.field, (value) => (typeof value === 'boolean' ? value : UNKNOWN))
    case 'match':
      return onText(condition.field, compileMatchers(condition.any))
    case 'oneof':
      return onValue(condition.field, oneOf(condition.any))
    case 'compare':
      return onValue(condition.field, comparison(condition.cmp, condition.value))
    case 'bits':
      return onValue(condition.field, bits(condition.mask, condition.equals))
    case 'age':
      return age(condition.field, condition.cmp, condition.value)
    case 'same':
      return same(condition.field, condition.other)
  }
}

/** Compiles the alternatives of a string test: those that are plain texts are looked up at once. */
export function compileMatchers(any: readonly Matcher[]): TextTest {
  const exact = any.filter((matcher) => matcher.kind === 'exact').map((matcher) => matcher.text)
  const tests = any.filter((matcher) => matcher.kind !== 'exact').map(compileMatcher)
  if (exact.length === 1) tests.unshift(compileMatcher({ kind: 'exact', text: exact[0] as string }))
  else if (exact.length > 1) {
    const texts = new Set(exact)
    tests.unshift((text) => texts.has(text))
  }
  const [first, second] = tests
  if (!first) return () => false
  if (!second) return first
  return (text) => {
    for (const test of tests) if (test(text)) return true
    return false
  }
}

function compileMatcher({ kind, text: wanted }: Matcher): TextTest {
  switch (kind) {
    case 'exact':
      return (text) => text === wanted
    case 'pattern':
      return compilePattern(wanted)
    case 'glob':
      return compileGlob(wanted)
    case 'regex': {
      const regex = RE2JS.compile(wanted)
      return (text) => regex.test(text)
    }
  }
}

function inOrderOfCost(of: readonly Condition[]): Predicate[] {
  return [...of].sort((a, b) => costOf(a) - costOf(b)).map(compileCondition)
}

function all(of: readonly Predicate[]): Predicate {
  if (of.length === 1) return of[0] as Predicate
  return (subject) => {
    let truth: Truth = true
    for (let i = 0; i < of.length; i++) {
      const one = (of[i] as Predicate)(subject)
      if (one === false) return false
      if (one === UNKNOWN) truth = UNKNOWN
    }
    return truth
  }
}

function some(of: readonly Predicate[]): Predicate {
  if (of.length === 1) return of[0] as Predicate
  return (subject) => {
    let truth: Truth = false
    for (let i = 0; i < of.length; i++) {
      const one = (of[i] as Predicate)(subject)
      if (one === true) return true
      if (one === UNKNOWN) truth = UNKNOWN
    }
    return truth
  }
}

/** Events have a getter for each dotted name, which saves the look-up that `get` makes. */
function reader(field: string): (subject: Readable) => unknown {
  if (!field.includes('.')) return (subject) => subject.get(field)
  return (subject) => {
    const value = (subject as unknown as Record<string, unknown>)[field]
    return value === undefined ? subject.get(field) : value
  }
}

/** On arrays: true if some element is; else UNKNOWN if some element is. Lists of ancestors' lists are looked through as one. */
function anyOf(values: readonly unknown[], test: (value: unknown) => Truth): Truth {
  let truth: Truth = false
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    const one = Array.isArray(value) ? anyOf(value, test) : test(value)
    if (one === true) return true
    if (one === UNKNOWN) truth = UNKNOWN
  }
  return truth
}

function onValue(field: string, test: (value: unknown) => Truth): Predicate {
  const read = reader(field)
  return (subject) => {
    const value = read(subject)
    return Array.isArray(value) ? anyOf(value, test) : test(value)
  }
}

function onText(field: string, matches: TextTest): Predicate {
  const read = reader(field)
  const test = (value: unknown): Truth => (typeof value === 'string' ? matches(value) : UNKNOWN)
  return (subject) => {
    const value = read(subject)
    if (typeof value === 'string') return matches(value)
    return Array.isArray(value) ? anyOf(value, test) : UNKNOWN
  }
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

function oneOf(any: readonly Literal[]): (value: unknown) => Truth {
  // A value may come as number or as bigint, whichever its source makes: both are looked up.
  const wanted = new Set<unknown>()
  for (const literal of any) {
    wanted.add(literal)
    if (typeof literal === 'bigint') wanted.add(Number(literal))
    else if (typeof literal === 'number') wanted.add(BigInt(literal))
  }
  const [first] = any
  if (any.length === 1 && typeof first === 'number')
    return (value) => (value === first ? true : isNumber(value) ? wanted.has(value) : UNKNOWN)
  return (value) => (isKnownScalar(value) ? wanted.has(value) : UNKNOWN)
}

function isKnownScalar(value: unknown): boolean {
  return isNumber(value) || typeof value === 'string' || typeof value === 'boolean'
}

function comparison(cmp: Comparison, wanted: number | bigint): (value: unknown) => Truth {
  switch (cmp) {
    case '<':
      return (value) => (isNumber(value) ? value < wanted : UNKNOWN)
    case '<=':
      return (value) => (isNumber(value) ? value <= wanted : UNKNOWN)
    case '>':
      return (value) => (isNumber(value) ? value > wanted : UNKNOWN)
    case '>=':
      return (value) => (isNumber(value) ? value >= wanted : UNKNOWN)
  }
}

function bits(mask: number | bigint, equals: number | bigint | undefined): (value: unknown) => Truth {
  const wide = BigInt(mask)
  const wanted = equals === undefined ? undefined : BigInt(equals)
  // Bitwise operators on numbers see 32 bits: larger masks go through bigint.
  const narrow = wide >= 0n && wide < 0x8000_0000n && wanted === undefined ? Number(wide) : undefined
  return (value) => {
    if (!isNumber(value)) return UNKNOWN
    if (narrow !== undefined && typeof value === 'number') return (value & narrow) !== 0
    const masked = BigInt(value) & wide
    return wanted === undefined ? masked !== 0n : masked === wanted
  }
}

function age(field: string, cmp: Comparison, value: bigint): Predicate {
  const readTime = reader(field)
  const readNow = reader('event.timestamp')
  const holds = comparison(cmp, value)
  return (subject) => {
    const known = readNow(subject)
    const now = isNumber(known) ? BigInt(known) : BigInt(Date.now()) * 1_000_000n
    const test = (time: unknown): Truth => (isNumber(time) ? holds(now - BigInt(time)) : UNKNOWN)
    const time = readTime(subject)
    return Array.isArray(time) ? anyOf(time, test) : test(time)
  }
}

function same(field: string, other: string): Predicate {
  const readOne = reader(field)
  const readOther = reader(other)
  const equal = (a: unknown, b: unknown): Truth => {
    if (!isKnownScalar(a) || !isKnownScalar(b)) return UNKNOWN
    return isNumber(a) && isNumber(b) ? BigInt(a) === BigInt(b) : a === b
  }
  return (subject) => {
    const a = readOne(subject)
    const b = readOther(subject)
    if (Array.isArray(a)) return anyOf(a, (one) => (Array.isArray(b) ? anyOf(b, (two) => equal(one, two)) : equal(one, b)))
    return Array.isArray(b) ? anyOf(b, (two) => equal(a, two)) : equal(a, b)
  }
}
