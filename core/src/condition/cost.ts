import type { Condition, Matcher } from './ir.ts'

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
    case 'match': {
      const exact = condition.any.some((matcher) => matcher.kind === 'exact') ? 1 : 0
      const others = condition.any.reduce((sum, { kind }) => sum + (kind === 'exact' ? 0 : MATCHER_COST[kind]), 0)
      return readingCost(condition.field) * (1 + exact + others)
    }
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

function readingCost(field: string): number {
  if (field.includes('.ancestors.')) return 8
  if (/\.(args|argv|envs|envp)$/.test(field)) return 6
  return field.endsWith('.hashes') ? 100 : 1
}
