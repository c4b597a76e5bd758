import type { Arithmetic } from './ir.ts'
import type { FailAt, Token } from './lexer.ts'

export type Operator = '==' | '!=' | '=~' | '!~' | '<' | '<=' | '>' | '>='
export type Membership = 'in' | 'not in' | 'allin'

/** The expression as it is written. `at` and `end` are offsets into the text, from the first token to the last. `sign`: where the operator stands. */
export type Node = { readonly at: number; readonly end: number } & (
  | { readonly kind: 'name' | 'variable' | 'reference'; readonly name: string }
  | { readonly kind: 'int' | 'duration'; readonly value: bigint }
  | { readonly kind: 'string' | 'pattern' | 'regex' | 'ip' | 'network'; readonly text: string }
  | { readonly kind: 'unary'; readonly op: '!' | '-' | '^'; readonly of: Node }
  | { readonly kind: 'arithmetic'; readonly op: Arithmetic; readonly sign: number; readonly left: Node; readonly right: Node }
  | { readonly kind: 'compare'; readonly op: Operator; readonly sign: number; readonly left: Node; readonly right: Node }
  | { readonly kind: 'in'; readonly op: Membership; readonly left: Node; readonly right: Node }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'logic'; readonly op: 'and' | 'or'; readonly of: readonly Node[] }
)

/** The nodes right below one. Texts of a list are left out: they stand for themselves, whatever references they seem to hold. */
export function partsOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'unary':
      return [node.of]
    case 'arithmetic':
    case 'compare':
    case 'in':
      return [node.left, node.right]
    case 'logic':
      return node.of
    case 'list':
      return node.items.filter((item) => item.kind !== 'string')
    default:
      return []
  }
}

interface LogicOperator {
  readonly op: 'and' | 'or'
  readonly at: number
}

const MAX_DEPTH = 200
const OPERATORS: readonly Operator[] = ['>=', '>', '<=', '<', '!=', '==', '=~', '!~']
const FAMILY: Readonly<Record<string, string>> = {
  string: 'text',
  pattern: 'text',
  regex: 'text',
  int: 'number',
  word: 'constant',
  ip: 'network',
  network: 'network',
}

/**
 * Parses tokens by SECL's grammar. Two things differ from C: `&&` and `||` are one level and group to the right (`a && b || c` is
 * `a && (b || c)`), and bits bind tighter than sums and comparisons. Mixing `&&` with `||` is reported to `mixed`. A `macro` may be a list too.
 */
export function parseTokens(tokens: readonly Token[], fail: FailAt, mixed: (at: number) => void, what: 'rule' | 'macro' = 'rule'): Node {
  let index = 0
  let depth = 0

  const peek = (ahead = 0): Token => tokens[Math.min(index + ahead, tokens.length - 1)] as Token
  const isPunct = (text: string, ahead = 0): boolean => {
    for (let i = 0; i < text.length; i++) {
      const token = peek(ahead + i)
      if (token.kind !== 'punct' || token.text !== text[i]) return false
    }
    return true
  }
  const isWord = (text: string, ahead = 0): boolean => peek(ahead).kind === 'word' && peek(ahead).text === text
  const deeper = <T>(parse: () => T): T => {
    if (++depth > MAX_DEPTH) fail(peek().at, `conditions nest deeper than ${MAX_DEPTH}`)
    const result = parse()
    depth--
    return result
  }
  const unexpected = (expected: string): never => {
    const token = peek()
    if (token.kind === 'end') return fail(token.at, `the condition ends where ${expected} was expected`)
    const hint = token.kind === 'word' && /[[\]]/.test(token.text) ? '; put a space before brackets after names' : ''
    return fail(token.at, `unexpected ${JSON.stringify(token.text.slice(0, 40))} where ${expected} was expected${hint}`)
  }
  const takePunct = (text: string): void => {
    if (!isPunct(text)) unexpected(`"${text}"`)
    index += text.length
  }

  function logicOperator(): LogicOperator | undefined {
    const { at } = peek()
    const op = isPunct('&&') || isWord('and') ? 'and' : isPunct('||') || isWord('or') ? 'or' : undefined
    if (!op) return undefined
    index += peek().kind === 'punct' ? 2 : 1
    return { op, at }
  }

  const endOfLast = (): number => (tokens[index - 1] as Token).end

  function expression(): Node {
    const operands = [comparison()]
    const operators: LogicOperator[] = []
    for (let op = logicOperator(); op; op = logicOperator()) {
      operators.push(op)
      operands.push(comparison())
    }
    return foldRight(operands, operators, endOfLast())
  }

  /** `a && b && c || d` becomes `and(a, b, or(c, d))`. */
  function foldRight(operands: readonly Node[], operators: readonly LogicOperator[], last: number): Node {
    let result = operands[operands.length - 1] as Node
    let end = operators.length
    for (let groups = 0; end > 0; groups++) {
      const { op, at } = operators[end - 1] as LogicOperator
      let start = end - 1
      while (start > 0 && operators[start - 1]?.op === op) start--
      if (groups > 0) mixed(at)
      const first = operands[start] as Node
      if (depth + groups > MAX_DEPTH) fail(first.at, `conditions nest deeper than ${MAX_DEPTH}`)
      result = { kind: 'logic', op, of: [...operands.slice(start, end), result], at: first.at, end: last }
      end = start
    }
    return result
  }

  function comparison(): Node {
    const { at } = peek()
    const left = sum()
    const op = membership()
    if (op) return { kind: 'in', op, left, right: array(), at, end: endOfLast() }
    const sign = OPERATORS.find((candidate) => isPunct(candidate))
    if (!sign) {
      if (isPunct('=') && peek(1).kind === 'pattern') fail(peek().at, 'put a space after the operator: =~ "…" or ==~"…"')
      if (isPunct('!') && peek(1).kind === 'pattern') fail(peek().at, 'put a space after the operator: !~ "…" or !=~"…"')
      return left
    }
    const { at: place } = peek()
    index += sign.length
    return { kind: 'compare', op: sign, sign: place, left, right: deeper(comparison), at, end: endOfLast() }
  }

  function membership(): Membership | undefined {
    const op = isWord('in') ? 'in' : isWord('allin') ? 'allin' : isWord('not') && isWord('in', 1) ? 'not in' : undefined
    if (op) index += op === 'not in' ? 2 : 1
    return op
  }

  function sum(): Node {
    const { at } = peek()
    let left = bits()
    for (let terms = 1; isPunct('+') || isPunct('-'); terms++) {
      if (depth + terms > MAX_DEPTH) fail(peek().at, `more than ${MAX_DEPTH} terms`)
      const { text, at: sign } = peek()
      index++
      left = { kind: 'arithmetic', op: text as Arithmetic, sign, left, right: bits(), at, end: endOfLast() }
    }
    return left
  }

  function bits(): Node {
    const { at } = peek()
    const left = unary()
    const { text, at: sign } = peek()
    const single = (isPunct('&') && !isPunct('&&')) || (isPunct('|') && !isPunct('||')) || isPunct('^')
    if (!single) return left
    index++
    return { kind: 'arithmetic', op: text as Arithmetic, sign, left, right: deeper(bits), at, end: endOfLast() }
  }

  function unary(): Node {
    const { at } = peek()
    const op = isPunct('!') || isWord('not') ? '!' : isPunct('-') ? '-' : isPunct('^') ? '^' : undefined
    if (!op) return primary()
    index++
    return { kind: 'unary', op, of: deeper(unary), at, end: endOfLast() }
  }

  function primary(): Node {
    if (isPunct('(')) {
      index++
      const inner = deeper(expression)
      takePunct(')')
      return inner
    }
    return operand() ?? unexpected('a field or a value')
  }

  function operand(): Node | undefined {
    const token = peek()
    if (token.kind === 'punct' || token.kind === 'end') return undefined
    index++
    const { at, end } = token
    switch (token.kind) {
      case 'word':
        return { kind: 'name', name: token.text, at, end }
      case 'variable':
      case 'reference':
        return { kind: token.kind, name: token.text, at, end }
      case 'int':
      case 'duration':
        return { kind: token.kind, value: token.value, at, end }
      default:
        return { kind: token.kind, text: token.text, at, end }
    }
  }

  function array(): Node {
    const { at, kind } = peek()
    if (kind === 'word' || kind === 'variable' || kind === 'reference' || kind === 'network') return operand() as Node
    if (!isPunct('[')) unexpected('a list')
    return list(at)
  }

  function list(at: number): Node {
    takePunct('[')
    const items: Node[] = []
    const family = FAMILY[peek().kind]
    do {
      if (items.length) index++
      const token = peek()
      if (FAMILY[token.kind] === undefined) unexpected('a value of the list')
      if (token.kind === 'word' && /[[\]]/.test(token.text))
        fail(token.at, `a bracket is part of the word before it: put a space before it, [ A, B ]`)
      if (FAMILY[token.kind] !== family)
        fail(token.at, `a list holds texts, numbers, networks or constants, not a ${family} and a ${FAMILY[token.kind]}`)
      items.push(operand() as Node)
    } while (isPunct(','))
    takePunct(']')
    return { kind: 'list', items, at, end: endOfLast() }
  }

  const node = what === 'macro' && isPunct('[') ? list(peek().at) : expression()
  if (peek().kind !== 'end') unexpected('the end')
  return node
}
