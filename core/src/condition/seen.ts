import { type Truth, UNKNOWN } from '../model/unknown.ts'
import type { Explanation } from './evaluate.ts'
import { overlap, parseNetwork } from './network.ts'
import type { Operand } from './operand.ts'
import { regexOf } from './regex.ts'
import type { Operator } from './syntax.ts'
import { globMatches, wildcardMatches } from './wildcards.ts'

/** A part with what decides how it is compared. Numbers are bigints, arrays are flat. */
export interface Seen {
  readonly kind: Operand['kind']
  readonly value: unknown
  readonly explanation: Explanation
  readonly field?: Operand['field']
  readonly matching?: 'pattern' | 'regex'
  readonly duration?: true
  readonly computed?: true
  /** Members of a constant list. */
  readonly members?: readonly Seen[]
  readonly fixed?: true
}

/** Numbers as bigints, lists of lists as one list; what is no value is UNKNOWN. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.flat().map(plain)
  if (typeof value === 'number') return BigInt(value)
  return typeof value === 'bigint' || typeof value === 'string' || typeof value === 'boolean' ? value : UNKNOWN
}

export const isTrue = (value: unknown): Truth => value === true

export function not(truth: Truth): Truth {
  return truth === UNKNOWN ? UNKNOWN : !truth
}

export function or(truths: readonly Truth[]): Truth {
  return truths.includes(true) ? true : truths.includes(UNKNOWN) ? UNKNOWN : false
}

/** Of a value, or of some element of an array. What nobody knows is UNKNOWN. */
export function some(value: unknown, test: (one: unknown) => Truth): Truth {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return or(values.map((one) => (one === UNKNOWN ? UNKNOWN : test(one))))
}

export function somePair(left: unknown, right: unknown, test: (a: unknown, b: unknown) => Truth): Truth {
  const truths = pairs(left, right, test)
  return Array.isArray(truths) ? or(truths) : (truths as Truth)
}

/** An array if one of the two is one. */
export function pairs(left: unknown, right: unknown, combine: (a: unknown, b: unknown) => unknown): unknown {
  const together = (a: unknown, b: unknown) => (a === UNKNOWN || b === UNKNOWN ? UNKNOWN : combine(a, b))
  if (!Array.isArray(left) && !Array.isArray(right)) return together(left, right)
  return [left].flat().flatMap((a) => [right].flat().map((b) => together(a, b)))
}

export function each(value: unknown, map: (one: unknown) => unknown): unknown {
  return pairs(value, true, map)
}

export function sum(op: string, a: unknown, b: unknown): bigint {
  const [x, y] = [a as bigint, b as bigint]
  const value = op === '+' ? x + y : op === '-' ? x - y : op === '&' ? x & y : op === '|' ? x | y : x ^ y
  return BigInt.asIntN(64, value)
}

export function ordered(op: Operator, a: bigint, b: bigint): boolean {
  if (op === '<') return a < b
  if (op === '<=') return a <= b
  if (op === '>') return a > b
  if (op === '>=') return a >= b
  return a === b
}

export function meet(a: unknown, b: unknown): Truth {
  // The zero value of an address is nobody's.
  if (a === '' || b === '') return false
  const [one, other] = [parseNetwork(a as string), parseNetwork(b as string)]
  return one && other ? overlap(one, other) : UNKNOWN
}

export function equalTexts(a: unknown, b: unknown, sides: readonly Seen[]): boolean {
  const isFolded = sides.some(({ field }) => field?.field.caseless)
  return isFolded ? (a as string).toLowerCase() === (b as string).toLowerCase() : a === b
}

export function membersOf(seen: Seen): readonly Seen[] {
  return seen.members ?? [seen]
}

/** Whether a text, of a field or not, is what a constant text stands for. `wild`: its stars are wildcards. */
export function matches(field: Operand['field'], value: unknown, { value: wanted, matching }: Seen, wild: boolean): boolean {
  let [text, pattern] = [value as string, wanted as string]
  if (matching === 'regex') return regexOf(pattern).test(text)
  if (field?.name.endsWith('.file.extension') && pattern !== '' && !pattern.startsWith('.')) pattern = `.${pattern}`
  if (field?.field.caseless) {
    text = text.toLowerCase()
    pattern = pattern.toLowerCase()
  }
  if (matching !== 'pattern' && !wild) return text === pattern
  return field?.field.field === 'path' ? globMatches(pattern, text) : wildcardMatches(pattern, text)
}
