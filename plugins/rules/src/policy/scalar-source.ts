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
  const escapes = type === 'QUOTE_DOUBLE'
  /** How many characters of white space stand here, 2 for one that is an escape, a line break among them. */
  const space = (): number => (isSpace(source[at]) ? 1 : escapes && source[at] === '\\' && ESCAPED_SPACE.has(source[at + 1]) ? 2 : 0)
  const toWord = () => {
    for (let length = space(); length > 0 && at < end; length = space()) at += length
  }
  for (let i = 0; i < target; i++) {
    const char = value[i] as string
    if (isSpace(char)) {
      at += space()
      continue
    }
    toWord()
    if (escapes && source[at] === '\\') {
      const length = escapeLength(source[at + 1])
      // One escape may be two characters of the text.
      if (length > 4 && (value.codePointAt(i) as number) > 0xffff) i++
      at += length
    } else at += type === 'QUOTE_SINGLE' && char === "'" ? 2 : 1
  }
  // The end of a text that a line break ends is where its last character was.
  if (target < value.length && !isSpace(value[target])) toWord()
  return Math.min(at, end)
}

const ESCAPED_SPACE: ReadonlySet<string | undefined> = new Set(['n', 't', 'r', ' ', '\t', '\n', '\r'])

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
