/**
 * Where a token begins and ends: offsets into the text. Lines and columns are computed when an error needs them. The text of a `variable` or
 * `reference` is the name between its braces, that of quoted tokens what is between the quotes.
 */
export type Token = { readonly at: number; readonly end: number } & (
  | { readonly kind: (typeof TEXTS)[number]; readonly text: string }
  | { readonly kind: 'int' | 'duration'; readonly value: bigint; readonly text: string }
  | { readonly kind: 'end'; readonly text: '' }
)

const TEXTS = ['word', 'string', 'pattern', 'regex', 'punct', 'ip', 'network', 'variable', 'reference'] as const

export type FailAt = (at: number, message: string) => never

const SPACE = /(?:[ \t\n]+|#[^\n]*|\/\/[^\n]*)+/y
// Loose, as in SECL: whether it is an address is checked later.
const IP = /\d+\.\d+\.\d+\.\d+|(?:[0-9A-Fa-f]{0,4}:){2,8}[0-9A-Fa-f.]*/y
const FIRST_OF_IP = '0123456789abcdefABCDEF:'
const PREFIX = /\/\d+/y
const VARIABLE = /\$\{[A-Za-z_][\w.]*\}/y
const REFERENCE = /%\{[A-Za-z_][\w.[\]]*\}/y
const DURATION = /\d+[msh]s*/y
const WORD = /[A-Za-z_][\w.[\]]*/y
const INT = /[-+]?\d+/y
const PUNCT = /[!=<>+\-[\](),&|~^%]/y
const QUOTES = [
  ['regex', 'r"'],
  ['string', '"'],
  ['pattern', '~"'],
] as const
const UNIT_NS: Readonly<Record<string, bigint>> = { ms: 1_000_000n, s: 1_000_000_000n, m: 60_000_000_000n, h: 3_600_000_000_000n }

/**
 * Splits an expression into tokens, in SECL's order of token kinds. As there, no escape in a quoted text is interpreted: a backslash only
 * keeps the quote after it from ending the text. Linear in the text.
 */
export function tokenize(text: string, fail: FailAt): Token[] {
  const tokens: Token[] = []
  let at = 0
  const take = (pattern: RegExp, from = at): string | undefined => {
    pattern.lastIndex = from
    return pattern.exec(text)?.[0]
  }
  for (;;) {
    at += take(SPACE)?.length ?? 0
    if (at >= text.length) {
      tokens.push({ kind: 'end', text: '', at: text.length, end: text.length })
      return tokens
    }
    const token = next(text, at, take, fail)
    tokens.push(token)
    at = token.end
  }
}

function next(text: string, at: number, take: (pattern: RegExp, from?: number) => string | undefined, fail: FailAt): Token {
  const plain = (kind: (typeof TEXTS)[number], whole: string, inner = whole): Token => ({ kind, text: inner, at, end: at + whole.length })
  // Most tokens are told apart by their first character; expressions are tried only where they may match.
  const first = text[at] as string
  const ip = FIRST_OF_IP.includes(first) ? take(IP) : undefined
  if (ip) {
    const prefix = take(PREFIX, at + ip.length)
    return prefix ? plain('network', ip + prefix) : plain('ip', ip)
  }
  const reference = first === '$' ? take(VARIABLE) : first === '%' ? take(REFERENCE) : undefined
  if (reference) return plain(first === '$' ? 'variable' : 'reference', reference, reference.slice(2, -1))
  const duration = first >= '0' && first <= '9' ? take(DURATION) : undefined
  if (duration) return { kind: 'duration', value: durationOf(duration, at, fail), text: duration, at, end: at + duration.length }
  for (const [kind, opening] of QUOTES) {
    if (!text.startsWith(opening, at)) continue
    const end = endOfQuoted(text, at + opening.length)
    if (end < 0) fail(at, 'this text has no closing quote')
    return { kind, text: text.slice(at + opening.length, end), at, end: end + 1 }
  }
  const word = take(WORD)
  if (word) return plain('word', word)
  const int = take(INT)
  if (int) return { kind: 'int', value: intOf(int, at, fail), text: int, at, end: at + int.length }
  const punct = take(PUNCT)
  if (punct) return plain('punct', punct)
  const character = String.fromCodePoint(text.codePointAt(at) as number)
  if (character === '$') fail(at, 'a variable is written ${name}, with letters, digits, "_" and "." in its name')
  return fail(
    at,
    character === '\r' ? 'carriage returns are not allowed: use line feeds' : `unexpected character ${JSON.stringify(character)}`,
  )
}

function endOfQuoted(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x22) return i
    if (code === 0x5c) i++
  }
  return -1
}

function durationOf(text: string, at: number, fail: FailAt): bigint {
  const [, digits, unit] = /^(\d+)([a-z]+)$/.exec(text) as unknown as [string, string, string]
  const factor = UNIT_NS[unit]
  if (factor === undefined) fail(at, `invalid duration ${text}: units are ms, s, m and h`)
  return inRange(BigInt(digits) * factor, text, at, fail)
}

/** As Go reads numbers: a leading 0 is octal. */
function intOf(text: string, at: number, fail: FailAt): bigint {
  const negative = text.startsWith('-')
  const digits = text.replace(/^[-+]/, '')
  const octal = digits.length > 1 && digits.startsWith('0')
  if (octal && /[89]/.test(digits)) fail(at, `${text} is not a number: a leading 0 makes it octal`)
  if (digits.length > 25) fail(at, 'this number does not fit 64 bits')
  const value = octal ? BigInt(`0o${digits}`) : BigInt(digits)
  return inRange(negative ? -value : value, text, at, fail)
}

function inRange(value: bigint, text: string, at: number, fail: FailAt): bigint {
  return BigInt.asIntN(64, value) === value ? value : fail(at, `${text.slice(0, 40)} does not fit 64 bits`)
}
