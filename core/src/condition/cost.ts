import { readBy } from './analyse.ts'
import type { Condition, Matcher, Value } from './ir.ts'

const MATCHER_COST = { exact: 1, pattern: 6, glob: 4, regex: 20 } as const satisfies Record<Matcher['kind'], number>

/** What an evaluation costs, roughly, in the price of one number compared. Arrays of ancestors and texts of arguments are dear to read. */
export function costOf(condition: Condition): number {
  switch (condition.op) {
    case 'always':
      return 0
    case 'and':
    case 'or':
      return condition.of.reduce((sum, part) => sum + costOf(part), 0)
    case 'not':
      return costOf(condition.of)
    case 'match':
      return readingCost(condition.field) * (1 + matchingCost(condition.any))
    case 'matches':
      return valueCost(condition.value) * (1 + matchingCost(condition.any))
    case 'is':
      return valueCost(condition.value)
    case 'relate':
      return valueCost(condition.left) + valueCost(condition.right)
    case 'network':
      return 10 + valueCost(condition.left) + valueCost(condition.right)
    case 'some':
      return SOME_ELEMENTS * costOf(condition.of)
    case 'same':
      return readingCost(condition.field) + readingCost(condition.other)
    case 'test':
    case 'oneof':
    case 'compare':
    case 'bits':
    case 'age':
      return readingCost(condition.field)
  }
}

/** Ancestors that a process has, roughly. */
const SOME_ELEMENTS = 10
const VALUE_COST = 4

function matchingCost(any: readonly Matcher[]): number {
  const exact = any.some((matcher) => matcher.kind === 'exact') ? 1 : 0
  return any.reduce((sum, { kind }) => sum + (kind === 'exact' ? 0 : MATCHER_COST[kind]), exact)
}

function valueCost(value: Value): number {
  if (value.value === 'truth') return costOf(value.of)
  return [...readBy(value)].reduce((sum, name) => sum + readingCost(name), VALUE_COST)
}

function readingCost(field: string): number {
  if (field.includes('.ancestors.')) return 8
  if (/\.(args|argv|envs|envp)$/.test(field)) return 6
  return field.endsWith('.hashes') ? 100 : 1
}
