import type { Checking } from './checking.ts'
import type { Condition, Matcher } from './ir.ts'
import { regexMatcher, textMatcher } from './literal.ts'
import { ALWAYS, described, isFixed, literalIn, NEVER, negated, type Operand, plainField } from './operand.ts'
import type { Operator } from './syntax.ts'

export function compareTexts(op: Operator, left: Operand, right: Operand, at: number, checking: Checking): Condition {
  const { refuse, warn } = checking
  if (op !== '==' && op !== '!=' && op !== '=~' && op !== '!~') return refuse(at, `texts have no order: "${op}"`)
  if (right.array) return refuse(right.at, `a text was expected, but this is ${described(right)}: use "in", or write it on the left`)
  const matching = op === '=~' || op === '!~'
  if (matching && !isFixed(right))
    return refuse(
      right.at,
      `"${op}" matches with a text that is always the same, but this is ${isText(right) ? 'put together for each event' : described(right)}`,
    )
  const either = (condition: Condition): Condition => (op === '==' || op === '=~' ? condition : negated(condition))
  if (left.field && isFixed(right)) return either(matchOf(left, [matcherFor(left, right, matching, checking)]))
  if (right.field && isFixed(left) && !left.array) return either(matchOf(right, [matcherFor(right, left, false, checking)]))
  if (matching || left.matching || right.matching)
    warn(
      'pattern-as-text',
      right.matching || matching ? right.at : left.at,
      'neither side is a field: this is compared as plain text, not as a pattern; "in [~…]" matches',
    )
  return either(equalTexts(left, right))
}

function equalTexts(left: Operand, right: Operand): Condition {
  const [a, b] = [literalIn(left), literalIn(right)]
  if (a !== undefined && b !== undefined) return a === b ? ALWAYS : NEVER
  const [field, other] = [plainField(left), plainField(right)]
  if (field !== undefined && other !== undefined && !foldsCase(left, right)) return { op: 'same', field, other }
  return isFixed(left) ? relateTexts('==', right, left) : relateTexts('==', left, right)
}

/** Equality of texts, and of elements where there are arrays. */
export function relateTexts(cmp: '==' | 'in', left: Operand, right: Operand): Condition {
  return { op: 'relate', cmp, left: left.value, right: right.value, ...(foldsCase(left, right) ? { fold: true } : {}) }
}

function foldsCase(...operands: readonly Operand[]): boolean {
  return operands.some(({ field }) => field?.field.caseless)
}

/** A text, or some element of an array, that one of some matchers matches. */
export function matchOf(of: Operand, any: readonly Matcher[]): Condition {
  const field = plainField(of)
  const fold = foldsCase(of)
  if (field !== undefined && !fold) return { op: 'match', field, any }
  return { op: 'matches', value: of.value, any, ...(fold ? { fold: true } : {}) }
}

/** What a constant text means where it is compared with `of`: on a path, a pattern is a glob. `wild`: stars are wildcards. */
export function matcherFor(of: Operand, text: Operand, wild: boolean, { refuse }: Checking): Matcher {
  const fail = (message: string): never => refuse(text.at, message)
  const wanted = literalIn(text) as string
  const { name, field } = of.field ?? { name: described(of), field: { field: 'string', array: of.array, doc: '' } as const }
  if (text.matching === 'regex') {
    if (field.field === 'path') fail(`regular expressions are not for paths: use a glob for ${name}`)
    return regexMatcher(name, wanted, fail)
  }
  const isPattern = wild || text.matching === 'pattern'
  if (isPattern && field.field === 'path' && wanted.split('/').filter((segment) => segment === '**').length > 1)
    fail('`**` is allowed once in a glob')
  return textMatcher(name, field, wanted, isPattern, fail)
}

function isText({ value }: Operand): boolean {
  return value.value === 'text'
}
