import type { Refuse } from '../../condition/source.ts'
import { UNKNOWN } from '../../model/unknown.ts'
import type { Value } from '../value.ts'
import type { Expression } from './expression.ts'
import type { Run } from './run.ts'

const MAX_LENGTH = 512
const MAX_DEPTH = 32
const TOKEN = /\s*(?:(\d+(?:\.\d+)?)|(@?(?:[A-Za-z_]\w*|\[[^[\]]*\])(?:\.(?:\w+|\[[^[\]]*\]))*)|(&&|\|\||[<>=!]=|[-+*/%<>()!]))/y

interface Token {
  readonly kind: 'number' | 'name' | 'sign'
  readonly text: string
  readonly at: number
}

type Numbers = (run: Run) => number

/** From what binds loosest to what binds closest. */
const LEVELS: readonly Readonly<Record<string, (left: number, right: number) => number>>[] = [
  { '||': (a, b) => Number(a !== 0 || b !== 0) },
  { '&&': (a, b) => Number(a !== 0 && b !== 0) },
  {
    '==': (a, b) => Number(a === b),
    '!=': (a, b) => Number(a !== b),
    '<': (a, b) => Number(a < b),
    '<=': (a, b) => Number(a <= b),
    '>': (a, b) => Number(a > b),
    '>=': (a, b) => Number(a >= b),
  },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  { '*': (a, b) => a * b, '/': (a, b) => a / b, '%': (a, b) => a % b },
]
const TRUTHS = new Set(['||', '&&', '==', '!=', '<', '<=', '>', '>='])

/**
 * What `eval` works out: numbers, `+ - * / %`, comparisons, `&& || !`, parentheses and names. What is no number makes the whole UNKNOWN.
 * @param nameOf the meaning of a name at an offset of the text
 */
export function parseArithmetic(
  text: string,
  at: number,
  refuse: Refuse,
  nameOf: (name: string, at: number) => Expression,
): (run: Run) => Value {
  if (text.length > MAX_LENGTH) refuse(at, `eval: the expression is longer than ${MAX_LENGTH} characters`)
  const parser = new Parser(tokensOf(text, at, refuse), at + text.length, refuse, nameOf)
  const { value, truth } = parser.whole()
  return (run) => {
    const result = value(run)
    if (!Number.isFinite(result)) return UNKNOWN
    return truth ? result !== 0 : Number(result.toFixed(6))
  }
}

function tokensOf(text: string, at: number, refuse: Refuse): Token[] {
  const tokens: Token[] = []
  for (let i = 0; text.slice(i).trim() !== ''; ) {
    TOKEN.lastIndex = i
    const match = TOKEN.exec(text)
    if (!match)
      return refuse(
        at + i + (text.slice(i).length - text.slice(i).trimStart().length),
        `eval: ${JSON.stringify(text.slice(i).trim()[0])} is not expected here`,
      )
    const [whole, number, name, sign] = match
    const word = (number ?? name ?? sign) as string
    tokens.push({ kind: number ? 'number' : name ? 'name' : 'sign', text: word, at: at + i + whole.length - word.length })
    i += whole.length
  }
  return tokens
}

interface Parsed {
  readonly value: Numbers
  /** It is true or false, and shown so. */
  readonly truth: boolean
}

class Parser {
  readonly #tokens: readonly Token[]
  readonly #end: number
  readonly #refuse: Refuse
  readonly #nameOf: (name: string, at: number) => Expression
  #next = 0
  #depth = 0

  constructor(tokens: readonly Token[], end: number, refuse: Refuse, nameOf: (name: string, at: number) => Expression) {
    this.#tokens = tokens
    this.#end = end
    this.#refuse = refuse
    this.#nameOf = nameOf
  }

  whole(): Parsed {
    const parsed = this.#level(0)
    const token = this.#tokens[this.#next]
    if (token) this.#refuse(token.at, `eval: "${token.text}" is not expected here`)
    return parsed
  }

  #level(level: number): Parsed {
    const operators = LEVELS[level]
    if (!operators) return this.#unary()
    let left = this.#level(level + 1)
    for (;;) {
      const token = this.#tokens[this.#next]
      const operator = token?.kind === 'sign' && Object.hasOwn(operators, token.text) ? operators[token.text] : undefined
      if (!token || !operator) return left
      this.#next++
      left = both(left, this.#level(level + 1), operator, TRUTHS.has(token.text))
    }
  }

  #unary(): Parsed {
    const token = this.#tokens[this.#next++] ?? this.#refuse(this.#end, 'eval: a number, a name or "(" is missing at the end')
    if (++this.#depth > MAX_DEPTH) this.#refuse(token.at, `eval: nested deeper than ${MAX_DEPTH}`)
    const parsed = this.#operand(token)
    this.#depth--
    return parsed
  }

  #operand(token: Token): Parsed {
    if (token.kind === 'number') {
      const number = Number(token.text)
      return { value: () => number, truth: false }
    }
    if (token.kind === 'name') {
      const { read } = this.#nameOf(token.text, token.at)
      return { value: (run) => numberOf(read(run)), truth: false }
    }
    if (token.text === '-' || token.text === '!') {
      const { value } = this.#unary()
      if (token.text === '-') return { value: (run) => -value(run), truth: false }
      return { value: (run) => known(value(run), (number) => Number(number === 0)), truth: true }
    }
    if (token.text !== '(') return this.#refuse(token.at, `eval: a number, a name or "(" was expected, but "${token.text}" came`)
    const inner = this.#level(0)
    const close = this.#tokens[this.#next++]
    if (close?.text !== ')') this.#refuse(close?.at ?? this.#end, 'eval: ")" is missing')
    return inner
  }
}

function both(left: Parsed, right: Parsed, operator: (left: number, right: number) => number, truth: boolean): Parsed {
  const [a, b] = [left.value, right.value]
  return { truth, value: (run) => known(a(run), (x) => known(b(run), (y) => operator(x, y))) }
}

const known = (number: number, then: (number: number) => number): number => (Number.isNaN(number) ? number : then(number))

/** A decimal text is a number too: large integers are told so. */
export function numberOf(value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint' || typeof value === 'boolean') return Number(value)
  return typeof value === 'string' && /^-?\d{1,30}(?:\.\d{1,30})?$/.test(value) ? Number(value) : Number.NaN
}
