import { type Truth, UNKNOWN } from '../model/unknown.ts'
import { readsVariables } from './analyse.ts'
import { compileGeneral } from './compile-general.ts'
import { costOf } from './cost.ts'
import type { Surroundings } from './environment.ts'
import type { Comparison, Condition, Leaf, Predicate } from './ir.ts'
import { compileMatchers } from './matchers.ts'
import type { TextTest } from './pattern.ts'
import { anyOf, readerOf } from './read.ts'
import { comparison, isKnownScalar, isNumber, oneOf } from './scalar-tests.ts'

const NOTHING: Surroundings = {}

/**
 * Compiles a condition to a three-valued predicate (Kleene): UNKNOWN where the fields that nobody knows decide. Within `and` and `or` the
 * cheap tests run first; that changes no truth, for tests have no effects.
 */
export function compileCondition(condition: Condition, surroundings: Surroundings = NOTHING): Predicate {
  switch (condition.op) {
    case 'always':
      return () => true
    case 'and':
      return all(inOrderOfCost(condition.of, true, surroundings))
    case 'or':
      return some(inOrderOfCost(condition.of, false, surroundings))
    case 'not': {
      const inner = compileCondition(condition.of, surroundings)
      return (subject) => {
        const truth = inner(subject)
        return truth === UNKNOWN ? UNKNOWN : !truth
      }
    }
    default:
      return compileLeaf(condition, surroundings)
  }
}

/** Conditions are immutable: what is left of one after `assume` shares its tests, whose patterns are dear to compile. */
const compiled = new WeakMap<Leaf, Predicate>()

function compileLeaf(leaf: Leaf, surroundings: Surroundings): Predicate {
  const known = compiled.get(leaf)
  if (known) return known
  const predicate = leafPredicate(leaf, surroundings)
  // Variables are read as the surroundings say.
  if (!readsVariables(leaf)) compiled.set(leaf, predicate)
  return predicate
}

function leafPredicate(leaf: Leaf, surroundings: Surroundings): Predicate {
  // What is among nothing is not there, whatever it is: as `simplify` has it.
  if ('any' in leaf && leaf.any.length === 0) return () => false
  switch (leaf.op) {
    case 'test':
      return onValue(leaf.field, (value) => (typeof value === 'boolean' ? value : UNKNOWN))
    case 'match':
      return onText(leaf.field, compileMatchers(leaf.any))
    case 'oneof':
      return onValue(leaf.field, oneOf(leaf.any))
    case 'compare':
      return onValue(leaf.field, comparison(leaf.cmp, leaf.value))
    case 'bits':
      return onValue(leaf.field, bits(leaf.mask, leaf.equals))
    case 'age':
      return age(leaf.field, leaf.cmp, leaf.value)
    case 'same':
      return same(leaf.field, leaf.other)
    default:
      return compileGeneral(leaf, surroundings, compileCondition)
  }
}

/** Exceptions, which are negations within `and`, hardly ever decide: they come last. */
function inOrderOfCost(of: readonly Condition[], exceptionsLast: boolean, surroundings: Surroundings): Predicate[] {
  const rank = (part: Condition) => (exceptionsLast && part.op === 'not' ? 1e6 : 0) + costOf(part)
  return [...of].sort((a, b) => rank(a) - rank(b)).map((part) => compileCondition(part, surroundings))
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

function onValue(field: string, test: (value: unknown) => Truth): Predicate {
  const read = readerOf(field)
  return (subject) => {
    const value = read(subject)
    return Array.isArray(value) ? anyOf(value, test) : test(value)
  }
}

function onText(field: string, matches: TextTest): Predicate {
  const read = readerOf(field)
  const test = (value: unknown): Truth => (typeof value === 'string' ? matches(value) : UNKNOWN)
  return (subject) => {
    const value = read(subject)
    if (typeof value === 'string') return matches(value)
    if (!Array.isArray(value)) return UNKNOWN
    let truth: Truth = false
    for (let i = 0; i < value.length; i++) {
      const element: unknown = value[i]
      if (typeof element === 'string') {
        if (matches(element)) return true
      } else {
        const within = Array.isArray(element) ? anyOf(element, test) : UNKNOWN
        if (within === true) return true
        if (within === UNKNOWN) truth = UNKNOWN
      }
    }
    return truth
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
  const readTime = readerOf(field)
  const readNow = readerOf('event.timestamp')
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
  const readOne = readerOf(field)
  const readOther = readerOf(other)
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
