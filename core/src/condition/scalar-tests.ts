import { type Truth, UNKNOWN } from '../model/unknown.ts'
import type { Comparison, Literal } from './ir.ts'

export function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

export function oneOf(any: readonly Literal[]): (value: unknown) => Truth {
  // A value may come as number or as bigint, whichever its source makes: both are looked up.
  const wanted = new Set<unknown>()
  for (const literal of any) {
    wanted.add(literal)
    if (typeof literal === 'bigint') wanted.add(Number(literal))
    else if (typeof literal === 'number') wanted.add(BigInt(literal))
  }
  const [first] = any
  if (any.length === 1 && typeof first === 'number') {
    // A set hashes a bigint anew each time.
    const wide = BigInt(first)
    return (value) => (isNumber(value) ? value === first || value === wide : UNKNOWN)
  }
  return (value) => (isKnownScalar(value) ? wanted.has(value) : UNKNOWN)
}

export function isKnownScalar(value: unknown): boolean {
  return isNumber(value) || typeof value === 'string' || typeof value === 'boolean'
}

export function comparison(cmp: Comparison, wanted: number | bigint): (value: unknown) => Truth {
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
