import type { FailAt, Token } from './lexer.ts'

export type Operator = '==' | '!=' | '=~' | '!~' | '<' | '<=' | '>' | '>='
export type Arithmetic = '+' | '-' | '&' | '|' | '^'

/** The expression as it is written. `at` is an offset into the text. */
export type Node = { readonly at: number } & (
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'int' | 'duration'; readonly value: bigint }
  | { readonly kind: 'string' | 'pattern' | 'regex'; readonly text: string }
  | { readonly kind: 'unary'; readonly op: '!' | '-' | '^'; readonly of: Node }
  | { readonly kind: 'arithmetic'; readonly op: Arithmetic; readonly left: Node; readonly right: Node }
  | { readonly kind: 'compare'; readonly op: Operator; readonly left: Node; readonly right: Node }
  | { readonly kind: 'in'; readonly negated: boolean; readonly left: Node; readonly right: Node }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'logic'; readonly op: 'and' | 'or'; readonly of: readonly Node[] }
)

interface LogicOperator {
  readonly op: 'and' | 'or'
  readonly at: number
}

const MAX_DEPTH = 200
const OPERATORS: readonly Operator[] = ['>=', '>', '<=', '<', '!=', '==', '=~', '!~']
const FAMILY: Readonly<Record<string, string>> = { string: 'text', pattern: 'text', regex: 'text', int: 'number', word: 'constant' }

/**
 * Parses tokens by SECL's grammar. Two things differ from C: `&&` and `||` are one level and group to the right (`a && b || c` is
 * `a && (b || c)`), and bits bind tighter than sums and comparisons. Mixing `&&` with `||` is reported to `warn`.
 */
export function parseTokens(tokens: readonly Token[], fail: FailAt, warn: (at: number, message: string) => void): Node {
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

  function expression(): Node {
    const operands = [comparison()]
    const operators: LogicOperator[] = []
    for (let op = logicOperator(); op; op = logicOperator()) {
      operators.push(op)
      operands.push(comparison())
    }
    return foldRight(operands, operators)
  }

  /** `a && b && c || d` becomes `and(a, b, or(c, d))`. */
  function foldRight(operands: readonly Node[], operators: readonly LogicOperator[]): Node {
    let result = operands[operands.length - 1] as Node
    let end = operators.length
    for (let groups = 0; end > 0; groups++) {
      const { op, at } = operators[end - 1] as LogicOperator
      let start = end - 1
      while (start > 0 && operators[start - 1]?.op === op) start--
      if (groups > 0) warn(at, '"&&" and "||" group to the right when they are mixed: add parentheses')
      if (depth + groups > MAX_DEPTH) fail((operands[start] as Node).at, `conditions nest deeper than ${MAX_DEPTH}`)
      const first = operands[start] as Node
      result = { kind: 'logic', op, of: [...operands.slice(start, end), result], at: first.at }
      end = start
    }
    return result
  }

  function comparison(): Node {
    const left = sum()
    const negated = isWord('not') && isWord('in', 1)
    if (negated || isWord('in') || isWord('allin')) {
      const at = peek().at
      index += negated ? 2 : 1
      return { kind: 'in', negated, left, right: array(), at }
    }
    const op = OPERATORS.find((candidate) => isPunct(candidate))
    if (!op) {
      if (isPunct('=') && peek(1).kind === 'pattern') fail(peek().at, 'put a space after the operator: =~ "…" or == ~"…"')
      if (isPunct('!') && peek(1).kind === 'pattern') fail(peek().at, 'put a space after the operator: !~ "…" or != ~"…"')
      return left
    }
    const at = peek().at
    index += op.length
    return { kind: 'compare', op, left, right: deeper(comparison), at }
  }

  function sum(): Node {
    let left = bits()
    for (let terms = 1; isPunct('+') || isPunct('-'); terms++) {
      if (depth + terms > MAX_DEPTH) fail(peek().at, `more than ${MAX_DEPTH} terms`)
      const { text, at } = peek()
      index++
      left = { kind: 'arithmetic', op: text as Arithmetic, left, right: bits(), at }
    }
    return left
  }

  function bits(): Node {
    const left = unary()
    const { text, at } = peek()
    const single = (isPunct('&') && !isPunct('&&')) || (isPunct('|') && !isPunct('||')) || isPunct('^')
    if (!single) return left
    index++
    return { kind: 'arithmetic', op: text as Arithmetic, left, right: deeper(bits), at }
  }

  function unary(): Node {
    const { at } = peek()
    const op = isPunct('!') || isWord('not') ? '!' : isPunct('-') ? '-' : isPunct('^') ? '^' : undefined
    if (!op) return primary()
    index++
    return { kind: 'unary', op, of: deeper(unary), at }
  }

  function primary(): Node {
    const token = peek()
    if (isPunct('(')) {
      index++
      const inner = deeper(expression)
      takePunct(')')
      return inner
    }
    const node = operand(token)
    return node ?? unexpected('a field or a value')
  }

  function operand(token: Token): Node | undefined {
    switch (token.kind) {
      case 'word':
        index++
        return { kind: 'name', name: token.text, at: token.at }
      case 'int':
      case 'duration':
        index++
        return { kind: token.kind, value: token.value, at: token.at }
      case 'string':
      case 'pattern':
      case 'regex':
        index++
        return { kind: token.kind, text: token.text, at: token.at }
      case 'punct':
      case 'end':
        return undefined
    }
  }

  function array(): Node {
    const { at, kind, text } = peek()
    if (kind === 'word') {
      index++
      return { kind: 'name', name: text, at }
    }
    takePunct('[')
    const items: Node[] = []
    const family = FAMILY[peek().kind]
    do {
      if (items.length) index++
      const token = peek()
      if (FAMILY[token.kind] === undefined) unexpected('a value of the list')
      if (FAMILY[token.kind] !== family)
        fail(token.at, `a list holds texts, numbers or constants, not a ${family} and a ${FAMILY[token.kind]}`)
      items.push(operand(token) as Node)
    } while (isPunct(','))
    takePunct(']')
    return { kind: 'list', items, at }
  }

  const node = expression()
  if (peek().kind !== 'end') unexpected('the end')
  return node
}
