import { type Truth, UNKNOWN } from '../model/unknown.ts'
import { compileValue } from './compile-value.ts'
import type { Surroundings } from './environment.ts'
import type { Condition, Leaf, Predicate, Value, ValueReader } from './ir.ts'
import { compileMatchers } from './matchers.ts'
import { type Network, overlap, overlapsAny, parseNetwork } from './network.ts'
import { anyOf } from './read.ts'
import { comparison, isKnownScalar, isNumber, oneOf } from './scalar-tests.ts'
import { compileSome } from './some.ts'

type General = Extract<Leaf, { readonly op: 'is' | 'relate' | 'matches' | 'network' | 'some' }>
type Compile = (condition: Condition, surroundings: Surroundings) => Predicate
type Pair = (a: unknown, b: unknown) => Truth

/** The tests of what is no field alone. They are rare: none of them is made where a test of one field would do. */
export function compileGeneral(leaf: General, surroundings: Surroundings, compile: Compile): Predicate {
  const read = (value: Value): ValueReader => compileValue(value, surroundings, compile)
  switch (leaf.op) {
    case 'is': {
      const value = read(leaf.value)
      return (subject) => {
        const known = value(subject)
        return typeof known === 'boolean' ? known : UNKNOWN
      }
    }
    case 'relate':
      return relate(leaf, read)
    case 'matches':
      return matches(leaf, read(leaf.value))
    case 'network':
      return network(leaf, read)
    case 'some':
      return compileSome(leaf, surroundings, compile)
  }
}

function relate({ cmp, left, right, fold }: General & { op: 'relate' }, read: (value: Value) => ValueReader): Predicate {
  const one = read(left)
  if (right.value === 'list' && !fold) {
    const test = oneOf(right.of)
    return (subject) => eachOf(one(subject), test)
  }
  const other = read(right)
  const pair = cmp !== '==' && cmp !== 'in' ? ordered(cmp) : fold ? equalWithoutCase : equal
  return (subject) => eachPair(one(subject), other(subject), pair)
}

function matches({ any, fold }: General & { op: 'matches' }, read: ValueReader): Predicate {
  const lower = fold ? compileMatchers(any.filter(isFoldable).map((one) => ({ ...one, text: one.text.toLowerCase() }))) : undefined
  const plain = compileMatchers(fold ? any.filter((one) => !isFoldable(one)) : any)
  const test = (value: unknown): Truth => {
    if (typeof value !== 'string') return UNKNOWN
    return plain(value) || (lower?.(value.toLowerCase()) ?? false)
  }
  return (subject) => eachOf(read(subject), test)
}

const isFoldable = ({ kind }: { kind: string }): boolean => kind !== 'regex'

function network({ left, right, every }: General & { op: 'network' }, read: (value: Value) => ValueReader): Predicate {
  const one = networksOf(left, read)
  const other = networksOf(right, read)
  if (every) return (subject) => everyPair(one(subject), other(subject))
  if (right.value === 'literal' || right.value === 'list') {
    const meetsAny = overlapsAny([right.of].flat().flatMap((text) => parseNetwork(String(text)) ?? []))
    return (subject) => eachOf(one(subject), (value) => (isNetwork(value) ? value !== null && meetsAny(value) : UNKNOWN))
  }
  return (subject) => eachPair(one(subject), other(subject), meet)
}

/** Reads networks, arrays of them or UNKNOWN; `null` is the network of nobody, which nothing overlaps. */
function networksOf(value: Value, read: (value: Value) => ValueReader): ValueReader {
  if (value.value === 'literal' || value.value === 'list') {
    const known = parsed(value.of)
    return () => known
  }
  const reader = read(value)
  return (subject) => parsed(reader(subject))
}

function parsed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(parsed)
  if (value === '') return null
  return typeof value === 'string' ? (parseNetwork(value) ?? UNKNOWN) : UNKNOWN
}

const isNetwork = (value: unknown): value is Network | null => typeof value === 'object'

function meet(a: unknown, b: unknown): Truth {
  if (!isNetwork(a) || !isNetwork(b)) return UNKNOWN
  return a !== null && b !== null && overlap(a, b)
}

function everyPair(left: unknown, right: unknown): Truth {
  const missing = (a: unknown, b: unknown): Truth => {
    const truth = meet(a, b)
    return truth === UNKNOWN ? UNKNOWN : !truth
  }
  const some = eachPair(left, right, missing)
  return some === UNKNOWN ? UNKNOWN : !some
}

function eachOf(value: unknown, test: (one: unknown) => Truth): Truth {
  return Array.isArray(value) ? anyOf(value, test) : test(value)
}

/** True if the test holds of some element of the one and some of the other. */
function eachPair(left: unknown, right: unknown, test: Pair): Truth {
  return eachOf(left, (a) => eachOf(right, (b) => test(a, b)))
}

function ordered(cmp: '<' | '<=' | '>' | '>='): Pair {
  return (a, b) => (isNumber(b) ? comparison(cmp, b)(a) : UNKNOWN)
}

function equal(a: unknown, b: unknown): Truth {
  if (!isKnownScalar(a) || !isKnownScalar(b)) return UNKNOWN
  return isNumber(a) && isNumber(b) ? BigInt(a) === BigInt(b) : a === b
}

function equalWithoutCase(a: unknown, b: unknown): Truth {
  if (typeof a !== 'string' || typeof b !== 'string') return UNKNOWN
  return a === b || a.toLowerCase() === b.toLowerCase()
}
