import type { Scalar } from 'yaml'

const isSpace = (char: string | undefined): boolean => char === ' ' || char === '\n' || char === '\t' || char === '\r'

/**
 * The offset in a YAML source of a line and column (from 1) of a text that stands in it. YAML folds lines, strips indentation and has escapes:
 * but for white space, the characters of the text stand in the source in their order, and so the two are walked side by side.
 */
export function offsetInSource(source: string, { value, type, range }: Scalar<string>, line: number, column: number): number {
  const [start = 0, end = source.length] = range ?? []
  const block = type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED'
  const quoted = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE'
  let at = block ? source.indexOf('\n', start) + 1 : quoted ? start + 1 : start

  const target = Math.min(offsetOf(value, line, column), value.length)
  /** Past a line break that is escaped, which is no part of the text. */
  const skipBreak = () => {
    while (type === 'QUOTE_DOUBLE' && source[at] === '\\' && (source[at + 1] === '\n' || source[at + 1] === '\r')) {
      at += 2
      while (isSpace(source[at])) at++
    }
  }
  const toNext = (char: string | undefined) => {
    skipBreak()
    if (isSpace(char)) return
    while (isSpace(source[at]) && at < end) {
      at++
      skipBreak()
    }
  }
  for (let i = 0; i < target; i++) {
    const char = value[i] as string
    toNext(char)
    if (type === 'QUOTE_DOUBLE' && source[at] === '\\') {
      const length = escapeLength(source[at + 1])
      // One escape may be two characters of the text.
      if (length > 4 && value.codePointAt(i) !== value.charCodeAt(i)) i++
      at += length
    } else if (type === 'QUOTE_SINGLE' && source[at] === "'") at += 2
    else if (!isSpace(char) || isSpace(source[at])) at++
  }
  // The end of a text that a line break ends is where its last character was.
  if (target < value.length) toNext(value[target])
  return Math.min(at, end)
}

function escapeLength(char: string | undefined): number {
  return char === 'x' ? 4 : char === 'u' ? 6 : char === 'U' ? 10 : 2
}

function offsetOf(text: string, line: number, column: number): number {
  let start = 0
  for (let i = 1; i < line; i++) {
    const end = text.indexOf('\n', start)
    if (end < 0) return text.length
    start = end + 1
  }
  return start + column - 1
}
