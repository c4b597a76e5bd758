import type { Checking } from './checking.ts'
import { matcherFor, matchOf, relateTexts } from './compare-texts.ts'
import type { Condition, Literal, Matcher } from './ir.ts'
import { numberFor } from './literal.ts'
import { compileMatchers } from './matchers.ts'
import { ALWAYS, described, isFixed, kindOf, literalIn, membersOf, NEVER, type Operand, plainField } from './operand.ts'
import type { Membership } from './syntax.ts'
import { onceFor } from './text-list.ts'

/** `left in right`, and `allin`, which differs for addresses only. The negation is the caller's. */
export function membership(op: Membership, left: Operand, right: Operand, checking: Checking): Condition {
  const { refuse, warn } = checking
  const every = op === 'allin' && left.kind === 'ip' && isListOfAddresses(left, right)
  if (op === 'allin' && !every)
    warn('allin-as-in', right.at, '"allin" means "all" for arrays of addresses in a list of networks only: here it is the same as "in"')
  if (!right.array && right.kind !== 'ip') return refuse(right.at, `a list or an array was expected, but this is ${described(right)}`)
  if (left.kind !== right.kind)
    return refuse(
      right.shared ? right.at : (right.members?.[0]?.at ?? right.at),
      `${kindOf({ kind: left.kind, array: true })} was expected, but this is ${described(right)}`,
    )
  switch (left.kind) {
    case 'bool':
      return amongBools(left, right, checking)
    case 'string':
      return amongTexts(left, right, checking)
    case 'int':
      return amongNumbers(left, right, checking)
    case 'ip':
      if (left.array && right.array && !isFixed(left) && !isFixed(right))
        return refuse(right.at, `a list of networks was expected, but this is ${described(right)}`)
      return { ...meets(left, right), ...(every ? { every: true } : {}) }
  }
}

/** A network is a list of one; constants stand on the right. */
function meets(left: Operand, right: Operand): Condition & { op: 'network' } {
  const [one, other] = isFixed(left) ? [right, left] : [left, right]
  const literal = literalIn(other)
  return { op: 'network', left: one.value, right: literal === undefined ? other.value : { value: 'list', of: [literal] } }
}

/** An array of addresses on one side, constants on the other; one network counts as a list of one. */
function isListOfAddresses(left: Operand, right: Operand): boolean {
  return (left.array && !isFixed(left) && isFixed(right)) || (isFixed(left) && right.array && !isFixed(right))
}

function amongBools(left: Operand, right: Operand, { refuse }: Checking): Condition {
  if (left.array) return refuse(left.at, `true or false was expected, but this is ${described(left)}`)
  return amongLiterals(left, right) ?? related(left, right)
}

function amongTexts(left: Operand, right: Operand, checking: Checking): Condition {
  if (isFixed(left) && isFixed(right)) return amongConstantTexts(left, right, checking)
  if (isFixed(right)) return matchOf(left, matchersFor(left, right, checking))
  if (isFixed(left)) return matchOf(right, matchersFor(right, left, checking))
  return relateTexts('in', left, right)
}

function matchersFor(of: Operand, texts: Operand, checking: Checking): readonly Matcher[] {
  const { members, shared, at } = texts
  if (!shared || !members) return membersOf(texts).map((member) => matcherFor(of, member, false, checking))
  const here: Checking = { ...checking, refuse: (_, message, word, candidates) => checking.refuse(at, message, word, candidates) }
  const make = () => members.map((member) => matcherFor(of, member, false, here))
  return of.field ? onceFor(members, of.field, make) : make()
}

function amongConstantTexts(left: Operand, right: Operand, checking: Checking): Condition {
  if (left.array) return checking.refuse(left.at, `a text or a field was expected, but this is ${described(left)}`)
  const matches = compileMatchers(matchersFor(left, right, checking))
  return matches(literalIn(left) as string) ? ALWAYS : NEVER
}

function amongNumbers(left: Operand, right: Operand, { refuse }: Checking): Condition {
  const numbers = (of: Operand, list: Operand): Condition | undefined => {
    const field = plainField(of)
    if (field === undefined || !of.field || !isFixed(list)) return undefined
    const { field: declared } = of.field
    const any = membersOf(list).map((member) =>
      numberFor(field, declared, BigInt(literalIn(member) as number), (message) => refuse(member.at, message)),
    )
    return { op: 'oneof', field, any }
  }
  return numbers(left, right) ?? numbers(right, left) ?? amongLiterals(left, right) ?? related(left, right)
}

/** Constants stand on the right; one of them alone is compared. */
function related(left: Operand, right: Operand): Condition {
  const [one, other] = isFixed(left) ? [right, left] : [left, right]
  return { op: 'relate', cmp: other.value.value === 'literal' ? '==' : 'in', left: one.value, right: other.value }
}

/** Constants among constants, and a bool field among constants. */
function amongLiterals(left: Operand, right: Operand): Condition | undefined {
  if (!isFixed(right)) return undefined
  const any = membersOf(right).map(literalIn) as Literal[]
  if (isFixed(left)) return membersOf(left).some((member) => any.some((one) => one === literalIn(member))) ? ALWAYS : NEVER
  const field = plainField(left)
  return field !== undefined && left.kind === 'bool' ? { op: 'oneof', field, any } : undefined
}
